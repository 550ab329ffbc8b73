"""Following a run to its end, pushed by its device; looked at again from time to time in case a push was lost."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

from ocs.client.session import Session
from ocs.client.surface import Operation, Run
from ocs.model.errors import DeadlineError

LOOK_AGAIN_S = 5.0
LOOK_AGAIN_AT_OCS_S = 1.0
"""Agents of OCS do not push sessions."""


def follow(client: Any, operation: Operation, session: Session, timeout_s: float | None) -> Iterator[Session]:
    """Yield the run's session at each change; the last one has ended.

    Args:
        client: The client.
        operation: The operation.
        session: The run, as it was last known.
        timeout_s: After so many seconds the wait ends; the run does not.

    Raises:
        DeadlineError: The run has not ended by then.
    """
    run = Run(client, operation, session)
    events: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
    pushed = operation.requests.speaks_ours
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    subscription = client.subscribe(run.topic, lambda _topic, args: events.put(args), "exact")
    try:
        current = _own(operation, session)
        while True:
            yield current
            if current.ended:
                return
            pause = LOOK_AGAIN_S if pushed else LOOK_AGAIN_AT_OCS_S
            left = pause if deadline is None else min(pause, deadline - time.monotonic())
            if left <= 0:
                raise DeadlineError(
                    f"{operation.address} still runs after {timeout_s:g} s; it goes on, and "
                    f"`ocs wait {operation.requests.name} {operation.name}` waits again"
                )
            try:
                current = run.take(events.get(timeout=left)) or current
            except queue.Empty:
                current = _own(operation, session)
    finally:
        subscription.close()


def _own(operation: Operation, session: Session) -> Session:
    """Return the newest state of this very run, though another may have been started since."""
    newest: Session | None = operation.status()
    if newest is None or newest.session_id == session.session_id:
        return newest or session
    earlier: list[Session] = operation.history()
    same = [run for run in earlier if run.run_id == session.run_id and run.session_id == session.session_id]
    return same[-1] if same else session
