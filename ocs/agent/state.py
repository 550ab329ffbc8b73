"""A device's state at work: its chart, the alarms of its channels over it, its status, and its edges as events."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.agent.author.declarations import is_reactor_function
from ocs.agent.calling.device_thread import HANDLER_S
from ocs.agent.calling.execution import run_in_loop
from ocs.agent.calling.failing import as_error
from ocs.agent.calling.permission import objection
from ocs.model.chart import StateChart
from ocs.model.errors import BusyError, DeadlineError, NotAllowedError, NotFoundError, ParameterError
from ocs.model.event import DeviceEventKind
from ocs.model.machine import Edge, Machine
from ocs.model.overlay import overlaid, status_text
from ocs.model.tango_state import TangoState
from ocs.model.transition import Path, State
from ocs.wire import uris
from ocs.wire.states import StateEvent, StateReport, encode_edge

if TYPE_CHECKING:
    from ocs.agent.device import Device

OWN = "agent"

SHORTEST_S = 0.1
"""However long a guard took, an action has so long, in s, before whoever asked is told that it goes on."""


class StateRuntime:
    """The state of one device; the author has it as `self.state`. Methods may be called from any thread.

    Args:
        device: The device, attached to its agent.
        chart: Its chart.
    """

    def __init__(self, device: Device, chart: type[StateChart]) -> None:
        self._device = device
        self._timing = device.hosted().timing
        self._lock = threading.RLock()
        self._machine = Machine(chart, self._timing.now(), OWN, start=chart.states["INIT"])
        self._status = ""
        self._edges = 0
        self._busy = ""
        self._seen, self._seen_said = self._machine.current.tango, self._said
        self._untold: deque[tuple[Edge, StateReport]] = deque()
        self.chosen = False
        self.holders: list[Any] = []
        self.chart = chart

    # -- for authors -----------------------------------------------------------------------------

    @property
    def current(self) -> State:
        """The state of the chart."""
        return self._machine.current

    @property
    def tango(self) -> TangoState:
        """What any client understands of it, channels in alarm included."""
        alarming = any(self._device.alarming.values())
        return overlaid(self._machine.current.tango, alarming=alarming, may=self._device.alarm_over)

    @property
    def status(self) -> str:
        """The status, with a line for each channel that is beyond its limits."""
        state = self._machine.current
        shown = "ALARM" if self.tango is not state.tango else state.name
        return status_text(shown, self._status, [told for told in self._device.culprits if told])

    def is_in(self, *states: State) -> bool:
        """Whether the device is in one of these states, or in a child of one."""
        return self._machine.is_in(*states)

    def to(self, state: State | str, reason: str = "") -> None:
        """Enter a state, as the device itself.

        Raises:
            NotAllowedError: The chart has no way there; FAULT, ALARM, UNKNOWN and INIT can always be entered, and while
                the device is being set up any state.
            NotFoundError: It has no state of this name.
        """
        wanted = self._named(state) if isinstance(state, str) else state
        self.chosen = True
        being_set_up = self._machine.current.tango is TangoState.INIT  # its set-up finds out where the device stands
        self.enter(wanted, by=OWN, reason=reason, free=being_set_up)

    def _named(self, name: str) -> State:
        state = self.chart.states.get(name.upper())
        if state is None:
            known = list(self.chart.states)
            told = f"there is no state {name}; the states are {', '.join(known)}"
            raise NotFoundError(told, field="state", given=name, allowed=known)
        return state

    def fire(self, trigger: str, reason: str = "") -> None:
        """Take a transition as the device itself, without its guard and action; leading underscores are for this.

        Raises:
            NotAllowedError: It does not go from the present state.
            NotFoundError: The chart has no such trigger.
        """
        with self._lock:
            self._machine.find(trigger, own=True)
            self.enter(self._machine.target_of(trigger), by=OWN, reason=reason, trigger=trigger, free=True)

    def set_status(self, text: str) -> None:
        """Say in words how the device is, instead of the sentence that names its state."""
        if text != self._status:
            self._status = text
            self._timing.here_or_soon(self._tell_status)

    # -- asking ----------------------------------------------------------------------------------

    def require(self, states: Sequence[State], what: str, verb: str) -> None:
        """Make sure that the device is in one of the states; none means any.

        Raises:
            NotAllowedError: It is not; the sentence names the state and the allowed ones.
        """
        if not states or self._machine.is_in(*states):
            return
        allowed = [state.name for state in states]
        now = self._machine.current.name
        raise NotAllowedError(
            f"{what} cannot be {verb} while {self._device.name} is in {now}; it can in {' or '.join(allowed)}",
            field="state", given=now, allowed=allowed,
        )  # fmt: skip

    @property
    def own_status(self) -> str:
        """What the device itself says of how it is; empty when it says nothing."""
        return self._status

    @property
    def report(self) -> StateReport:
        """The state as clients see it."""
        machine = self._machine
        epoch = self._device.hosted().identity.epoch
        allowed = () if self._busy else tuple(machine.allowed())
        return StateReport(
            machine.current.name, self.tango, self.status, machine.since, machine.by, machine.reason, allowed,
            self._edges, epoch,
        )  # fmt: skip

    # -- changing --------------------------------------------------------------------------------

    def enter(
        self,
        state: State,
        *,
        by: str,
        reason: str = "",
        trigger: str = "",
        free: bool = False,
        held: bool = False,
        status: str = "",
    ) -> None:
        """Enter a state; `free` for a way that was looked up before, or back; `held` for one that work is done in.

        Raises:
            NotAllowedError: The chart has no way there.
        """
        with self._lock:
            machine, now = self._machine, self._timing.now()
            edge = machine.enter(state, now=now, by=by, reason=reason, trigger=trigger, free=free, held=held)
            if edge is not None or status:
                self._status = status
            if edge is not None:
                self._untold.append((edge, self.report))  # as it is now: the next edge may come before this is told
        if edge is not None:
            self._timing.here_or_soon(self._tell)
        elif status:
            self._timing.here_or_soon(self._tell_status)

    def joined(self) -> None:
        """Tell the state to those who subscribed before the agent was there, or had no router meanwhile."""
        name = self._machine.current.name
        report = replace(self.report, by=OWN, reason="joined")
        self._untold.append((Edge(name, name, "", OWN, "joined", self._timing.now()), report))
        self._tell()

    def looked(self) -> None:
        """Tell clients when the alarms of channels changed what they see, in the loop."""
        if self.tango is self._seen:
            self._tell_status()  # another culprit is another line in Status
            return
        name = self._machine.current.name
        culprit = next((told for told in self._device.culprits if told), "no channel is beyond its limits any more")
        report = replace(self.report, by=OWN, reason=culprit)
        self._untold.append((Edge(name, name, "", OWN, culprit, self._timing.now()), report))
        self._tell()

    def _tell_status(self) -> None:
        """Tell that the device says something else of its state, which is the same."""
        if self._said == self._seen_said:
            self._device.state_changed()  # a line of Status may have another value
            return
        name = self._machine.current.name
        report = replace(self.report, by=OWN, reason="status")
        self._untold.append((Edge(name, name, "", OWN, "status", self._timing.now()), report))
        self._tell()

    @property
    def _said(self) -> tuple[str, frozenset[str]]:
        """What Status is made of, but for the values in it: the device's own words, and the channels in alarm."""
        return self._status, frozenset(name for name, alarming in list(self._device.alarming.items()) if alarming)

    def _tell(self) -> None:
        """Tell clients of the edges that they do not know yet, in order, in the loop."""
        identity = self._device.hosted().identity
        topic = uris.device_event(identity.root, identity.name, DeviceEventKind.STATE)
        while self._untold:
            edge, report = self._untold.popleft()
            self._edges += 1
            self._seen, self._seen_said = report.tango, self._said
            self._device.state_changed()
            event = StateEvent(edge.source, edge.trigger, edge.time, replace(report, seq=self._edges))
            self._device.hosted().publish(topic, encode_edge(event))

    # -- what clients ask for ----------------------------------------------------------------------

    def ask(self, trigger: str | None, to: str | None, by: str, reason: str) -> Deferred[StateReport]:
        """Take a transition for a client: guard, action, then the state; fires with the state since then.

        Fails with NotAllowedError or NotFoundError, which list what is allowed; nothing has changed then. When the
        action fails, with its error, the device is where it was.
        """
        if (trigger is None) == (to is None):
            return defer.fail(ParameterError("ask either for a trigger or for a state (to=), not both"))
        if to is not None and self._is_at(str(to)):
            return defer.succeed(self.report)
        if self._busy:
            told = f"{self._device.name} is in the middle of {self._busy}; wait until it is done"
            return defer.fail(BusyError(told, field="trigger"))
        try:
            wanted = self._machine.find_to(str(to)) if trigger is None else str(trigger)
            path = self._machine.find(wanted, own=False)
        except Exception as error:  # noqa: BLE001 - refusals, as the Deferred's failure
            return defer.fail(error)
        return self._begin(path, wanted, by, reason)

    def _begin(self, path: Path, trigger: str, by: str, reason: str) -> Deferred[StateReport]:
        self._busy = trigger
        answer: Deferred[StateReport] = Deferred()

        def over(result: Any) -> None:
            self._busy = ""
            if not answer.called:
                error = getattr(result, "value", None)
                answer.callback(self.report) if error is None else answer.errback(error)

        def goes_on() -> None:
            if not answer.called:
                told = f"{trigger} has not ended within {HANDLER_S:g} s, it goes on"
                answer.errback(DeadlineError(f"{told}; follow the state of {self._device.name}", field="trigger"))

        self._walk(path, trigger, by, reason, goes_on).addBoth(over)
        return answer

    def _is_at(self, name: str) -> bool:
        state = self.chart.states.get(name.upper())
        return state is not None and self._machine.is_in(state)

    def _walk(self, path: Path, trigger: str, by: str, reason: str, goes_on: Callable[[], None]) -> Deferred[None]:
        """Ask the guard, do the action, then change the state.

        Args:
            path: What the machine found.
            trigger: Its name.
            by: Who asks.
            reason: Why.
            goes_on: Called when the action takes longer than whoever asked can wait; it goes on nevertheless.
        """
        handlers = self._device.transition_handlers.get(trigger)
        guard, action = (handlers.guard, handlers.action) if handlers is not None else (None, None)
        target, origin = self._machine.target_of(trigger), self._machine.current
        began = self._timing.seconds()

        def guarded(answer: Any) -> Deferred[Any]:
            self._check_guarded(trigger, objection(answer), origin)
            if action is None:
                return defer.succeed(None)
            if path.during is not None:
                self.enter(path.during, by=by, reason=reason, trigger=trigger, held=True)
            left_s = max(SHORTEST_S, HANDLER_S - (self._timing.seconds() - began))
            return self._call(action, f"transition {trigger}", left_s, goes_on)

        def failed(failure: Any) -> Any:
            self._busy = ""  # what is told of the edge is how it is after it
            if path.during is not None and self._machine.is_in(path.during):
                self.enter(origin, by=OWN, reason=f"{trigger} failed: {failure.getErrorMessage()}", free=True)
            raise as_error(failure.value, trigger)

        def arrived(_: Any) -> None:
            self._busy = ""
            left = not self._machine.is_in(origin) and not (path.during and self._machine.is_in(path.during))
            if left:  # the action itself, or the device meanwhile, went elsewhere
                return
            self.enter(target, by=by, reason=reason, trigger=trigger, free=True)

        answered = self._call(guard, f"guard of {trigger}", HANDLER_S) if guard is not None else defer.succeed(True)
        return answered.addCallback(guarded).addCallbacks(arrived, failed)

    def _check_guarded(self, trigger: str, against: str, origin: State) -> None:
        now = self._machine.current
        if now is not origin:
            against = f"{self._device.name} went to {now.name} meanwhile"
        if against:
            told = f"{trigger} is refused: {against}"
            raise NotAllowedError(told, field=trigger, allowed=self._machine.allowed())

    def _call(
        self, function: Callable[..., Any], what: str, limit_s: float, goes_on: Callable[[], None] | None = None
    ) -> Deferred[Any]:
        if not is_reactor_function(function):
            return self._device.thread.run(what, lambda: function(self._device), limit_s, goes_on)
        called = run_in_loop(self._timing, lambda: function(self._device))
        if goes_on is None:
            return called.addTimeout(limit_s, self._timing.reactor, lambda _result, _limit: _late(what, limit_s))
        timer = self._timing.loop.call_later(limit_s, goes_on)
        return called.addBoth(_cancelled, timer)


def _late(what: str, limit_s: float) -> None:
    raise DeadlineError(f"{what} has not answered within {limit_s:g} s", field=what)


def _cancelled(result: Any, timer: Any) -> Any:
    timer.cancel()
    return result
