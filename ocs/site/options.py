"""The options that every program of a site takes, and the environment that stands in for them.

Source: ocs 0.12.1; `state-dir`, `log-level`, `device-property` and the variables named OCS_* but
OCS_CONFIG_DIR are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ocs.model.errors import ConfigurationError
from ocs.site.arguments import OptionGroup, group_arguments, join_groups, merge_arguments


@dataclass(frozen=True, slots=True)
class SiteOption:
    """One of these options.

    Attributes:
        name: As it is written after `--`.
        metavar: What its value is, for help texts.
        doc: What it does.
        variable: Environment variable that gives the value when the command line does not.
    """

    name: str
    metavar: str
    doc: str
    variable: str | None = None

    @property
    def flag(self) -> str:
        """The option as it is written on a command line."""
        return f"--{self.name}"


OPTIONS: tuple[SiteOption, ...] = (
    SiteOption("site", "NAME", "site file NAME.yaml in $OCS_CONFIG_DIR"),
    SiteOption("site-file", "FILE", "site file", "OCS_SITE_FILE"),
    SiteOption("site-host", "NAME", "entry of hosts to use, instead of this machine's name", "SITE_HOST"),
    SiteOption("site-hub", "URL", "address of the router", "SITE_HUB"),
    SiteOption("site-http", "URL", "address of the router's HTTP bridge", "SITE_HTTP"),
    SiteOption("site-realm", "REALM", "realm", "OCS_REALM"),
    SiteOption("instance-id", "NAME", "which agent of the site file to be", "INSTANCE_ID"),
    SiteOption("address-root", "WORD", "first part of every address", "OCS_ADDRESS_ROOT"),
    SiteOption("registry-address", "NAME", "not used any more"),
    SiteOption("log-dir", "FOLDER", "folder for log files, relative to the working folder"),
    SiteOption("working-dir", "FOLDER", "folder from which relative paths count"),
    SiteOption("crossbar-timeout", "SECONDS", "end after so long without router; 0 = never", "CROSSBAR_TIMEOUT"),
    SiteOption("access-policy", "POLICY", "who may start operations"),
    SiteOption("state-dir", "FOLDER", "folder for state that outlives the program", "OCS_STATE_DIR"),
    SiteOption("archiver", "NAME", "archiver that gets what the devices record; none = no archive", "OCS_ARCHIVER"),
    SiteOption("spool-max-mb", "MB", "bound of the spool, in MB; then the oldest data go, with a gap record"),
    SiteOption("log-level", "LEVEL", "trace, debug, info, warn, error or critical", "LOGLEVEL"),
    SiteOption("device-property", "[DEVICE:]NAME=VALUE", "value of a device's property; may be given several times"),
)
DEVICE_PROPERTY = "--device-property"

VARIABLES: dict[str, str] = {
    "OCS_CONFIG_DIR": "folder of the site files that --site names",
    **{option.variable: f"{option.flag}: {option.doc}" for option in OPTIONS if option.variable is not None},
    "OCS_PORT": "TCP port of the router, put into the addresses of site file and defaults",
    "XDG_STATE_HOME": "folder whose sub-folder ocs holds the state when --state-dir is not given",
}
"""Every environment variable that is looked at here, and its meaning."""

_BY_FLAG = {option.flag: option for option in OPTIONS}


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line, split into what every program takes and what is left.

    Attributes:
        values: Values by the name of the option, without `--`.
        device_properties: Values of `--device-property`, in their order.
        leftover: All other words, in their order.
    """

    values: Mapping[str, str]
    device_properties: tuple[str, ...]
    leftover: tuple[OptionGroup, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words that are left."""
        return join_groups(self.leftover)


def split_options(groups: Sequence[OptionGroup]) -> CommandLine:
    """Take the options of `OPTIONS` out of a command line; the last of several counts.

    Raises:
        ConfigurationError: One of them has no value.
    """
    values: dict[str, str] = {}
    properties: list[str] = []
    left: list[OptionGroup] = []
    for group in groups:
        option = _BY_FLAG.get(group.name)
        if option is None:
            left.append(group)
            continue
        if not group.values:
            message = f"{option.flag} has no value; write {option.flag} {option.metavar}"
            raise ConfigurationError(message, field=option.name)
        if option.flag == DEVICE_PROPERTY:
            properties.append(group.values[0])
        else:
            values[option.name] = group.values[0]
        left.extend(_rest(group.values[1:]))
    return CommandLine(values, tuple(properties), tuple(left))


def _rest(words: tuple[str, ...]) -> list[OptionGroup]:
    return [OptionGroup("", words, words)] if words else []


def environment_groups(environ: Mapping[str, str]) -> list[OptionGroup]:
    """Return the options for which the environment stands; an empty variable counts as unset."""
    return [
        OptionGroup(option.flag, (option.flag, environ[option.variable]), (environ[option.variable],))
        for option in OPTIONS
        # Which file is a matter of more than one variable: ocs.site.locate.
        if option.variable and option.name != "site-file" and environ.get(option.variable)
    ]


def strong_groups(argv: Sequence[str], environ: Mapping[str, str]) -> list[OptionGroup]:
    """Return the command line, completed from the environment; both are stronger than the site file."""
    return merge_arguments(environment_groups(environ), group_arguments(argv))
