"""Names of devices: one component of a WAMP URI, an OCS-style id or a Tango-style `domain/family/member`."""

from __future__ import annotations

import re

from ocs.model.errors import ConfigurationError

_COMPONENT = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,5}")
_ROOT = re.compile(r"[A-Za-z0-9_-]+")
_CHANNEL = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
LONGEST = 255

DEFAULT_REALM = "test_realm"
DEFAULT_ROOT = "observatory"
DEFAULT_PORT = 8001
"""Where everything is unless somebody says otherwise; the names that OCS users know."""


ADMIN_DOMAIN = "dserver"
"""First part of the name of each agent's admin device (Tango, admin device)."""


def is_admin(name: str) -> bool:
    """Whether a device of this name is the admin device of an agent; lists leave those out unless asked."""
    return name.startswith(f"{ADMIN_DOMAIN}/")


def check_device_name(name: str) -> str:
    """Return `name` if a device may have it.

    Raises:
        ConfigurationError: It has a dot, a space, or another sign that would break the address.
    """
    if len(name) > LONGEST or not _COMPONENT.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot name a device; use letters, digits, - and _, as in thermo-1 or cryo/thermo/1",
            field="instance-id", given=name,
        )  # fmt: skip
    return name


def check_root(root: str) -> str:
    """Return `root` if it can be an address root.

    Raises:
        ConfigurationError: It has a dot or another sign that would break the address.
    """
    if len(root) > LONGEST or not _ROOT.fullmatch(root):
        raise ConfigurationError(
            f"{root!r} cannot be an address root; use letters, digits, - and _, as in observatory",
            field="address_root", given=root,
        )  # fmt: skip
    return root


def check_channel_name(name: str) -> str:
    """Return `name` if a channel, feed field or operation's Python name may be it.

    Raises:
        ConfigurationError: It does not start with a letter, or has other signs than letters, digits and _.
    """
    if len(name) > LONGEST or not _CHANNEL.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot name a channel; start with a letter, then letters, digits and _",
            field="name", given=name,
        )  # fmt: skip
    return name


def python_name(name: str) -> str:
    """Return the attribute under which a client offers the operation `name` (`-` and space become `_`)."""
    return name.replace("-", "_").replace(" ", "_")


def fold(name: str) -> str:
    """Return what two device names must not share: the name without regard to case."""
    return name.casefold()
