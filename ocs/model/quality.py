"""How far a reading can be trusted: the five words of the Tango model, worst last."""

from __future__ import annotations

from enum import Enum


class Quality(Enum):
    """What a reading is worth; set by a channel's limits, or by the code that read it, which is never overridden."""

    VALID = "VALID"
    CHANGING = "CHANGING"
    WARNING = "WARNING"
    ALARM = "ALARM"
    INVALID = "INVALID"


ALARMING = frozenset({Quality.WARNING, Quality.ALARM})
"""Qualities that make a device in state ON be in ALARM (Tango, State evaluation)."""
