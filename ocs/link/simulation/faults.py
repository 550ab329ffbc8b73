"""What goes wrong on the way from an instrument: ordered from outside, for the next n answers; pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

LATE_S = 3.0


class Fault(Enum):
    """One way to spoil an answer."""

    LOST_BYTES = "lost_bytes"
    """One byte in the middle does not arrive."""
    WRONG_TERMINATOR = "wrong_terminator"
    """The line ends with a byte that does not end it."""
    GARBAGE = "garbage"
    """Random bytes above 127 instead of the text."""
    SILENT = "silent"
    """The instrument obeys and says nothing."""
    LATE = "late"
    """The answer comes some seconds late."""


@dataclass(frozen=True)
class Emission:
    """Bytes for the line, and how many seconds later than usual they leave."""

    data: bytes
    delay_s: float = 0.0


class Faults:
    """The faults that are still to come; each answer takes one.

    Args:
        chance: Draws the garbage; seeded, so that a failing test can be repeated.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._left: dict[Fault, int] = {}
        self._late_s = LATE_S

    def order(self, fault: Fault, count: int, late_s: float = LATE_S) -> None:
        """Spoil the next `count` answers by `fault`; 0 ends it."""
        self._left.pop(fault, None)
        if count > 0:
            self._left[fault] = count
        self._late_s = late_s

    @property
    def left(self) -> dict[Fault, int]:
        """How many answers each fault will still spoil."""
        return dict(self._left)

    def spoil(self, answer: bytes, terminator: bytes) -> Emission | None:
        """Return what really leaves for one answer; None when nothing does."""
        whole = answer + terminator
        fault = self._next()
        if fault is None:
            return Emission(whole)
        if fault is Fault.SILENT:
            return None
        if fault is Fault.LATE:
            return Emission(whole, self._late_s)
        if fault is Fault.WRONG_TERMINATOR:
            return Emission(answer + (b"\t" if terminator != b"\t" else b" "))
        if fault is Fault.LOST_BYTES:
            middle = len(answer) // 2
            return Emission(answer[:middle] + answer[middle + 1 :] + terminator)
        noise = bytes(self._chance.randrange(128, 256) for _ in range(max(4, len(answer))))
        return Emission(noise + terminator)

    def _next(self) -> Fault | None:
        fault = next(iter(self._left), None)
        if fault is not None:
            self.order(fault, self._left[fault] - 1, self._late_s)
        return fault
