"""One operation of one device while its agent runs: start, wait, end, and the history of its runs.

Everything here happens in the loop's thread; only the author's function may run elsewhere.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from ocs.agent.author.declarations import OperationDeclaration, is_reactor_function
from ocs.agent.calling.execution import LoopTask, Worker
from ocs.agent.calling.timing import Timing
from ocs.agent.operations.body import make_body
from ocs.agent.operations.ending import Ending, ending_of
from ocs.agent.operations.holding import Holding
from ocs.agent.operations.session import AsyncSession, RunSession, Session
from ocs.model.cancellation import Cancellation, CancelReason
from ocs.model.errors import AgentLostError, BusyError, NotAllowedError, NotRunningError
from ocs.model.operation import Kind, Outcome, Status
from ocs.model.run import AGENT, Author, RunRecord
from ocs.wire.plain import plain

RUNS_KEPT = 50
GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an operation needs of its agent.

    Attributes:
        device: The author's object.
        timing: The loop.
        epoch: Start of the agent process in ns.
        next_id: Gives the number of the next run, counted over the agent.
        changed: Told when an operation's latest run changed, from the loop's thread.
        grace_s: Time that a run has for its clean-up after it was asked to end.
    """

    device: Any
    timing: Timing
    epoch: int
    next_id: Callable[[], int]
    changed: Callable[[OperationRuntime], None]
    grace_s: float = GRACE_S


