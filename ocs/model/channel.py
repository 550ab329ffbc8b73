"""A channel as others see it, the names that it may have, and how a request picks channels by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from ocs.model import address
from ocs.model.channel_config import ChannelConfig
from ocs.model.errors import ConfigurationError, ParameterError
from ocs.model.event import EventKind
from ocs.model.valuetype import ValueType

RESERVED = frozenset(
    {
        "channels", "command", "commands", "config", "describe", "feeds", "follow", "health", "interface", "name",
        "operations", "read", "requests", "state", "subscribe", "write",
    }
)  # fmt: skip
"""Names that a client's device object needs for itself."""


class Access(Enum):
    """What clients may do with a channel's value (Tango, access of attributes)."""

    READ = "r"
    WRITE = "w"
    READ_WRITE = "rw"
    READ_WITH_WRITE = "rww"

    @property
    def readable(self) -> bool:
        """Whether it has a value to read."""
        return self is not Access.WRITE

    @property
    def writable(self) -> bool:
        """Whether it may be written; a channel read with write has a partner for that."""
        return self in {Access.WRITE, Access.READ_WRITE}


class Memorized(Enum):
    """Whether a set point survives a restart, and what is done with it then."""

    NO = "no"
    SET_POINT = "set_point"
    AT_INIT = "written_at_init"


class Display(Enum):
    """Whom user interfaces show something to; a hint, no protection."""

    OPERATOR = "operator"
    EXPERT = "expert"


@dataclass(frozen=True, slots=True)
class ChannelInterface:
    """A channel as others see it.

    Attributes:
        name: Its name on the device.
        type: What values it has.
        access: Whether it may be read and written.
        config: What holds for it now: texts, limits, thresholds and periods.
        level: Whom interfaces show it to.
        memorized: Whether its set point survives a restart.
        partner: Of a channel read with write: the channel that holds its set point.
        feed: The feed in which it is also published; empty for none.
        polled: Whether its agent reads it by itself.
        events: Kinds of event that have a source now.
    """

    name: str
    type: ValueType
    access: Access
    config: ChannelConfig
    level: Display = Display.OPERATOR
    memorized: Memorized = Memorized.NO
    partner: str = ""
    feed: str = ""
    polled: bool = False
    events: tuple[EventKind, ...] = ()


def check_channel_name(name: str) -> str:
    """Return `name` if a channel of a device may have it.

    Raises:
        ConfigurationError: It has other signs than letters, digits and _, no letter first, more than 255 signs, or
            is one that a client's device object needs for itself.
    """
    if name in RESERVED:
        raise ConfigurationError(
            f"{name!r} cannot name a channel, a client's device needs it; so with {', '.join(sorted(RESERVED))}",
            field="name", given=name,
        )  # fmt: skip
    return address.check_channel_name(name)


def select(names: Iterable[str], patterns: str | Sequence[str] | None) -> list[str]:
    """Return the names that a request asks for, each once, in the order of its patterns.

    Args:
        names: The names that exist.
        patterns: Names, and patterns with `*` (any signs) and `?` (one sign); a text may hold several with commas
            between. Neither looks at case, but a name in its own case comes first. None asks for all.

    Returns:
        The names; one that does not exist stays as given, so that it gets its own error. A pattern that fits
        nothing gives nothing.

    Raises:
        ParameterError: The patterns are no texts.
    """
    known = list(names)
    if patterns is None:
        return known
    given = (patterns,) if isinstance(patterns, str) else patterns
    if not isinstance(given, Sequence) or not all(isinstance(text, str) for text in given):
        raise ParameterError(
            f"{given!r} names no channels; give a name, a pattern, or a list of them", field="names", given=repr(given)
        )
    words = [word.strip() for text in given for word in text.split(",")]
    return list(dict.fromkeys(name for word in words if word for name in _fitting(known, word)))


def _fitting(known: list[str], word: str) -> list[str]:
    if word in known:
        return [word]
    if "*" in word or "?" in word:
        pattern = re.compile(
            "".join(".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in word), re.IGNORECASE
        )
        return [name for name in known if pattern.fullmatch(name)]
    alike = [name for name in known if name.casefold() == word.casefold()]
    return alike if len(alike) == 1 else [word]
