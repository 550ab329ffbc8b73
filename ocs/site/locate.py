"""Which site file, and which host, instance and realm in it, a program means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ocs.model.address import fold
from ocs.model.errors import ConfigurationError
from ocs.site.findings import suggestion
from ocs.site.loading import LoadedSite
from ocs.site.schema import Host, Instance

FALLBACK_HOST = "localhost"
DEFAULT_SITE = "default"


def find_site_file(environ: Mapping[str, str], *, site: str | None = None, site_file: str | None = None) -> Path | None:
    """Return the site file that is meant, which need not exist when it was named; None when none is.

    `site_file`, else `site` in `$OCS_CONFIG_DIR`, else `$OCS_SITE_FILE`, else `$OCS_CONFIG_DIR/default.yaml`
    if there is one.

    Args:
        environ: The environment.
        site: Value of `--site`: name of a file in `$OCS_CONFIG_DIR`, without `.yaml`.
        site_file: Value of `--site-file`.

    Raises:
        ConfigurationError: Both are given, or `site` without `$OCS_CONFIG_DIR`.
    """
    if site is not None and site_file is not None:
        raise ConfigurationError("--site and --site-file are both given; keep one", field="site", given=site)
    if site_file is not None:
        return Path(site_file)
    folder = environ.get("OCS_CONFIG_DIR")
    if site is not None:
        if not folder:
            message = f"--site {site} names a file in $OCS_CONFIG_DIR, which is not set; set it or use --site-file"
            raise ConfigurationError(message, field="site", given=site)
        return Path(folder) / f"{site}.yaml"
    if environ.get("OCS_SITE_FILE"):
        return Path(environ["OCS_SITE_FILE"])
    default = Path(folder) / f"{DEFAULT_SITE}.yaml" if folder else None
    return default if default is not None and default.exists() else None


def find_host(loaded: LoadedSite, name: str) -> tuple[str, Host] | None:
    """Return the entry of the host `name`, else the one of `localhost`, else None."""
    for candidate in (name, FALLBACK_HOST):
        if candidate in loaded.site.hosts:
            return candidate, loaded.site.hosts[candidate]
    return None


def choose_host(loaded: LoadedSite, name: str) -> tuple[str, Host]:
    """Return the entry of the host `name`, else the one of `localhost`.

    Raises:
        ConfigurationError: The file has neither.
    """
    found = find_host(loaded, name)
    if found is None:
        raise ConfigurationError(
            f"{loaded.where(('hosts',))}: hosts: there is neither {name!r} nor {FALLBACK_HOST!r}"
            f"{suggestion(name, loaded.site.hosts)}; add it, or choose one with --site-host",
            field="site-host", given=name, allowed=sorted(loaded.site.hosts),
        )  # fmt: skip
    return found


def choose_instance(
    loaded: LoadedSite,
    host_name: str,
    *,
    instance_id: str | None,
    agent_class: str | None,
) -> Instance:
    """Return the agent of a host by its instance id, else the only one of its class.

    Raises:
        ConfigurationError: There is none, or several are of the class, or the id is one of another class.
    """
    instances = loaded.site.hosts[host_name].agent_instances
    if instance_id is None:
        return _only_one(loaded, host_name, agent_class)
    for instance in instances:
        if fold(instance.instance_id) != fold(instance_id):
            continue
        if agent_class is not None and instance.agent_class != agent_class:
            message = (
                f"{instance.instance_id!r} is of the class {instance.agent_class} in {loaded.path}, not {agent_class}"
            )
            raise ConfigurationError(f"{message}; start that one, or choose another --instance-id", field="instance-id")
        return instance
    known = [instance.instance_id for instance in instances]
    elsewhere = [name for name, host in loaded.site.hosts.items() if _has(host, instance_id)]
    advice = f"; it is on {elsewhere[0]!r}, so use --site-host" if elsewhere else suggestion(instance_id, known)
    raise ConfigurationError(
        f"host {host_name!r} in {loaded.path} has no agent {instance_id!r}{advice}",
        field="instance-id", given=instance_id, allowed=known,
    )  # fmt: skip


def _has(host: Host, instance_id: str) -> bool:
    return any(fold(instance.instance_id) == fold(instance_id) for instance in host.agent_instances)


def _only_one(loaded: LoadedSite, host_name: str, agent_class: str | None) -> Instance:
    if agent_class is None:
        raise ConfigurationError("no agent is named; use --instance-id or set INSTANCE_ID", field="instance-id")
    instances = loaded.site.hosts[host_name].agent_instances
    found = [instance for instance in instances if instance.agent_class == agent_class]
    if len(found) == 1:
        return found[0]
    names = [instance.instance_id for instance in found]
    problem = f"has {len(found)} agents of the class {agent_class} ({', '.join(names)})" if found else (
        f"has no agent of the class {agent_class}"
    )  # fmt: skip
    raise ConfigurationError(
        f"host {host_name!r} in {loaded.path} {problem}; choose one with --instance-id",
        field="instance-id", allowed=names or [instance.instance_id for instance in instances],
    )  # fmt: skip
