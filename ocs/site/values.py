"""Checks and readings of single values: addresses of routers, realms, policies, who starts an agent."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ocs.site.findings import suggestion

_REALM = re.compile(r"[A-Za-z][A-Za-z0-9_\-@.]{2,254}")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LEVELS_WITH_PASSWORD = 2
ROUTER_SCHEMES = ("ws", "wss", "rs", "rss")
HTTP_SCHEMES = ("http", "https")


class Manage(Enum):
    """Who starts an agent, and whether it runs from the beginning."""

    IGNORE = "ignore"
    HOST_UP = "host/up"
    HOST_DOWN = "host/down"
    DOCKER_UP = "docker/up"
    DOCKER_DOWN = "docker/down"


MANAGE_WORDS: dict[str, Manage] = {
    **{mode.value: mode for mode in Manage},
    "yes": Manage.HOST_UP,
    "host": Manage.HOST_UP,
    "up": Manage.HOST_UP,
    "no": Manage.IGNORE,
    "down": Manage.HOST_DOWN,
    "docker": Manage.DOCKER_UP,
}
"""Every spelling that OCS 0.12 takes for `manage`."""


class LogLevel(Enum):
    """From which severity on a program writes to its log."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    CRITICAL = "critical"


def read_manage(value: Any) -> Manage:
    """Return the mode that a spelling means; nothing means `host/up`.

    Raises:
        ValueError: No mode is called so.
    """
    if value is None:
        return Manage.HOST_UP
    if isinstance(value, Manage):
        return value
    # YAML 1.1, which OCS reads, takes yes and no for truth values.
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    if word not in MANAGE_WORDS:
        raise ValueError(f"{word!r} is no way to manage an agent{suggestion(word, MANAGE_WORDS)}")
    return MANAGE_WORDS[word]


def read_log_level(word: str) -> LogLevel:
    """Return the level of that name, in any case; `warning` is `warn`.

    Raises:
        ValueError: No level is called so.
    """
    folded = word.casefold().replace("warning", "warn")
    names = {level.value: level for level in LogLevel}
    if folded not in names:
        raise ValueError(f"{word!r} is no log level{suggestion(word, names)}")
    return names[folded]


def read_seconds(word: str) -> float:
    """Return a time in seconds, 0 or more.

    Raises:
        ValueError: It is no such number.
    """
    try:
        seconds = float(word)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{word!r} is no time; it must be a number of seconds, 0 or more")
    return seconds


def read_megabytes(word: str) -> float:
    """Return a size in MB, 1 or more.

    Raises:
        ValueError: It is no such number.
    """
    try:
        size = float(word)
    except ValueError:
        size = 0.0
    if not 1 <= size < float("inf"):
        raise ValueError(f"{word!r} is no size; it must be a number of MB, 1 or more")
    return size


def check_router_url(url: str) -> str:
    """Return `url` if it can lead to a router: WebSocket (ws, wss) or RawSocket (rs, rss).

    Raises:
        ValueError: It cannot.
    """
    return _check_url(url, ROUTER_SCHEMES, "ws://127.0.0.1:8001/ws")


def check_http_url(url: str) -> str:
    """Return `url` if it can lead to the router's HTTP bridge.

    Raises:
        ValueError: It cannot.
    """
    return _check_url(url, HTTP_SCHEMES, "http://127.0.0.1:8001/call")


def _check_url(url: str, schemes: Collection[str], example: str) -> str:
    try:
        parts: SplitResult | None = urlsplit(url)
        port = parts.port if parts is not None else None
    except ValueError:
        parts, port = None, None
    if parts is None or parts.scheme not in schemes or not parts.hostname or port == 0 or url != url.strip():
        raise ValueError(f"{url!r} is no address of a router; it must begin with {_either(schemes)}, as in {example}")
    return url


def _either(schemes: Collection[str]) -> str:
    return " or ".join(f"{scheme}://" for scheme in schemes)


def replace_port(url: str, port: int) -> str:
    """Return `url` with another TCP port."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    before = parts.netloc.removesuffix(host)
    # A bracket closes an address of IP version 6, whose colons are no port.
    name = host if host.endswith("]") or ":" not in host else host.rpartition(":")[0]
    return parts._replace(netloc=f"{before}{name}:{port}").geturl()


def check_realm(realm: str) -> str:
    """Return `realm` if crossbar accepts it (its rule: a letter, then 2 to 254 letters, digits, `_ - @ .`).

    Raises:
        ValueError: It does not.
    """
    if not _REALM.fullmatch(realm):
        raise ValueError(
            f"{realm!r} cannot be a realm; use a letter and 2 to 254 letters, digits or _ - @ . as in test_realm"
        )
    return realm


def check_class_name(name: str) -> str:
    """Return `name` if it can be the name of a class.

    Raises:
        ValueError: It cannot.
    """
    if not _CLASS.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a class; use letters, digits and _ as in FakeDataAgent")
    return name


def check_property_name(name: str) -> str:
    """Return `name` if it can be the name of a property.

    Raises:
        ValueError: It cannot.
    """
    if not _PROPERTY.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a property; start with a letter, then letters, digits and _")
    return name


def check_access_policy(policy: str) -> str:
    """Return `policy` if OCS 0.12 knows it: `none`, `override:pw2,pw3` or `director:<id>`.

    Raises:
        ValueError: It is another; the sentence does not repeat it, for it may hold passwords.
    """
    kind, _, rest = policy.partition(":")
    passwords = rest.split(",")
    good_override = kind == "override" and len(passwords) == _LEVELS_WITH_PASSWORD and all(passwords)
    if policy in {"", "none"} or kind == "director" or good_override:
        return policy
    raise ValueError(
        "no access policy is written so; it must be none, director:<id>, or override:<password 2>,<password 3>"
    )
