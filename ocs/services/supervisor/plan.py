"""What a supervisor is to run, from the site file: the router, and the agents of this host."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ocs.model.errors import ConfigurationError
from ocs.router.configuration import RealmAccess, RouterConfiguration
from ocs.router.node import check_port, find_crossbar, prepare
from ocs.site import (
    ClientSettings,
    Host,
    Instance,
    LoadedSite,
    Manage,
    client_settings,
    encode_name,
    load_site,
    router_folder,
)
from ocs.site.locate import choose_host

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DEMO_SITE = Path(__file__).parents[1] / "demo" / "site.yaml"


END_S = 26.0
"""An agent gives its runs 11 s to end, its devices 10 s, and its archiver 3 s; whoever kills it before loses rows."""

ROUTER_END_S = 12.0


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """A process to run.

    Attributes:
        name: The agent's instance-id, or `router`.
        what: The agent's class, or `crossbar`.
        command: Its command line.
        log: The file for what it writes.
        devices: The devices that it brings to the realm.
        at_once: Whether it runs from the beginning.
        grace_s: Time that it has to end when it is asked to, in s.
    """

    name: str
    what: str
    command: tuple[str, ...]
    log: Path
    devices: tuple[str, ...] = ()
    at_once: bool = True
    grace_s: float = END_S


@dataclass(frozen=True, slots=True)
class RouterPlan:
    """A router to run.

    Attributes:
        program: The path of crossbar.
        configuration: What it serves.
        folder: Its node folder.
        log: The file for what it writes.
        own: Folder of the site's own configuration, which is then used as it is.
    """

    program: str
    configuration: RouterConfiguration
    folder: Path
    log: Path
    own: Path | None = None

    def prepare(self) -> ChildPlan:
        """Write the node's folder and return the process.

        Raises:
            DuplicateError: The port is taken.
        """
        if self.own is not None:
            command: tuple[str, ...] = (self.program, "start", "--cbdir", str(self.own), "--loglevel", "warn")
        else:
            command = prepare(self.folder, self.configuration, self.program).command
        return ChildPlan("router", "crossbar", command, self.log, grace_s=ROUTER_END_S)


@dataclass(frozen=True, slots=True)
class SitePlan:
    """All that a supervisor runs, and where.

    Attributes:
        settings: Realm, root, address of the router and state folder.
        host_name: The entry of the site file's hosts.
        agents: The agents.
        router: The router; None when it runs already or elsewhere.
        port: The router's TCP port.
        environment: The children's environment.
    """

    settings: ClientSettings
    host_name: str
    agents: tuple[ChildPlan, ...]
    router: RouterPlan | None
    port: int
    environment: Mapping[str, str] = field(repr=False)

    @property
    def local(self) -> bool:
        """Whether the router is on this host."""
        return urlsplit(self.settings.router_url).hostname in LOOPBACK

    @property
    def log_folder(self) -> Path:
        """The folder of all logs."""
        return log_folder(self.settings)


def log_folder(settings: ClientSettings) -> Path:
    """Return the folder of the logs of a realm's supervisor, router and agents."""
    return settings.state_dir / encode_name(settings.realm) / "log"


def supervisor_name(hostname: str | None = None) -> str:
    """Return the name of a host's supervisor as a device: `hosts-<hostname>`."""
    return f"hosts-{re.sub(r'[^A-Za-z0-9_-]', '-', hostname or socket.gethostname())}"


def make_plan(
    words: tuple[str, ...], *, router: bool = True, host: str | None = None, environ: Mapping[str, str] = os.environ
) -> SitePlan:
    """Return what is to run on this host.

    Args:
        words: Options of the site as on a command line, such as `--site-file F`.
        router: Whether to run the router, if it belongs on this host.
        host: Entry of the site file's hosts; this machine's name by default.
        environ: The environment.

    Raises:
        ConfigurationError: No site file is named, or something in it is wrong; or crossbar is not installed.
        DuplicateError: The router's port is taken.
    """
    named = (*words, *(() if host is None else ("--site-host", host)))
    settings = client_settings(named, environ)
    if settings.site_file is None:
        raise ConfigurationError(
            "no site file is named; use --site-file FILE, set OCS_SITE_FILE, or try `ocs up --demo`", field="site-file"
        )
    loaded = load_site(settings.site_file)
    host_name, entry = choose_host(loaded, host or environ.get("SITE_HOST") or socket.gethostname())
    port = urlsplit(settings.router_url).port or 0
    agents = tuple(
        _agent(settings, loaded, host_name, instance, words)
        for instance in entry.agent_instances
        if instance.manage in {Manage.HOST_UP, Manage.HOST_DOWN}
    )
    here = urlsplit(settings.router_url).hostname in LOOPBACK or entry.crossbar is not None
    node = plan_router(settings, entry, environ) if router and here else None
    return SitePlan(settings, host_name, agents, node, port, {**environ, "PYTHONUNBUFFERED": "1"})


def plan_router(settings: ClientSettings, host: Host | None, environ: Mapping[str, str]) -> RouterPlan:
    """Return how to run the router; nothing is written yet.

    Raises:
        ConfigurationError: crossbar is not installed, or the site's own configuration is not there.
        DuplicateError: The port is taken.
    """
    crossbar = host.crossbar if host is not None else None
    program = find_crossbar(environ, crossbar.bin if crossbar is not None else None)
    port = urlsplit(settings.router_url).port or 0
    check_port(port)
    own: Path | None = None
    if crossbar is not None and crossbar.config_dir is not None:
        own = Path(crossbar.config_dir).expanduser().absolute()
        if not (own / "config.json").is_file():
            raise ConfigurationError(
                f"the site file names {own} for the router, and there is no config.json in it; "
                "remove crossbar: config-dir to have one made",
                field="config-dir", given=str(own),
            )  # fmt: skip
    return RouterPlan(
        program,
        RouterConfiguration(port, (RealmAccess(settings.realm, settings.address_root),)),
        router_folder(settings.state_dir, settings.realm),
        log_folder(settings) / "router.log",
        own,
    )


def _agent(
    settings: ClientSettings, loaded: LoadedSite, host_name: str, instance: Instance, words: tuple[str, ...]
) -> ChildPlan:
    given = [word for name in ("--site-realm", "--address-root", "--site-hub") for word in _pair(words, name)]
    command = (
        sys.executable, "-m", "ocs.agent", "--instance-id", instance.instance_id,
        "--site-file", str(loaded.path.absolute()), "--site-host", host_name,
        "--state-dir", str(settings.state_dir.absolute()), *given,
    )  # fmt: skip
    devices = (instance.instance_id,) if instance.devices is None else tuple(one.name for one in instance.devices)
    log = log_folder(settings) / f"{encode_name(instance.instance_id)}.log"
    at_once = instance.manage is Manage.HOST_UP
    return ChildPlan(instance.instance_id, instance.agent_class, command, log, devices, at_once)


def _pair(words: tuple[str, ...], name: str) -> tuple[str, ...]:
    return (name, words[words.index(name) + 1]) if name in words else ()
