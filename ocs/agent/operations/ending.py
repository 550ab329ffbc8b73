"""How a run ended, from what its function returned or raised and from why it was asked to end."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import dataclass
from typing import Any

from twisted.internet import defer

from ocs.agent.author.declarations import OperationDeclaration
from ocs.agent.calling.execution import place_of
from ocs.model.cancellation import Cancellation, Cancelled, CancelReason
from ocs.model.errors import ErrorCode, OcsError
from ocs.model.operation import Kind, Outcome
from ocs.model.run import Failure
from ocs.wire.plain import plain

OUTCOMES: dict[CancelReason, Outcome] = {
    CancelReason.ABORT: Outcome.ABORTED,
    CancelReason.STOP: Outcome.STOPPED,
    CancelReason.TIMEOUT: Outcome.TIMED_OUT,
    CancelReason.SHUTDOWN: Outcome.INTERRUPTED,
}
CANCELLED = (Cancelled, asyncio.CancelledError, defer.CancelledError)


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a run: outcome, result or failure, a line for its messages, a trace for the log."""

    outcome: Outcome
    result: Any = None
    failure: Failure | None = None
    told: str = ""
    trace: str = ""


def ending_of(
    declaration: OperationDeclaration, cancellation: Cancellation, result: Any, error: BaseException | None
) -> Ending:
    """Return how a run ended.

    A task that finishes its work before it learns of an abort has succeeded. A process that returns after
    it was asked to stop was stopped.
    """
    reason = cancellation.reason
    if isinstance(error, CANCELLED) and reason is not None:
        return Ending(OUTCOMES[reason])
    if error is not None:
        return failed(error)
    try:
        checked = plain(declaration.result.check(result), "the result")
    except OcsError as unfit:
        return Ending(Outcome.FAILED, failure=Failure(unfit.code, unfit.message), told=f"ERROR: {unfit.message}")
    except Exception as broken:  # noqa: BLE001 - a result of an author's own type may do anything when it is read
        return failed(broken)
    if reason is None or (declaration.interface.kind is Kind.TASK and not cancellation.delivered):
        return Ending(Outcome.SUCCEEDED, checked)
    return Ending(OUTCOMES[reason], checked)


def failed(error: BaseException) -> Ending:
    """Return the end of a run whose function raised `error`."""
    kind, place = type(error).__name__, place_of(error)
    if isinstance(error, OcsError):
        failure = Failure(error.code, error.message, kind, place)
        return Ending(Outcome.FAILED, failure=failure, told=f"ERROR: {error.message}")
    text = _text_of(error)
    failure = Failure(ErrorCode.FAILED, f"{kind}: {text}" if text else kind, kind, place)
    # Half a surrogate pair in a text would break whatever the log is written to.
    trace = "".join(traceback.format_exception(error)).encode("utf-8", "replace").decode("utf-8")
    return Ending(Outcome.FAILED, failure=failure, told=f"CRASH: {failure.message} in {place}", trace=trace)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as worse:  # noqa: BLE001 - an error whose text fails must still end the run
        return f"its text cannot be made ({type(worse).__name__})"
