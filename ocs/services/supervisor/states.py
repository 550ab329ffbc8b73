"""The life of one child process: its states, the one table of transitions, and when it is started again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ocs.model.errors import ExitCode

FIRST_PAUSE_S = 1.0
PAUSE_FACTOR = 2.0
LONGEST_PAUSE_S = 30.0

SOUND_S = 60.0
"""After so many seconds at work the next failure counts as the first again."""

HOPELESS = frozenset({ExitCode.USAGE.value, ExitCode.CONFIGURATION.value, ExitCode.DUPLICATE.value})
"""Exit codes after which another start would end in the same way."""


class ChildState(Enum):
    """Where a child is: `pausing` waits for its next start, `failed` is not started again by itself."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    PAUSING = "pausing"
    FAILED = "failed"


NEXT: dict[ChildState, frozenset[ChildState]] = {
    ChildState.STOPPED: frozenset({ChildState.STARTING, ChildState.FAILED}),
    ChildState.STARTING: frozenset(
        {ChildState.RUNNING, ChildState.STOPPING, ChildState.PAUSING, ChildState.FAILED}
    ),
    ChildState.RUNNING: frozenset({ChildState.STOPPING, ChildState.PAUSING, ChildState.FAILED}),
    ChildState.STOPPING: frozenset({ChildState.STOPPED}),
    ChildState.PAUSING: frozenset({ChildState.STARTING, ChildState.STOPPED, ChildState.FAILED}),
    ChildState.FAILED: frozenset({ChildState.STARTING}),
}  # fmt: skip
"""The transitions that a child may take; every other one is refused."""

ALIVE = frozenset({ChildState.STARTING, ChildState.RUNNING, ChildState.STOPPING})
"""States in which there is a process."""


def pause_s(failures: int) -> float:
    """Return the pause before the next start, in s, after `failures` (1 and up) failures in a row."""
    steps = min(max(failures, 1) - 1, 30)
    return float(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * PAUSE_FACTOR**steps))


@dataclass(slots=True)
class ChildRecord:
    """What is known of one child; times are POSIX seconds, UTC.

    Attributes:
        state: Where it is.
        since: Since when.
        pid: Its process; None when there is none.
        starts: How often it was started.
        failures: How often it ended by itself in a row, each time before it counted as sound.
        last_words: Why it ended, in its own words.
    """

    state: ChildState = ChildState.STOPPED
    since: float = 0.0
    pid: int | None = None
    starts: int = 0
    failures: int = 0
    last_words: str = ""

    @property
    def restarts(self) -> int:
        """How often it was started after the first time."""
        return max(0, self.starts - 1)

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self.state in ALIVE

    def begin(self, pid: int, now: float) -> bool:
        """Take note that the process was started."""
        if not self._advance(ChildState.STARTING, now):
            return False
        self.pid = pid
        self.starts += 1
        return True

    def arrive(self, now: float) -> bool:
        """Take note that it does its work: a router answers, an agent is heard."""
        return self._advance(ChildState.RUNNING, now)

    def ask_to_stop(self, now: float) -> bool:
        """Take note that it was asked to end; where there is no process it is stopped at once."""
        self.failures = 0
        if self.state is ChildState.PAUSING:
            return self._advance(ChildState.STOPPED, now)
        return self._advance(ChildState.STOPPING, now)

    def refuse(self, words: str, now: float) -> bool:
        """Take note that no process could be started at all; False while there is one."""
        if self.alive:
            return False
        self.last_words = words
        return self._advance(ChildState.FAILED, now)

    def end(self, code: int, words: str, now: float) -> float | None:
        """Take note that the process ended.

        Args:
            code: Its exit code; negative for a signal.
            words: The last line that it wrote.
            now: The time.

        Returns:
            The pause in s before it is to be started again; None when it is not.
        """
        self.pid = None
        if self.state is ChildState.STOPPING:
            self._advance(ChildState.STOPPED, now)
            return None
        sound = self.state is ChildState.RUNNING and now - self.since >= SOUND_S
        self.failures = 1 if sound else self.failures + 1
        self.last_words = words
        if code in HOPELESS:
            self._advance(ChildState.FAILED, now)
            return None
        self._advance(ChildState.PAUSING, now)
        return pause_s(self.failures)

    def _advance(self, state: ChildState, now: float) -> bool:
        if state not in NEXT[self.state]:
            return False
        self.state = state
        self.since = now
        return True


def told_code(code: int) -> str:
    """Return an exit code in words."""
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
