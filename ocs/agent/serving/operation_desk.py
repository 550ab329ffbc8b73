"""What clients ask of a device's operations: `R.D.ops`, in the words of OCS 0.12 and ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.operations.operation import OperationRuntime
from ocs.model.cancellation import CancelReason
from ocs.model.errors import MissingParameterError, NotFoundError, NotRunningError, OcsError, ParameterError
from ocs.model.operation import Action, ReplyCode
from ocs.model.run import Author
from ocs.wire import sessions
from ocs.wire.replies import Reply, refusal

_ACTIONS = [known.value for known in Action]

Caller = tuple[str, str, int | None]
Earlier = Mapping[str, list[dict[str, Any]]]


class OperationDesk:
    """Answers requests on one device's operations.

    Args:
        name: Of the device.
        operations: Gives its operations as they are now.
        earlier: Sessions of earlier agent processes, by operation, oldest first.
    """

    def __init__(self, name: str, operations: Callable[[], Mapping[str, OperationRuntime]], earlier: Earlier) -> None:
        self._name = name
        self._operations = operations
        self._earlier = earlier

    def answer(
        self,
        caller: Caller,
        action: Any = None,
        op_name: Any = None,
        params: Any = None,
        timeout: float | None = None,
        password: Any = None,  # noqa: ARG002 - sent by clients of OCS; there is no access policy yet
        *extra: Any,
        **unknown: Any,
    ) -> Any:
        """Answer `R.D.ops`: the 3-list, or what fires with it when the run ends."""
        try:
            if extra or unknown:
                raise ParameterError(
                    f"a request has action, op_name, params, timeout and password; "
                    f"it has no {next(iter(unknown), 'more')}"
                )
            operation = self.found(action, op_name)
            return self._act(caller, Action(action), operation, params, _seconds(timeout))
        except OcsError as error:
            current = self._operations().get(op_name) if isinstance(op_name, str) else None
            busy = current.latest if current is not None and current.active else None
            return refusal(error, None if busy is None else sessions.encode_run(busy)).encode()

    def found(self, action: Any, op_name: Any) -> OperationRuntime:
        """Return the operation that a request names.

        Raises:
            MissingParameterError: It names none.
            NotFoundError: There is no such action or operation.
        """
        if action is None or op_name is None:
            raise MissingParameterError("a request names an action and an operation, as in ('start', 'acq')")
        if action not in _ACTIONS:
            raise NotFoundError(f"there is no action {action!r}; there are {', '.join(_ACTIONS)}", allowed=_ACTIONS)
        operation = self._operations().get(str(op_name))
        if operation is None:
            known = ", ".join(self._operations()) or "none"
            raise NotFoundError(
                f"{self._name} has no operation {op_name!r}; it has {known}",
                field=str(op_name), allowed=list(self._operations()),
            )  # fmt: skip
        return operation

    def _act(
        self, caller: Caller, action: Action, operation: OperationRuntime, params: Any, timeout: float | None
    ) -> Any:
        if action is Action.STATUS:
            return self._status(operation).encode()
        if action is Action.WAIT:
            return self._ended(operation, timeout)
        if action is Action.ABORT:
            _check_run(operation, params)
            run = operation.request_end(CancelReason.ABORT)
            return Reply(ReplyCode.OK, f'Requested abort on task "{run.op_name}".', sessions.encode_run(run)).encode()
        if action is Action.STOP:
            _check_run(operation, params)
            run = operation.request_end(CancelReason.STOP)
            return Reply(ReplyCode.OK, f'Requested stop on process "{run.op_name}".', sessions.encode_run(run)).encode()
        run = operation.start(params, Author(*caller))
        if action is Action.RUN:
            return self._ended(operation, timeout)
        kind = operation.interface.kind.value
        return Reply(ReplyCode.OK, f'Started {kind} "{run.op_name}".', sessions.encode_run(run)).encode()

    def _status(self, operation: OperationRuntime) -> Reply:
        run = operation.latest
        if run is not None:
            return Reply(ReplyCode.OK, "Session active.", sessions.encode_run(run))
        earlier = self._earlier.get(operation.name)
        return Reply(ReplyCode.OK, "No session active.", earlier[-1] if earlier else {})

    def _ended(self, operation: OperationRuntime, timeout: float | None) -> Any:
        run = operation.latest
        if run is None:
            return Reply(ReplyCode.OK, "Idle.").encode()

        def answer(ended: bool) -> list[Any]:  # noqa: FBT001 - the result of a Deferred
            session = sessions.encode_run(run)
            if not ended:
                return Reply(
                    ReplyCode.TIMEOUT, f'Operation "{run.op_name}" still running; wait timed out.', session
                ).encode()
            word = "SUCCEEDED" if run.success else "FAILED"
            return Reply(
                ReplyCode.OK, f'Operation "{run.op_name}" is currently not running ({word}).', session
            ).encode()

        waiting: Deferred[bool] = operation.wait(timeout)
        return waiting.addCallback(answer)

    def history(self, op: str = "", count: int = 50) -> list[dict[str, Any]]:
        """Return the sessions of an operation's newest runs, oldest first, those of earlier processes included.

        Raises:
            NotFoundError: There is no such operation.
        """
        if op not in self._operations():
            raise NotFoundError(f"{self._name} has no operation {op!r}; it has {', '.join(self._operations())}")
        recent = [sessions.encode_run(run) for run in self._operations()[op].runs]
        return [*self._earlier.get(op, []), *recent][-max(1, min(int(count), 50)) :]


def _check_run(operation: OperationRuntime, params: Any) -> None:
    """Make sure that a request to end means the run that is active; one that names no run means whichever is."""
    wanted = params.get("run_id") if isinstance(params, Mapping) else None
    run = operation.latest
    if wanted and run is not None and run.run_id != wanted:
        raise NotRunningError(
            f"that run of {operation.name} has ended; the run since then is another one and goes on",
            field="run_id", given=wanted,
        )  # fmt: skip


def _seconds(timeout: Any) -> float | None:
    if timeout is None or timeout == math.inf:
        return None
    if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and not math.isnan(timeout):
        return timeout
    raise ParameterError(f"timeout is {timeout!r}; it is a time in seconds, or nothing", field="timeout", given=timeout)
