"""Options that several commands share, and what they mean."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Where:
    """Where the realm is, as far as the command line says so.

    Attributes:
        url: Address of the router.
        realm: The realm.
        root: The address root.
        site_file: The site file.
    """

    url: str | None = None
    realm: str | None = None
    root: str | None = None
    site_file: Path | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The same as options of any program of a site."""
        given = {"--site-file": self.site_file, "--site-hub": self.url, "--site-realm": self.realm,
                 "--address-root": self.root}  # fmt: skip
        return tuple(word for name, value in given.items() if value is not None for word in (name, str(value)))


def where_options(function: Function) -> Function:
    """Add the options that say where the realm is; the command gets them as `where`."""

    def taken(
        port: int | None, url: str | None, realm: str | None, root: str | None, site_file: Path | None, **others: Any
    ) -> Any:
        if port is not None:
            os.environ["OCS_PORT"] = str(port)
        return function(where=Where(url, realm, root, site_file), **others)

    taken.__doc__ = function.__doc__
    taken.__name__ = function.__name__
    taken.__click_params__ = list(getattr(function, "__click_params__", []))  # type: ignore[attr-defined] # click's own
    options = [
        click.option("--port", type=click.IntRange(1, 65535), help="TCP port of the router; or OCS_PORT."),
        click.option("--url", help="Address of the router, as ws://127.0.0.1:8001/ws; or SITE_HUB."),
        click.option("--realm", help="Realm; or OCS_REALM."),
        click.option("--root", help="First part of every address; or OCS_ADDRESS_ROOT."),
        click.option("--site-file", type=click.Path(path_type=Path), help="Site file; or OCS_SITE_FILE."),
    ]
    decorated: Any = taken
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return] # click's decorators are of any type


json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
