"""A device's state, and its events as a whole, as a user of any client handles them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ocs.client.channel_events import DeviceEvent, decode_device_event
from ocs.client.channel_requests import ChannelRequests
from ocs.client.flavour import Flavour
from ocs.client.mailbox import Keep, Letter
from ocs.client.steps import Conversation
from ocs.client.watching import Subject, follow, subscribe, wait_until
from ocs.model.errors import ParameterError
from ocs.model.event import DeviceEventKind
from ocs.model.interface import ChartInterface
from ocs.wire import uris
from ocs.wire.states import StateEvent, StateReport


class ClientState:
    """A device's state; the transitions that clients may ask for are its methods.

        oven.state.switch_on(reason="cooldown")

    Args:
        flavour: The client.
        requests: The conversations with the device.
        chart: The device's state chart; None for a plain agent of OCS, which has no state.
    """

    def __init__(self, flavour: Flavour, requests: ChannelRequests, chart: ChartInterface | None) -> None:
        self._flavour = flavour
        self._requests = requests
        self.chart = chart
        known = chart.transitions.values() if chart is not None else ()
        self.triggers = {
            each.name: Trigger(self, each.name, each.doc, each.paths) for each in known if not each.name.startswith("_")
        }

    # -- asking ----------------------------------------------------------------------------------

    def read(self) -> Any:
        """Return the state as it is now: `state`, `tango`, `status`, `since`, `by`, `reason`, `allowed`."""
        return self._flavour.do(self._requests.state())

    def to(self, state: str, *, reason: str = "") -> Any:
        """Ask for the transition that leads to a state from here; return the state after it.

        Raises:
            NotFoundError: There is no such state.
            NotAllowedError: No transition, or more than one, leads there; the sentence lists what is allowed.
            OcsError: The transition's work failed; the device is where it was.
        """
        return self._flavour.do(self._requests.transition(to=state, reason=reason))

    def trigger(self, name: str, *, reason: str = "") -> Any:
        """Ask for a transition by its name; return the state after it; raises as `to`."""
        return self._flavour.do(self._requests.transition(trigger=name, reason=reason))

    # -- events ----------------------------------------------------------------------------------

    def subscribe(self, handler: Callable[[DeviceEvent], object]) -> Any:
        """Have `handler` called with the present state, then with each edge; return what ends it by `close()`."""
        return self._flavour.do(subscribe(self._subject, handler, self._flavour.deliver))

    def follow(self, *, keep: Keep = "all", timeout_s: float | None = None) -> Any:
        """Return an iterator (async in `ocs.client.aio`) over its edges; the first tells the present state.

        Args:
            keep: Which wait for a slow reader: `all`, `latest`, or a time in s in which one is enough.
            timeout_s: The longest pause between two; DeadlineError after it.
        """
        return self._flavour.iterate(follow(self._subject, keep, timeout_s))

    def wait_until(self, condition: Callable[[StateReport], Any], timeout_s: float | None) -> Any:
        """Return the first state for which `condition` is true, evaluated at each edge; what it raises ends the wait.

        Args:
            condition: As `lambda report: report.state == "READY"`.
            timeout_s: Longest wait in s; None for ever.

        Raises:
            DeadlineError: It did not come true; the sentence tells the last state.
        """

        def conversation() -> Conversation[StateReport]:
            event = yield from wait_until(
                self._subject, lambda event: bool(condition(_report(event))), timeout_s, _shown
            )
            return _report(event)

        return self._flavour.do(conversation())

    @property
    def _subject(self) -> Subject[DeviceEvent]:
        return device_subject(self._requests, DeviceEventKind.STATE)

    # -- names -----------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Trigger:
        triggers: dict[str, Trigger] = self.__dict__.get("triggers", {})
        if name in triggers:
            return triggers[name]
        known = ", ".join(triggers) or "none"
        device = self._requests.name if "_requests" in self.__dict__ else "this device"
        raise AttributeError(f"the state of {device} has no transition {name} for clients; it has {known}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.triggers})

    def __str__(self) -> str:
        report = self.read()
        if inspect.iscoroutine(report):  # the async client cannot wait here
            report.close()
            return repr(self)
        return str(report.tango.name)

    def __repr__(self) -> str:
        return f"<state of {self._requests.name}: {', '.join(self.triggers) or 'no transitions for clients'}>"


class Trigger:
    """A transition that clients may ask for."""

    def __init__(self, state: ClientState, name: str, doc: str, paths: tuple[tuple[str, str], ...]) -> None:
        self._state = state
        self.name = self.__name__ = name
        self.paths = paths
        ways = ", ".join(f"{source} -> {target}" for source, target in paths)
        self.__doc__ = f"{name}: {ways}\n\n{doc}".rstrip()

    def __call__(self, *, reason: str = "") -> Any:
        """Ask for it; return the state after it; raises as `ClientState.to`."""
        return self._state.trigger(self.name, reason=reason)

    def __repr__(self) -> str:
        return f"<transition {str(self.__doc__).partition(chr(10))[0]}>"


def device_subject(requests: ChannelRequests, kind: DeviceEventKind | str) -> Subject[DeviceEvent]:
    """Return what to follow for a device's events of one kind: state, health or interface.

    Raises:
        ParameterError: There is no such kind.
    """
    words = {each.value: each for each in DeviceEventKind}
    wanted = kind if isinstance(kind, DeviceEventKind) else words.get(str(kind).lower())
    if wanted is None:
        told = f"there are no {kind} events of a device; there are {', '.join(words)}"
        raise ParameterError(told, field="kind", given=kind, allowed=list(words))
    device = requests.name

    def decode(letter: Letter) -> DeviceEvent | None:
        return decode_device_event(letter, device, wanted)

    def now(timeout_s: float) -> Conversation[DeviceEvent | None]:
        if wanted is DeviceEventKind.STATE:
            report = yield from requests.state(timeout_s)
            return DeviceEvent(device, wanted, StateEvent("", "", report.since, report), report.seq, report.epoch)
        if wanted is DeviceEventKind.HEALTH:
            return DeviceEvent(device, wanted, (yield from requests.health()))
        return None

    def newer(event: DeviceEvent, first: DeviceEvent) -> bool:
        return (event.epoch, event.seq) > (first.epoch, first.seq)

    topic = uris.device_event(requests.root, device, wanted)
    return Subject(f"{device}.{wanted.value}", topic, decode, now, newer)


def _report(event: DeviceEvent) -> StateReport:
    assert isinstance(event.told, StateEvent)  # noqa: S101 - what the decoder makes of this kind
    return event.told.report


def _shown(event: DeviceEvent) -> str:
    report = _report(event)
    return f"{report.state} ({report.tango.name})" if report.state != report.tango.name else report.state
