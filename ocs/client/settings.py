"""Where a client's realm is: from arguments, the environment and the site file, strong to weak."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ocs.client.histories import ARCHIVER
from ocs.realm.endpoint import Endpoint, parse_endpoint, ways_to
from ocs.router.configuration import socket_path
from ocs.site import client_settings
from ocs.site.state import router_folder


@dataclass(frozen=True, slots=True)
class Place:
    """A realm that can be joined.

    Attributes:
        url: The site's address of the router.
        ways: The ways to it, the fastest first.
        realm: Name of the realm.
        root: The address root.
        registry: Name of the registry.
        archiver: Name of the archiver.
    """

    url: str
    ways: tuple[Endpoint, ...]
    realm: str
    root: str
    registry: str
    archiver: str = ARCHIVER


def find_place(
    url: str | None = None,
    *,
    realm: str | None = None,
    root: str | None = None,
    site_file: str | Path | None = None,
) -> Place:
    """Return where the realm is.

    Args:
        url: Address of the router, as `ws://127.0.0.1:8001/ws`.
        realm: Name of the realm.
        root: The address root.
        site_file: The site file.

    Raises:
        ConfigurationError: Something of it is wrong.
    """
    words = ["--site-file", str(site_file)] if site_file is not None else []
    settings = client_settings(words, os.environ)
    where, name = url or settings.router_url, realm or settings.realm
    local = socket_path(router_folder(settings.state_dir, name), parse_endpoint(where).port)
    root = root or settings.address_root
    return Place(where, ways_to(where, local), name, root, settings.registry_name, settings.archiver_name)
