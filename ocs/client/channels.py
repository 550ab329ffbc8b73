"""A channel of a device as a user of any client handles it.

Every method that asks the realm returns the answer in the blocking flavours, an awaitable of it in the async one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from ocs.client.channel_docs import channel_doc
from ocs.client.channel_events import ChannelEvent
from ocs.client.channel_requests import ChannelRequests
from ocs.client.channel_watching import channel_subject, event_kind
from ocs.client.flavour import Flavour
from ocs.client.histories import Histories, Progress
from ocs.client.mailbox import Keep
from ocs.client.readings import Reading, with_unit
from ocs.client.steps import Conversation
from ocs.client.watching import LOOK_AGAIN_S, Subject, follow, no_check, subscribe, wait_until
from ocs.model.channel import ChannelInterface
from ocs.model.errors import ConfigurationError, NoDataError
from ocs.model.event import EventKind
from ocs.model.time_span import Moment
from ocs.wire.interface_parts import decode_config

UNTOLD_LOOK_S = 1.0
"""A value that nobody tells of is looked at so often, in s, by who waits until it has settled."""


class ClientChannel:
    """A channel of a device.

    Args:
        flavour: The client.
        requests: The conversations with the device.
        interface: What the device told of the channel.
        histories: The conversations with the archiver.
    """

    def __init__(
        self, flavour: Flavour, requests: ChannelRequests, interface: ChannelInterface, histories: Histories
    ) -> None:
        self._flavour = flavour
        self._requests = requests
        self._histories = histories
        self.name = interface.name
        self._take(interface)

    def _take(self, interface: ChannelInterface) -> None:
        self.interface = interface
        self.__doc__ = channel_doc(interface)

    @property
    def address(self) -> str:
        """Device and channel, for people."""
        return f"{self._requests.name}.{self.name}"

    @property
    def unit(self) -> str:
        """Unit of its value; empty without one."""
        return self.interface.config.unit

    # -- value -----------------------------------------------------------------------------------

    def read(self, *, source: str = "auto", max_age_s: float | None = None) -> Any:
        """Return its reading.

        Args:
            source: `device` asks the hardware, `cache` never does; `auto` only when nothing fresh is known.
            max_age_s: With `auto`, what counts as fresh, in s.

        Raises:
            OcsError: It could not be read, with the device's code and sentence.
        """
        return self._flavour.do(self._checked_read(source, max_age_s))

    def get(self) -> Any:
        """Return its value; NoDataError when there is none, and what `read` raises."""

        def conversation() -> Conversation[Any]:
            reading = yield from self._checked_read()
            if reading.value is None:
                raise NoDataError(f"{self.address} has no value: its quality is {reading.quality.value}")
            return reading.value

        return self._flavour.do(conversation())

    def put(self, value: Any, *, readback: bool = False, check: bool = False) -> Any:
        """Write it; return None, or with `readback` the reading afterwards.

        Args:
            value: In the channel's unit; of an enum a label, member or number.
            readback: Whether to read it back in the same call.
            check: Whether to try everything but the hardware.

        Raises:
            OutOfRangeError: It is out of the limits, which the sentence tells.
            OcsError: It was refused or failed, with the device's code and sentence.
        """

        def conversation() -> Conversation[Reading | None]:
            answer = yield from self._requests.write({self.name: value}, readback=readback, check=check)
            written = answer[self.name]
            if written.error is not None:
                raise written.error
            return written.reading

        return self._flavour.do(conversation())

    def recent(self, count: int = 10) -> Any:
        """Return the newest readings that the agent keeps, at most `count`, failures included, oldest first."""
        return self._flavour.do(self._requests.recent(self.name, count))

    def history(
        self,
        start: Moment = "-1h",
        end: Moment = "now",
        *,
        max_points: int | None = None,
        on_progress: Progress | None = None,
    ) -> Any:
        """Return what was archived of it, as a `History`: Arrow, pandas, xarray or NumPy.

        Args:
            start: `-1h`, `-2d`, `today`, an ISO 8601 text (UTC), POSIX seconds or a datetime.
            end: The same; no part of the span.
            max_points: So many points at most, with the extremes between; None for every row.
            on_progress: Called with the part that is there, 0 to 1.

        Raises:
            NotFoundError: There is no archiver, or nothing of this channel was ever archived.
        """
        return self._flavour.do(self._histories.history(self.address, start, end, max_points, on_progress))

    def _checked_read(self, source: str = "auto", max_age_s: float | None = None) -> Conversation[Reading]:
        reading = yield from self._requests.read_one(self.name, source, max_age_s)
        if reading.error is not None:
            raise reading.error
        return reading

    # -- configuration ---------------------------------------------------------------------------

    def config(self) -> Any:
        """Return a map: `values` that hold now, `sources` of each, `events` without source and why, `polling`."""
        return self._flavour.do(self._configured("get"))

    def configure(self, *, scope: str = "device", **values: Any) -> Any:
        """Change its configuration, all of it or nothing; return that with the `changed` keys.

        Args:
            scope: `device`, or `class` for all devices of its class.
            **values: As `max_alarm=380`; "Not specified", "" and "NaN" are reset words, as in Tango.

        Raises:
            UnknownParameterError: There is no such key.
            ParameterError: A value has the wrong type, or does not go with the others.
        """
        return self._flavour.do(self._configured("set", values, scope))

    def reset(self, *keys: str, scope: str = "device") -> Any:
        """Take changes of its configuration back, without `keys` all of them; as `configure`."""
        return self._flavour.do(self._configured("reset", list(keys), scope))

    def _configured(self, action: str, values: Any = None, scope: str = "device") -> Conversation[dict[str, Any]]:
        answer = yield from self._requests.config(action, self.name, values, scope)
        told = next(iter(answer.values()))
        self._take(replace(self.interface, config=decode_config(self.name, told["values"])))
        return told

    # -- events ----------------------------------------------------------------------------------

    def subscribe(self, handler: Callable[[ChannelEvent], object], kind: EventKind | str = "change") -> Any:
        """Have `handler` called with the present value, reason SUBSCRIBED, then with each event.

        Returns:
            What ends it by `close()`.

        Raises:
            ConfigurationError: No events of this kind are published; the sentence tells what to configure.
        """
        return self._flavour.do(subscribe(self._subject(event_kind(kind)), handler, self._flavour.deliver))

    def follow(self, kind: EventKind | str = "change", *, keep: Keep = "all", timeout_s: float | None = None) -> Any:
        """Return an iterator (async in `ocs.client.aio`) over its events; the first tells the present value.

        Args:
            kind: Which kind of event.
            keep: Which events wait for a slow reader: `all`, of which the oldest are dropped, and counted in `lost`,
                when they are more than 10 000; `latest`; or a time in s in which one, the newest, is enough.
            timeout_s: The longest pause between two; DeadlineError after it.

        Raises:
            ConfigurationError: No events of this kind are published; the sentence tells what to configure.
        """
        return self._flavour.iterate(follow(self._subject(event_kind(kind)), keep, timeout_s))

    def wait_until(self, condition: Callable[[Reading], Any], timeout_s: float | None) -> Any:
        """Return the first reading for which `condition` is true, evaluated at each change event.

        A condition that raises ends the wait, but for what it raises over a reading without value.

        Args:
            condition: As `lambda reading: reading.value < 4.2`.
            timeout_s: Longest wait in s; None for ever.

        Raises:
            DeadlineError: It did not come true; the sentence tells the last value.
            ConfigurationError: No change events are published; the sentence tells what to configure.
        """

        def holds(event: ChannelEvent) -> bool:
            try:
                return bool(condition(event.reading))
            except Exception:
                if event.reading.value is None:
                    return False
                raise

        def conversation() -> Conversation[Reading]:
            event = yield from wait_until(self._subject(EventKind.CHANGE), holds, timeout_s, _shown)
            return event.reading

        return self._flavour.do(conversation())

    def wait_settled(self, timeout_s: float | None) -> Any:
        """Return the reading with which the value has followed the set point, by the channel's own rule.

        Args:
            timeout_s: Longest wait in s; None for ever.

        Raises:
            DeadlineError: It has not settled in time; the sentence tells the last value.
            ConfigurationError: The channel has no rule for that.
            NoDataError: It has no set point yet.
        """
        subject = replace(self._subject(EventKind.CHANGE), check=no_check)
        look_s = LOOK_AGAIN_S if EventKind.CHANGE in self.interface.events else UNTOLD_LOOK_S

        def shown(event: ChannelEvent) -> str:
            return f"{_shown(event)}, its set point {with_unit(event.reading.setpoint, self.unit)}"

        def conversation() -> Conversation[Reading]:
            event = yield from wait_until(
                subject, self._settled, timeout_s, shown, missed="has not settled", look_again_s=look_s
            )
            return event.reading

        return self._flavour.do(conversation())

    def _settled(self, event: ChannelEvent) -> bool:
        reading = event.reading
        if reading.settled is None and reading.value is not None:
            self._refuse_to_settle(reading)
        return bool(reading.settled)

    def _refuse_to_settle(self, reading: Reading) -> NoReturn:
        if reading.setpoint is None:
            raise NoDataError(
                f"{self.address} has no set point yet that it could settle at; write one", field=self.name
            )
        raise ConfigurationError(
            f"{self.address} has no rule for when it has settled; configure settle_tolerance and settle_dwell_s",
            field="settle_tolerance",
        )

    def _subject(self, kind: EventKind) -> Subject[ChannelEvent]:
        return channel_subject(self._requests, self.name, kind, self.unit)

    def __repr__(self) -> str:
        return f"<channel {self._requests.name}.{str(self.__doc__).partition(chr(10))[0]}>"


def _shown(event: ChannelEvent) -> str:
    return f"{event.reading.shown} ({event.reading.quality.value})"