class OperationRuntime:
    """An operation that can be started.

    Args:
        declaration: What the author declared.
        surroundings: What the agent provides.
    """

    def __init__(self, declaration: OperationDeclaration, surroundings: Surroundings) -> None:
        self.declaration = declaration
        self.interface = declaration.interface
        self.name = declaration.interface.name
        self.runs: deque[RunRecord] = deque(maxlen=RUNS_KEPT)
        self.published = 0
        self._around = surroundings
        self._timing = surroundings.timing
        self._log = Logger("ocs.operation")
        self._worker = Worker(f"{surroundings.device.name}.{self.name}", self._timing)
        self._waiting: dict[Deferred[bool], asyncio.TimerHandle | None] = {}
        self._cancellation: Cancellation | None = None
        self._task: LoopTask | None = None
        self._timers: list[Any] = []
        self._dirty = False
        self._refusing = False
        self._helper: Worker | LoopTask | None = None
        self._held: Callable[[], None] | None = None

    @property
    def latest(self) -> RunRecord | None:
        """The newest run, None if it never ran."""
        return self.runs[-1] if self.runs else None

    @property
    def active(self) -> bool:
        """Whether a run has not ended."""
        return self._cancellation is not None

    # -- requests --------------------------------------------------------------------------------

    def start(self, params: Mapping[str, Any] | None, author: Author = AGENT, level: int = 1) -> RunRecord:
        """Check the parameters and start a run.

        Raises:
            BusyError: A run has not ended.
            NotAllowedError: The state, or the device's own check, does not allow it now.
            ParameterError: A parameter was refused.
            AgentLostError: The agent is ending.
        """
        if self._refusing:
            raise AgentLostError(f"{self.name} cannot be started: its agent is ending", field=self.name)
        if self._cancellation is not None:
            raise self._busy()
        parameters = self.declaration.parameters
        checked = parameters.check(params) if parameters is not None else dict(params or {})
        told = plain(checked, "the parameters") if checked else {}
        holding = Holding(self._around.device, self.declaration, author.name)
        if self._around.device.set_up.reached:
            holding.begin()
        run = RunRecord(
            self._around.next_id(), self._around.epoch, self.name, self.interface.kind,
            now=self._timing.now(), params=told, author=author, level=level,
        )  # fmt: skip
        self.runs.append(run)
        self._cancellation = Cancellation()
        self._begin(run, self._cancellation, checked, holding)
        return run

    def wait(self, timeout_s: float | None = None) -> Deferred[bool]:
        """Return what fires when no run is active: True, or False after `timeout_s` seconds.

        A negative time asks without waiting; None waits for as long as it takes.
        """
        if self._cancellation is None:
            return succeed(True)
        if timeout_s is not None and timeout_s < 0:
            return succeed(False)
        waiting: Deferred[bool] = Deferred(self._forget)
        # asyncio's own timer: Twisted's costs several times more, and most waits end before it.
        later = self._timing.loop.call_later
        self._waiting[waiting] = None if timeout_s is None else later(timeout_s, self._waited, waiting)
        return waiting

    def request_end(self, reason: CancelReason) -> RunRecord:
        """Ask the active run to end; it does so at its next cancel point.

        Raises:
            NotRunningError: No run is active, or it was asked before.
            NotAllowedError: The request does not fit the kind of operation.
        """
        self._check_end(reason)
        run = self.latest
        if run is None or self._cancellation is None:
            raise NotRunningError(
                f"{self.name} is not running" + ("; it never ran" if run is None else ""), field=self.name
            )
        if not self._cancellation.request(reason):
            raise NotRunningError(f"{self.name} was already asked to end", field=self.name)
        run.advance(Status.STOPPING, self._timing.now())
        self.changed()
        if self._task is not None:
            self._task.cancel()
        self._help_to_end(run)
        self._timers.append(self._timing.later(self._around.grace_s, self._stuck, run))
        return run

    def refuse_starts(self) -> None:
        """Start nothing from now on: the agent ends, and leaves its devices safe."""
        self._refusing = True

    def close(self) -> None:
        """Let the operation's thread end."""
        self._worker.close()
        self._cancel_timers()

    # -- a run's life ----------------------------------------------------------------------------

    def _begin(self, run: RunRecord, cancellation: Cancellation, params: dict[str, Any], holding: Holding) -> None:
        blocking = self.interface.blocking
        kind_of_session = Session if blocking else AsyncSession
        session = kind_of_session(run, cancellation, self._timing, self._changed_anywhere)
        body = make_body(self.declaration, self._around.device, session, params, holding)

        def done(result: Any, error: BaseException | None) -> None:
            self._finish(run, cancellation, result, error)

        self._holding = holding
        run.advance(Status.RUNNING, self._timing.now())
        self.changed()
        if self.interface.timeout_s is not None:
            self._timers.append(self._timing.later(self.interface.timeout_s, self._timed_out, cancellation))
        if blocking:
            self._worker.run(cancellation, body, done)
        else:
            self._task = LoopTask(self._timing, cancellation, body, done)

    def _finish(self, run: RunRecord, cancellation: Cancellation, result: Any, error: BaseException | None) -> None:
        if self._helper is not None:
            # What helps it to end acts on the device still: it must not meet the next run.
            self._held = lambda: self._finish(run, cancellation, result, error)
            return
        ending: Ending = ending_of(self.declaration, cancellation, result, error)
        now = self._timing.now()
        if ending.told:
            run.add_message(ending.told, now)
        if ending.trace:
            self._log.error(
                "{device}.{op} failed\n{trace}", device=self._around.device.name, op=self.name, trace=ending.trace
            )
        run.finish(ending.outcome, now, result=ending.result, failure=ending.failure)
        self._holding.end(well=ending.outcome is Outcome.SUCCEEDED, told=ending.outcome.value)
        self._cancellation = self._task = None
        self._cancel_timers()
        self.changed()
        waiting, self._waiting = self._waiting, {}
        for deferred, timer in waiting.items():
            if timer is not None:
                timer.cancel()
            if not deferred.called:
                deferred.callback(True)

    def _timed_out(self, cancellation: Cancellation) -> None:
        if self._cancellation is cancellation and cancellation.reason is None:
            run = self.latest
            if run is not None:
                run.add_message(f"not done within its {self.interface.timeout_s:g} s", self._timing.now())
            self.request_end(CancelReason.TIMEOUT)

    def _help_to_end(self, run: RunRecord) -> None:
        ender = self.declaration.ender
        if ender is None:
            return
        session: RunSession = Session(run, Cancellation(), self._timing, self._changed_anywhere)
        device = self._around.device

        def told(_result: Any, error: BaseException | None) -> None:
            if error is not None:
                run.add_message(f"{getattr(ender, '__name__', 'the ender')} failed: {error}", self._timing.now())
            self._helper = None
            held, self._held = self._held, None
            if held is not None:
                held()

        def body() -> Any:
            return ender(device, session)

        if is_reactor_function(ender):
            self._helper = LoopTask(self._timing, Cancellation(), body, told)
        else:
            self._helper = helper = Worker(f"{device.name}.{self.name} ender", self._timing)
            helper.run(Cancellation(), body, told)
            helper.close()

    def _stuck(self, run: RunRecord) -> None:
        if run.ended or self.latest is not run:
            return
        under_way = self._helper if self._held is not None else self._task
        where = (under_way or self._worker).where()
        run.stuck = (
            f"it was asked to end {self._around.grace_s:g} s ago and is still in {where}; "
            "other operations go on, restart the agent to get rid of it"
        )
        run.add_message(f"stuck: {run.stuck}", self._timing.now())
        self.changed()

    # -- pieces ----------------------------------------------------------------------------------

    def changed(self) -> None:
        """Have the latest run pushed to clients and kept on disk, from the loop's thread."""
        self._dirty = False
        self._around.changed(self)

    def _changed_anywhere(self) -> None:
        if not self._dirty:
            self._dirty = True
            self._timing.soon(self.changed)

    def _check_end(self, reason: CancelReason) -> None:
        kind = self.interface.kind
        if reason is CancelReason.STOP and kind is not Kind.PROCESS:
            raise NotAllowedError(f"{self.name} is a task: abort it, or wait until it ends", field=self.name)
        if reason is CancelReason.ABORT and kind is not Kind.TASK:
            raise NotAllowedError(f"{self.name} is a process: stop it", field=self.name)
        if reason is CancelReason.ABORT and not self.interface.abortable:
            raise NotAllowedError(f"{self.name} cannot be aborted; wait until it ends", field=self.name)

    def _busy(self) -> BusyError:
        run = self.latest
        since = "" if run is None else f" since {self._timing.now() - run.start_time:.0f} s"
        ending = "abort it" if self.interface.kind is Kind.TASK else "stop it"
        return BusyError(f"{self.name} runs already{since}; wait until it ends, or {ending}", field=self.name)

    def _waited(self, waiting: Deferred[bool]) -> None:
        del self._waiting[waiting]
        waiting.callback(False)

    def _forget(self, waiting: Deferred[bool]) -> None:
        timer = self._waiting.pop(waiting, None)
        if timer is not None:
            timer.cancel()

    def _cancel_timers(self) -> None:
        timers, self._timers = self._timers, []
        for timer in timers:
            if timer.active():
                timer.cancel()
