"""What a program goes by: defaults, site file, environment and command line, weak to strong.

defaults < hub < host < arguments of the instance < environment < command line
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ocs.model.address import check_device_name
from ocs.model.errors import ConfigurationError
from ocs.site.arguments import OptionGroup, group_arguments, merge_arguments
from ocs.site.connection import make_connection, read_option
from ocs.site.devices import DeviceSettings, device_settings
from ocs.site.loading import LoadedSite, load_site
from ocs.site.locate import choose_host, choose_instance, find_host, find_site_file
from ocs.site.options import split_options, strong_groups
from ocs.site.schema import Host, Instance
from ocs.site.state import AgentFolder, agent_folder, default_state_dir
from ocs.site.values import (
    LogLevel,
    check_access_policy,
    check_class_name,
    read_log_level,
    read_megabytes,
    read_seconds,
)

DEFAULT_REGISTRY = "registry"
REGISTRY_CLASS = "RegistryAgent"
DEFAULT_ARCHIVER = "archiver"
ARCHIVER_CLASS = "ArchiverAgent"
NO_ARCHIVER = "none"
DEFAULT_SPOOL_MB = 1000.0


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """All that an agent is told from outside.

    Attributes:
        agent_class: Which agent this is.
        instance_id: Its name.
        realm: Realm to join.
        address_root: First part of every address.
        router_url: Address of the router.
        http_url: Address of the router's HTTP bridge; None where the site has none.
        state_dir: Folder for the state of all agents; `state_folder` is this agent's.
        log_dir: Folder for the log file; None for no file.
        working_dir: Folder from which relative paths count.
        site_file: The site file; None when the agent runs without one.
        host_name: Entry of the site file's hosts that was used; None without site file.
        crossbar_timeout_s: After how many seconds without router the agent ends; 0 = never.
        access_policy: Who may start operations, in the words of OCS.
        log_level: From which severity on the log is written.
        archiver: Name of the archiver; empty where what the devices record is only shown live.
        spool_max_mb: Bound of the spool, in MB.
        agent_paths: Folders with agents of the site's own.
        devices: The devices.
        options: Own options of the device class: values by name without `--`, the last of several.
        given: Names of those `options` that stand on the command line, which is stronger than the database.
        leftover: Own options and other words as a command line, site file first.
    """

    agent_class: str
    instance_id: str
    realm: str
    address_root: str
    router_url: str
    http_url: str | None
    state_dir: Path
    log_dir: Path | None
    working_dir: Path
    site_file: Path | None
    host_name: str | None
    crossbar_timeout_s: float
    access_policy: str | None
    log_level: LogLevel
    archiver: str
    spool_max_mb: float
    agent_paths: tuple[Path, ...]
    devices: tuple[DeviceSettings, ...]
    options: Mapping[str, tuple[str, ...]]
    given: frozenset[str]
    leftover: tuple[str, ...]

    @property
    def state_folder(self) -> Path:
        """The folder that belongs to this agent alone."""
        names = AgentFolder(self.realm, self.address_root, self.agent_class, self.instance_id)
        return agent_folder(self.state_dir, names)


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """All that a client is told from outside.

    Attributes:
        realm: Realm to join.
        address_root: First part of every address.
        router_url: Address of the router.
        http_url: Address of the router's HTTP bridge; None where the site has none.
        state_dir: Folder for the state of all programs.
        registry_name: The site's agent of the class RegistryAgent, else `registry`.
        archiver_name: The site's agent of the class ArchiverAgent, else `archiver`.
        archiver: The archiver that agents record for; empty where what they record is only shown live.
        log_level: From which severity on the log is written.
        site_file: The site file; None when there is none.
        leftover: The command line without the options that were taken.
    """

    realm: str
    address_root: str
    router_url: str
    http_url: str | None
    state_dir: Path
    registry_name: str = DEFAULT_REGISTRY
    archiver_name: str = DEFAULT_ARCHIVER
    archiver: str = ""
    log_level: LogLevel = LogLevel.INFO
    site_file: Path | None = None
    leftover: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Agent:
    """Which agent is meant, and where it stands in the site file."""

    agent_class: str
    instance_id: str
    loaded: LoadedSite | None = None
    host_name: str | None = None
    host: Host | None = None
    instance: Instance | None = None
    weak: list[OptionGroup] = field(default_factory=list)


def agent_settings(
    agent_class: str | None,
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    hostname: str | None = None,
    cwd: Path | None = None,
) -> AgentSettings:
    """Return what an agent goes by. Without site file, class and `--instance-id` are needed and defaults apply.

    Args:
        agent_class: Which agent the program is; None takes the class of the instance.
        argv: Command line without the program's name.
        environ: The environment.
        hostname: Name of this machine; asked from the system when None.
        cwd: Folder in which the program was started; asked from the system when None.

    Raises:
        ConfigurationError: Site file, environment or command line are wrong, or name no agent.
    """
    here, now_in = hostname or socket.gethostname(), cwd or Path.cwd()
    strong = strong_groups(argv, environ)
    agent = _find_agent(agent_class, split_options(strong).values, environ, here)
    line = split_options(merge_arguments(agent.weak, strong))
    connection = make_connection(line.values, environ, agent.loaded, agent.host)
    working_dir = _folder(line.values.get("working-dir"), now_in)
    return AgentSettings(
        agent_class=agent.agent_class,
        instance_id=agent.instance_id,
        realm=connection.realm,
        address_root=connection.address_root,
        router_url=connection.router_url,
        http_url=connection.http_url,
        state_dir=_state_dir(line.values, environ, now_in),
        log_dir=_log_dir(line.values, agent.host, working_dir),
        working_dir=working_dir,
        site_file=None if agent.loaded is None else agent.loaded.path.absolute(),
        host_name=agent.host_name,
        crossbar_timeout_s=_crossbar_timeout(line.values, agent.host),
        access_policy=_access_policy(line.values, agent.loaded),
        log_level=read_option(line.values, "log-level", read_log_level) or LogLevel.INFO,
        archiver=_archiver(line.values, agent.loaded),
        spool_max_mb=read_option(line.values, "spool-max-mb", read_megabytes) or DEFAULT_SPOOL_MB,
        agent_paths=() if agent.loaded is None else agent.loaded.agent_paths,
        devices=device_settings(
            agent.instance_id,
            agent.instance,
            split_options(agent.weak).device_properties,
            split_options(strong).device_properties,
        ),
        options=_own_options(line.leftover),
        given=frozenset(_own_options(split_options(strong).leftover)),
        leftover=line.words,
    )


def client_settings(
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    hostname: str | None = None,
    cwd: Path | None = None,
) -> ClientSettings:
    """Return what a client goes by; it needs neither a site file nor an entry for its host.

    Args:
        argv: Command line without the program's name; empty for the environment alone.
        environ: The environment.
        hostname: Name of this machine; asked from the system when None.
        cwd: Folder in which the program was started; asked from the system when None.

    Raises:
        ConfigurationError: Site file, environment or command line are wrong.
    """
    line = split_options(strong_groups(argv, environ))
    values = line.values
    loaded = _load(values, environ)
    found = None
    if loaded is not None:
        found = find_host(loaded, values.get("site-host") or hostname or socket.gethostname())
    connection = make_connection(values, environ, loaded, None if found is None else found[1])
    archiver = _archiver(values, loaded)
    return ClientSettings(
        realm=connection.realm,
        address_root=connection.address_root,
        router_url=connection.router_url,
        http_url=connection.http_url,
        state_dir=_state_dir(values, environ, cwd or Path.cwd()),
        registry_name=_registry(loaded),
        archiver_name=archiver or DEFAULT_ARCHIVER,
        archiver=archiver,
        log_level=read_option(values, "log-level", read_log_level) or LogLevel.INFO,
        site_file=None if loaded is None else loaded.path.absolute(),
        leftover=line.words,
    )


def _find_agent(agent_class: str | None, values: Mapping[str, str], environ: Mapping[str, str], here: str) -> _Agent:
    loaded = _load(values, environ)
    instance_id = read_option(values, "instance-id", check_device_name)
    if loaded is None:
        if agent_class is None or instance_id is None:
            message = "no site file is named; use --site-file, or set OCS_SITE_FILE or OCS_CONFIG_DIR"
            raise ConfigurationError(f"{message} (an agent without one needs --instance-id)", field="site-file")
        return _Agent(check_class_name(agent_class), instance_id)
    host_name, host = choose_host(loaded, values.get("site-host") or here)
    instance = choose_instance(loaded, host_name, instance_id=instance_id, agent_class=agent_class)
    weak = group_arguments(instance.arguments)
    return _Agent(instance.agent_class, instance.instance_id, loaded, host_name, host, instance, weak)


def _load(values: Mapping[str, str], environ: Mapping[str, str]) -> LoadedSite | None:
    path = find_site_file(environ, site=values.get("site"), site_file=values.get("site-file"))
    return None if path is None else load_site(path)


def _folder(given: str | None, base: Path) -> Path:
    return base if given is None else base / Path(given).expanduser()


def _state_dir(values: Mapping[str, str], environ: Mapping[str, str], cwd: Path) -> Path:
    given = values.get("state-dir")
    return default_state_dir(environ) if given is None else _folder(given, cwd)


def _log_dir(values: Mapping[str, str], host: Host | None, working_dir: Path) -> Path | None:
    given = values.get("log-dir", host.log_dir if host is not None else None)
    return None if given is None else _folder(given, working_dir)


def _crossbar_timeout(values: Mapping[str, str], host: Host | None) -> float:
    given = read_option(values, "crossbar-timeout", read_seconds)
    if given is not None:
        return given
    return host.crossbar_timeout if host is not None else 0.0


def _access_policy(values: Mapping[str, str], loaded: LoadedSite | None) -> str | None:
    given = read_option(values, "access-policy", check_access_policy)
    return given if given is not None or loaded is None else loaded.site.hub.access_policy


def _registry(loaded: LoadedSite | None) -> str:
    return _first_of(loaded, REGISTRY_CLASS) or DEFAULT_REGISTRY


def _archiver(values: Mapping[str, str], loaded: LoadedSite | None) -> str:
    given = values.get("archiver")
    if given == NO_ARCHIVER:
        return ""
    return check_device_name(given) if given else _first_of(loaded, ARCHIVER_CLASS)


def _first_of(loaded: LoadedSite | None, agent_class: str) -> str:
    hosts = () if loaded is None else loaded.site.hosts.values()
    names = (
        instance.instance_id
        for host in hosts
        for instance in host.agent_instances
        if instance.agent_class == agent_class
    )
    return next(names, "")


def _own_options(groups: Sequence[OptionGroup]) -> dict[str, tuple[str, ...]]:
    return {group.name.removeprefix("--"): group.values for group in groups if group.name not in {"", "--"}}
