"""A run as a client sees it: the session of the wire as a typed object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ocs.model.errors import AbortedError, OcsError, OperationFailedError, make_error
from ocs.model.operation import Outcome, Status
from ocs.model.run import Failure
from ocs.wire.sessions import decode_failure


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a run is done: 0 to 1 (None when the operation does not tell), and what it does."""

    fraction: float | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One run of an operation at one moment.

    Attributes:
        op_name: The operation.
        session_id: Number of the run in its agent process.
        run_id: Name of the run, unique over restarts; empty for agents of OCS.
        status: starting, running, stopping or done.
        outcome: How it ended; None while it runs.
        success: None until it ended.
        degraded: Whether it goes on with less than it should have.
        start_time: POSIX s, UTC.
        end_time: POSIX s, UTC; None while it runs.
        params: The parameters it was started with.
        author: Who started it, as the router tells.
        progress: How much is done.
        result: What a task gave back.
        data: What the operation keeps for all to see.
        messages: Its lines, oldest first, each with its time.
        failure: Why it failed.
        stuck: Where it hangs after it was asked to end; empty when it does not.
        raw: The session as it came.
    """

    op_name: str
    session_id: int
    run_id: str
    status: Status
    outcome: Outcome | None
    success: bool | None
    degraded: bool
    start_time: float
    end_time: float | None
    params: Mapping[str, Any]
    author: Mapping[str, Any]
    progress: Progress
    result: Any
    data: Any
    messages: tuple[tuple[float, str], ...]
    failure: Failure | None
    stuck: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.status is Status.DONE

    def is_of(self, other: Session) -> bool:
        """Whether both are of the same run; agents of OCS tell the number only."""
        same_number = self.session_id == other.session_id
        return same_number and (self.run_id == other.run_id or not (self.run_id and other.run_id))

    @property
    def elapsed_s(self) -> float:
        """How long it ran, or has run until now, in s."""
        end = datetime.now(UTC).timestamp() if self.end_time is None else self.end_time
        return max(0.0, end - self.start_time)

    @property
    def sentence(self) -> str:
        """The run in one sentence."""
        if not self.ended:
            done = "" if self.progress.fraction is None else f", {self.progress.fraction:.0%} done"
            return f"{self.op_name} {self.status.value} for {self.elapsed_s:.1f} s{done}"
        why = f": {self.failure.message}" if self.failure is not None else ""
        word = (self.outcome or Outcome.FAILED).value.replace("_", " ")
        return f"{self.op_name} {word} after {self.elapsed_s:.1f} s{why}"

    def check(self, device: str) -> Session:
        """Return the session if the run ended well.

        Raises:
            AbortedError: It was aborted, or interrupted.
            OcsError: It failed; code and sentence are those of the device.
        """
        if self.success or not self.ended:
            return self
        raise self.error(device)

    def error(self, device: str) -> OcsError:
        """Return the exception for a run that did not end well."""
        where = f"{device}.{self.op_name}"
        if self.failure is not None:
            place = f" (in {self.failure.place})" if self.failure.place else ""
            return make_error(self.failure.code, f"{where} failed: {self.failure.message}{place}", field=where)
        if self.outcome in {Outcome.ABORTED, Outcome.INTERRUPTED}:
            return AbortedError(f"{where} was {self.outcome.value} after {self.elapsed_s:.1f} s", field=where)
        last = next((text for _, text in reversed(self.messages) if not text.startswith("Status is now")), "")
        word = "ran into its time limit" if self.outcome is Outcome.TIMED_OUT else "failed"
        return OperationFailedError(f"{where} {word}{': ' + last if last else ''}", field=where)


def decode_session(raw: Mapping[str, Any] | None) -> Session | None:
    """Return the session in a reply, None when the operation never ran; keys that a peer lacks are filled in."""
    if not raw or raw.get("status") in {None, "no_history"}:
        return None
    progress = raw.get("progress") or {}
    return Session(
        op_name=raw["op_name"],
        session_id=raw["session_id"],
        run_id=raw.get("run_id", ""),
        status=Status(raw["status"]),
        outcome=_outcome(raw),
        success=raw.get("success"),
        degraded=bool(raw.get("degraded")),
        start_time=raw["start_time"],
        end_time=raw.get("end_time"),
        params=raw.get("params") or {},
        author=raw.get("author") or {},
        progress=Progress(progress.get("fraction"), progress.get("message", "")),
        result=raw.get("result"),
        data=raw.get("data"),
        messages=tuple((moment, text) for moment, text in raw.get("messages", ())),
        failure=decode_failure(raw.get("error")),
        stuck=raw.get("stuck", ""),
        raw=raw,
    )


def _outcome(raw: Mapping[str, Any]) -> Outcome | None:
    word = raw.get("outcome")
    if word is not None:
        return Outcome(word)
    if raw.get("status") != Status.DONE.value:
        return None
    return Outcome.SUCCEEDED if raw.get("success") else Outcome.FAILED
