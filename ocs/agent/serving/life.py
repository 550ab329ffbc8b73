"""How one device is set up, set up anew, and left safe: in threads of their own, at most one at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from ocs.agent.calling.execution import Worker, run_in_loop
from ocs.agent.calling.failing import told_of
from ocs.agent.calling.timing import Timing
from ocs.agent.channels.runtime import ChannelRuntime
from ocs.agent.device import Device
from ocs.agent.operations.operation import OperationRuntime
from ocs.agent.serving.links import close_link, open_link
from ocs.model.cancellation import CancelReason
from ocs.model.errors import BusyError, ConfigurationError, ErrorCode, NotRunningError, OcsError

SHUTDOWN_S = 10.0

Operations = Callable[[], list[OperationRuntime]]


class Life:
    """Sets a device up and ends it.

    Args:
        device: The device, attached.
        timing: The loop.
        simulators: Folder in which simulators tell their ports.
        operations: Gives its operations as they are now.
        grace_s: Time that a run has for its clean-up.
        again: Sets it up anew, where a class wants that after a failure.
    """

    def __init__(
        self,
        device: Device,
        timing: Timing,
        simulators: Path,
        operations: Operations,
        grace_s: float,
        again: Callable[[], Deferred[str]],
    ) -> None:
        self._device = device
        self._timing = timing
        self._simulators = simulators
        self._operations = operations
        self._grace_s = grace_s
        self._renew = again
        self._next_try: Any = None
        self._initialising = False
        self._ending = False
        self._log = Logger("ocs.agent")

    def set_up(self) -> Deferred[bool]:
        """Open the links and set the device up; fires with whether that went well, and never fails."""
        device = self._device

        def body() -> list[ChannelRuntime]:
            for declaration in device.declared_links:
                if device.device_link is None:
                    open_link(device, declaration, self._simulators)
            device.state.chosen = False
            device.set_up_anew()
            device.setup()
            return device.acquisition.restore()

        def late(channels: list[ChannelRuntime]) -> Deferred[None]:
            return run_in_loop(self._timing, lambda: device.acquisition.restore_in_loop(channels))

        return self._in_thread("setup", body).addCallback(late).addBoth(self._was_set_up)

    def _was_set_up(self, result: Any) -> bool:
        device = self._device
        error = getattr(result, "value", None)
        if error is None:
            device.setup_failure = ""
            if not device.state.chosen:
                said = device.state.own_status
                device.state.enter(device.chart.initial, by="agent", reason="set up", free=True, status=said)
        else:
            device.setup_failure = str(error) or type(error).__name__
            told = told_of(error, device.declared_properties)
            self._log.error("{device} could not be set up: {error}", device=device.name, error=told)
            again_s = None if isinstance(error, ConfigurationError) else device.setup_again_s
            advice = "" if again_s is None else f"; it is tried again in {again_s:g} s"
            device.state.enter(
                device.chart.states["FAULT"], by="agent", reason=told, free=True,
                status=f"The device could not be set up: {told}. Mend it, then ask for Init{advice}.",
            )  # fmt: skip
            self._plan(again_s)
        device.set_up.reach(self._timing)
        if not self._ending:  # it may have been told to end while it was set up
            device.polling.start()
        return error is None

    def _plan(self, again_s: float | None) -> None:
        self._cancel_try()
        if again_s is not None and not self._ending:
            self._next_try = self._timing.later(again_s, self._try_again)

    def _try_again(self) -> None:
        if self._device.setup_failure and not self._ending:
            self._renew().addErrback(lambda _: None)  # which is told, and the next try planned, as for the first

    def _cancel_try(self) -> None:
        if self._next_try is not None and self._next_try.active():
            self._next_try.cancel()

    def init(self, *, force: bool) -> Deferred[str]:
        """Shut the device down and set it up again, links and subscriptions kept; fires with its status.

        Fails with BusyError while operations run, unless `force` has them asked to end; with the error of setting
        up, when that failed.
        """
        running = [operation for operation in self._operations() if operation.active]
        if self._initialising or not self._device.set_up.reached:
            return defer.fail(BusyError(f"{self._device.name} is being set up already; wait until it is done"))
        if running and not force:
            names = ", ".join(operation.name for operation in running)
            return defer.fail(
                BusyError(f"{self._device.name} cannot be initialised while {names} runs; end it, or say force")
            )
        self._initialising = True
        for operation in running:
            try:
                operation.request_end(CancelReason.SHUTDOWN)
            except NotRunningError:
                continue
        waits = [operation.wait(self._grace_s) for operation in running]
        return defer.gatherResults(waits).addCallback(self._again).addBoth(self._over)

    def _again(self, _: Any) -> Deferred[str]:
        device = self._device
        device.polling.stop()
        device.set_up.leave()
        device.state.enter(device.chart.states["INIT"], by="agent", reason="Init", free=True)
        down = self._in_thread("shutdown", device.shutdown)
        down.addErrback(lambda failure: device.log.error("shutdown failed: {error}", error=failure.getErrorMessage()))
        return down.addCallback(lambda _: self.set_up()).addCallback(self._told)

    def _told(self, well: bool) -> str:  # noqa: FBT001 - the result of a Deferred
        status = self._device.state.status
        if not well:
            raise OcsError(status, code=ErrorCode.FAILED, field=self._device.name)
        return status

    def _over(self, result: Any) -> Any:
        self._initialising = False
        return result

    def shut_down(self) -> Deferred[None]:
        """Leave the device safe and close its links; fires when that is done, or after 10 s."""
        over: Deferred[None] = Deferred()
        device = self._device
        self._ending = True
        self._cancel_try()
        device.polling.stop()

        def body() -> None:
            try:
                device.shutdown()
            finally:
                close_link(device)

        def done(result: Any) -> None:
            error = getattr(result, "value", None)
            if error is not None:
                self._log.error("{device} could not be shut down: {error}", device=device.name, error=error)
            for operation in self._operations():
                operation.close()
            device.thread.close()
            if not over.called:
                over.callback(None)

        def too_late() -> None:
            self._log.error("{device} is not shut down within {s:g} s", device=device.name, s=SHUTDOWN_S)
            if not over.called:
                over.callback(None)

        timer = self._timing.later(SHUTDOWN_S, too_late)
        over.addBoth(lambda _: timer.cancel() if timer.active() else None)
        self._in_thread("shutdown", body).addBoth(done)
        return over

    def _in_thread(self, what: str, body: Callable[[], Any]) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()

        def done(result: Any, error: BaseException | None) -> None:
            answer.callback(result) if error is None else answer.errback(error)

        worker = Worker(f"{self._device.name} {what}", self._timing)
        worker.run(None, body, done)
        worker.close()
        return answer
