"""The record of one run of an operation: what every client sees as its session."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from ocs.model.errors import ErrorCode
from ocs.model.operation import NEXT, SUCCESS, Kind, OpCode, Outcome, Status, op_code

MESSAGES_KEPT = 1000
"""Messages that one run keeps; older ones are dropped and counted."""

MESSAGE_LENGTH = 4000
"""Characters kept of one message."""

_TOLD = {status: f'Status is now "{status.value}".' for status in Status}
"""The message of each change of status, in the words of OCS 0.12."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who started a run: the router's word for the caller, not the caller's own.

    Attributes:
        name: authid of the caller, or `agent` for a run that the agent started itself.
        role: Role of the caller at the router; empty when the router does not disclose it.
        session: Number of the caller's router session; None for the agent itself.
    """

    name: str = ""
    role: str = ""
    session: int | None = None


AGENT = Author(name="agent")
"""The author of what an agent starts by itself."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed, for programs (code), people (message) and the author of the driver (type, place)."""

    code: ErrorCode
    message: str
    type: str = ""
    place: str = ""


class RunRecord:
    """One run: parameters, author, status, messages, progress, data, and in the end outcome and result.

    Times are POSIX seconds, UTC. The record changes by its methods only; each refuses what the table of
    transitions does not have. `data` belongs to the running function, which may set or update it.

    Args:
        session_id: Number of the run, counted over all operations of the agent process.
        epoch: Start of the agent process in ns; with `session_id` it names the run for ever.
        op_name: Name of the operation.
        kind: Task or process.
        now: The time at which it was asked for.
        params: The checked parameters.
        author: Who asked for it.
        level: The level at which it was started, 0 to 4.

    Attributes:
        run_id: Name of the run, unique over restarts of the agent.
        success: None until the run ended.
    """

    __slots__ = (
        "author", "data", "degraded", "end_time", "epoch", "failure", "kind", "level", "messages",
        "messages_dropped", "op_name", "outcome", "params", "progress", "progress_text", "result",
        "run_id", "session_id", "start_time", "status", "stuck", "success",
    )  # fmt: skip

    def __init__(
        self,
        session_id: int,
        epoch: int,
        op_name: str,
        kind: Kind,
        *,
        now: float,
        params: dict[str, Any],
        author: Author = AGENT,
        level: int = 1,
    ) -> None:
        self.session_id = session_id
        self.epoch = epoch
        self.run_id = f"{epoch}-{session_id}"
        self.op_name = op_name
        self.kind = kind
        self.params = params
        self.author = author
        self.level = level
        self.status = Status.STARTING
        self.degraded = False
        self.start_time = now
        self.end_time: float | None = None
        self.data: Any = {}
        self.messages: deque[tuple[float, str]] = deque(maxlen=MESSAGES_KEPT)
        self.messages_dropped = 0
        self.progress: float | None = None
        self.progress_text = ""
        self.outcome: Outcome | None = None
        self.success: bool | None = None
        self.result: Any = None
        self.failure: Failure | None = None
        self.stuck = ""
        self.add_message(_TOLD[Status.STARTING], now)

    @property
    def op_code(self) -> OpCode:
        """The number for the heartbeat."""
        return op_code(self.status, success=self.success, degraded=self.degraded)

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.status is Status.DONE

    def add_message(self, text: str, now: float) -> None:
        """Append a line to the run's messages."""
        if len(self.messages) == MESSAGES_KEPT:
            self.messages_dropped += 1
        self.messages.append((now, text[:MESSAGE_LENGTH]))

    def advance(self, status: Status, now: float) -> bool:
        """Move on to `status`; False, and no change, when the table does not allow it."""
        if status not in NEXT[self.status]:
            return False
        self.status = status
        self.add_message(_TOLD[status], now)
        return True

    def set_progress(self, fraction: float, text: str = "") -> None:
        """Tell how much of the work is done.

        Args:
            fraction: 0 to 1; values outside are clipped.
            text: What is being done, in a few words.
        """
        self.progress = min(1.0, max(0.0, float(fraction)))
        self.progress_text = text

    def finish(
        self,
        outcome: Outcome,
        now: float,
        *,
        result: Any = None,
        failure: Failure | None = None,
    ) -> bool:
        """End the run; False when it had ended before."""
        if self.ended:
            return False
        self.outcome = outcome
        self.success = SUCCESS[outcome]
        self.result = result
        self.failure = failure
        self.stuck = ""
        self.end_time = now
        if outcome is Outcome.SUCCEEDED and self.progress is not None:
            self.progress = 1.0
        return self.advance(Status.DONE, now)
