"""The deadline of one call, and its failure as an error of ours."""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.model.errors import DeadlineError
from ocs.realm import failures


def with_deadline(
    asked: Deferred[Any], procedure: str, timeout_s: float, loop: asyncio.AbstractEventLoop
) -> Deferred[Any]:
    """Return what fires with the result of a call, or fails with an OcsError, `timeout_s` from now at the latest.

    Cancelling it cancels the call.
    """
    late = False

    def expire() -> None:
        nonlocal late
        late = True
        asked.cancel()

    # asyncio's own timer: Twisted's costs several times more, and nearly every call ends before it.
    timer = loop.call_later(timeout_s, expire)

    def done(result: Any) -> Any:
        timer.cancel()
        return result

    def failed(failure: Any) -> Any:
        timer.cancel()
        if late:
            raise DeadlineError(f"{procedure} did not answer within {timeout_s:g} s", field=procedure)
        if failure.check(defer.CancelledError):
            return failure
        raise failures.from_wire(failure.value, procedure)

    # A Deferred of our own: at a loss autobahn takes the failure out of its, and who looks later sees nothing.
    answer: Deferred[Any] = Deferred(lambda _: asked.cancel())
    asked.addCallbacks(done, failed)
    asked.addCallbacks(answer.callback, answer.errback)
    return answer
