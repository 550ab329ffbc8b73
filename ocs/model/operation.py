"""The life of one run of an operation: its states, its ends, and the one table of transitions.

The words of `Status` and the numbers of `OpCode` are those of OCS 0.12 (its base module), so that its
clients read them; `Outcome` says more about the end.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """Whether an operation ends by itself (task), when it is stopped (process), or in the call (command)."""

    TASK = "task"
    PROCESS = "process"
    COMMAND = "command"


class Action(Enum):
    """What a client may ask of an operation."""

    START = "start"
    STATUS = "status"
    WAIT = "wait"
    ABORT = "abort"
    STOP = "stop"
    RUN = "run"


class Status(Enum):
    """Where a run is; it only ever moves forward."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"


class Outcome(Enum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABORTED = "aborted"
    STOPPED = "stopped"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"


class ReplyCode(Enum):
    """Whether a request was taken: the first element of each reply."""

    OK = 0
    ERROR = -1
    TIMEOUT = 1


class OpCode(Enum):
    """One number for the state of an operation, sent with each heartbeat."""

    NONE = 1
    STARTING = 2
    RUNNING = 3
    STOPPING = 4
    SUCCEEDED = 5
    FAILED = 6
    EXPIRED = 7
    DEGRADED = 8


NEXT: dict[Status, frozenset[Status]] = {
    Status.STARTING: frozenset({Status.RUNNING, Status.STOPPING, Status.DONE}),
    Status.RUNNING: frozenset({Status.STOPPING, Status.DONE}),
    Status.STOPPING: frozenset({Status.DONE}),
    Status.DONE: frozenset(),
}
"""The transitions that a run may take; every other one is refused."""

SUCCESS: dict[Outcome, bool] = {
    Outcome.SUCCEEDED: True,
    Outcome.STOPPED: True,
    Outcome.FAILED: False,
    Outcome.ABORTED: False,
    Outcome.TIMED_OUT: False,
    Outcome.INTERRUPTED: False,
}
"""What `success` says for each end: stopping is how a process is meant to end."""

_CODES: dict[Status, OpCode] = {
    Status.STARTING: OpCode.STARTING,
    Status.RUNNING: OpCode.RUNNING,
    Status.STOPPING: OpCode.STOPPING,
}


def op_code(status: Status | None, *, success: bool | None, degraded: bool) -> OpCode:
    """Return the number for a run in `status` (None: it never ran)."""
    if status is None:
        return OpCode.NONE
    if status is Status.DONE:
        return OpCode.SUCCEEDED if success else OpCode.FAILED
    if status is Status.RUNNING and degraded:
        return OpCode.DEGRADED
    return _CODES[status]
