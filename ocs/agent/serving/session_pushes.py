"""Changes of sessions as events: the latest state at most ten times a second, each end told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocs.agent.calling.timing import Timing
from ocs.agent.operations.operation import OperationRuntime
from ocs.model.interface import Identity
from ocs.model.run import RunRecord
from ocs.wire import sessions, uris

PUSH_PERIOD_S = 0.1
"""Changes of a session are pushed at most so often, in s, the latest state only."""

ENDS_TOLD = 4
"""An event carries the ends of at most so many runs that the newest one followed; more are in the history."""


class SessionPushes:
    """Tells clients of one device's runs.

    Args:
        identity: The device.
        timing: The loop.
        publish: Sends a payload to a topic.
    """

    def __init__(self, identity: Identity, timing: Timing, publish: Callable[[str, Any], bool]) -> None:
        self._identity = identity
        self._timing = timing
        self._publish = publish
        self._waiting: dict[OperationRuntime, tuple[Any, int]] = {}
        self._closed = False

    def changed(self, operation: OperationRuntime, run: RunRecord) -> None:
        """Have the latest state of an operation's runs told soon."""
        if operation not in self._waiting and not self._closed:
            timer = self._timing.later(PUSH_PERIOD_S, self._push, operation)
            self._waiting[operation] = (timer, run.session_id)

    def close(self) -> None:
        """Tell now what was to be told soon: how the runs ended."""
        for operation in list(self._waiting):
            self._push(operation)
        self._closed = True

    def _push(self, operation: OperationRuntime) -> None:
        timer, since = self._waiting.pop(operation)
        if timer.active():
            timer.cancel()
        operation.published += 1
        identity = self._identity
        topic = uris.sessions(identity.root, identity.name, operation.name)
        number = {"seq": operation.published, "epoch": identity.epoch}
        *earlier, run = (run for run in operation.runs if run.session_id >= since)
        self._publish(topic, {**sessions.encode_run(run), **number, **_ends(earlier)})


def _ends(earlier: list[RunRecord]) -> dict[str, Any]:
    """Return the runs that began and ended since the last event, for whoever follows one of them."""
    return {"earlier": [sessions.encode_run(run) for run in earlier[-ENDS_TOLD:]]} if earlier else {}
