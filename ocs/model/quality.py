"""How far a reading can be trusted: the five words of the Tango model, worst last."""

from __future__ import annotations

from enum import Enum


class Quality(Enum):
    """What a reading is worth; set by a channel's limits, or by the code that read it, which is never overridden."""

    word: str

    def __init__(self, word: str) -> None:
        # Read for each reading that is sent; an enum's own `value` is a slow attribute.
        self.word = word

    __hash__ = object.__hash__  # members are single objects; the enum's own hash is slow in each reading

    VALID = "VALID"
    CHANGING = "CHANGING"
    WARNING = "WARNING"
    ALARM = "ALARM"
    INVALID = "INVALID"


ALARMING = frozenset({Quality.WARNING, Quality.ALARM})
"""Qualities that make a device in state ON be in ALARM (Tango, State evaluation)."""
