"""Events that wait for whoever follows a topic: all of them, the newest, or one in a while; what is missed is counted.

    mailbox = Mailbox("observatory.oven.events.temperature.change", keep=2.0)

is filled from any thread and emptied by one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ocs.model.errors import ParameterError, RouterLostError

LONGEST_QUEUE = 10_000

Keep = str | float
"""Which events wait: "all", "latest", or a time in s, at most one event in which is given out."""


@dataclass(slots=True)
class Letter:
    """One event of a topic.

    Attributes:
        topic: Its topic.
        args: Its arguments.
        lost: How many were missed since the letter before; those left out by wish do not count.
        restarted: Whether the agent process is another one than that of the letter before.
    """

    topic: str
    args: list[Any]
    lost: int = 0
    restarted: bool = False


class Numbering:
    """Tells from the numbers of a topic's events which of them were missed."""

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None

    def take(self, args: list[Any]) -> tuple[int, bool]:
        """Return how many were missed before this event, and whether it is the first of another agent process."""
        seq, epoch = numbers_of(args)
        before = self._last
        if not seq:
            return 0, False
        if before is None or epoch != before[1]:
            self._last = seq, epoch
            return (0, False) if before is None else (seq - 1, True)
        self._last = max(seq, before[0]), epoch
        return max(0, seq - before[0] - 1), False


def numbers_of(args: list[Any]) -> tuple[int, int]:
    """Return `seq` and `epoch` of an event, 0 where it has none: of its payload, or of a feed's `feed_info`."""
    told = args[0] if args else None
    if isinstance(told, (list, tuple)) and len(told) == 2:  # noqa: PLR2004 - a message and its feed_info
        told = told[1]
    if not isinstance(told, Mapping):
        return 0, 0
    seq, epoch = told.get("seq"), told.get("epoch")
    return seq if isinstance(seq, int) else 0, epoch if isinstance(epoch, int) else 0


class Mailbox:
    """The letters of one topic.

    Args:
        topic: The topic.
        keep: Which letters wait: "all", of which the oldest are dropped and counted when there are too many;
            "latest"; or a time in s, in which at most one, the newest, is given out.
        longest: Most letters that wait.

    Attributes:
        wake: Called, in any thread, when there may be something to take.

    Raises:
        ParameterError: `keep` is something else.
    """

    def __init__(self, topic: str, keep: Keep = "all", longest: int = LONGEST_QUEUE) -> None:
        self.topic = topic
        self.wake: Callable[[], None] = lambda: None
        self._period_s = _period(keep)
        self._all = self._period_s is None
        self._longest = longest if self._all else 1
        self._letters: deque[Letter] = deque()
        self._numbering = Numbering()
        self._next_s = 0.0
        self._over = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._letters)

    def put(self, topic: str, args: list[Any]) -> None:
        """Add an event."""
        with self._lock:
            letter = Letter(topic, args, *self._numbering.take(args))
            was_empty = not self._letters
            self._letters.append(letter)
            if len(self._letters) > self._longest:
                self._drop_oldest()
        if was_empty:
            self.wake()

    def end(self) -> None:
        """Tell whoever takes letters that none will come any more: the client leaves the realm."""
        self._over = True
        self.wake()

    def take(self, now_s: float) -> Letter | None:
        """Return the next letter, None where none may be given out now.

        Raises:
            RouterLostError: The client left the realm.
        """
        with self._lock:
            if not self._letters and self._over:
                raise RouterLostError("the client left the realm while it followed a topic", field=self.topic)
            if not self._letters or (now_s < self._next_s and not self._over):
                return None
            if self._period_s is not None:
                self._next_s = now_s + self._period_s
            return self._letters.popleft()

    def due_in(self, now_s: float) -> float | None:
        """Return after how many seconds a letter that waits may be taken; None where none waits."""
        return max(0.0, self._next_s - now_s) if self._letters else None

    def _drop_oldest(self) -> None:
        oldest = self._letters.popleft()
        heir = self._letters[0]
        heir.lost += oldest.lost + (1 if self._all else 0)
        heir.restarted = heir.restarted or oldest.restarted


def _period(keep: Keep) -> float | None:
    """Return the time between two letters in s, None where all are kept."""
    if keep == "all":
        return None
    if keep == "latest":
        return 0.0
    if isinstance(keep, (int, float)) and not isinstance(keep, bool) and keep >= 0:
        return float(keep)
    raise ParameterError(
        f"keep is {keep!r}; it is all, latest, or a time in s in which one event is enough",
        field="keep", given=repr(keep), allowed=["all", "latest", "a time in s"],
    )  # fmt: skip
