"""Polling: the channels of a device that have a period are read by themselves, those of one period in one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocs.agent.channels.feeds import ChannelFeeds
from ocs.agent.channels.runtime import ChannelRuntime
from ocs.model.reading import Reading

if TYPE_CHECKING:
    from ocs.agent.device import Device


@dataclass(slots=True)
class Round:
    """The polling of one period of one device.

    Attributes:
        period_s: Time from one reading to the next.
        channels: What is read.
        count: Readings until now.
        overruns: Readings left out because the one before was not done.
        took_s: How long the last one took.
        last_error: Why a channel could not be read in the last one; empty when all could.
        due: When the next one is due, in s of the monotonic clock.
        busy: Whether one is under way.
    """

    period_s: float
    channels: list[ChannelRuntime] = field(default_factory=list)
    count: int = 0
    overruns: int = 0
    took_s: float = 0.0
    last_error: str = ""
    due: float = 0.0
    busy: bool = False
    timer: Any = None

    def told(self) -> dict[str, Any]:
        """Return the figures as a map."""
        return {
            "period_s": self.period_s, "channels": [channel.name for channel in self.channels], "count": self.count,
            "overruns": self.overruns, "took_s": round(self.took_s, 6), "last_error": self.last_error,
        }  # fmt: skip


class Polling:
    """Reads a device's channels by the periods of their configuration, from `start` to `stop`.

    A reading that is still under way when the next is due makes that one an overrun; other devices go on.

    Args:
        device: The device.
        feeds: Where the channels that name a feed are published.
    """

    def __init__(self, device: Device, feeds: ChannelFeeds) -> None:
        self._device = device
        self._timing = device.hosted().timing
        self._feeds = feeds
        self._running = False
        self.rounds: dict[float, Round] = {}

    def start(self) -> None:
        """Begin to poll."""
        self._running = True
        self.arrange()

    def stop(self) -> None:
        """Poll no more."""
        self._running = False
        for polled in self.rounds.values():
            _cancel(polled)

    def arrange(self) -> None:
        """Go by the channels and periods as they are now."""
        wanted: dict[float, list[ChannelRuntime]] = {}
        for channel in self._device.channels.values():
            period = channel.poll_period_s
            if period is not None:
                wanted.setdefault(period, []).append(channel)
        for period in self.rounds.keys() - wanted.keys():
            _cancel(self.rounds.pop(period))
        for period, channels in wanted.items():
            polled = self.rounds.setdefault(period, Round(period))
            polled.channels = channels
            if self._running and polled.timer is None:
                polled.due = self._timing.seconds()
                self._tick(polled)

    def told(self) -> list[dict[str, Any]]:
        """Return the figures of each period."""
        return [polled.told() for polled in self.rounds.values()]

    def _tick(self, polled: Round) -> None:
        now = self._timing.seconds()
        late = int(max(0.0, now - polled.due) / polled.period_s)
        polled.due += polled.period_s * (1 + late)
        polled.timer = self._timing.loop.call_later(polled.due - now, self._tick, polled)
        polled.overruns += late
        if polled.busy:
            polled.overruns += 1
            return
        polled.busy = True
        asked = self._device.acquisition.read(polled.channels, None)
        asked.addCallback(self._read, polled, now)
        asked.addErrback(self._failed, polled)

    def _read(self, readings: dict[str, Reading], polled: Round, began: float) -> None:
        polled.busy = False
        polled.count += 1
        polled.took_s = self._timing.seconds() - began
        errors = (reading.error for reading in readings.values() if reading.error is not None)
        first = next(errors, None)
        polled.last_error = "" if first is None else first.message
        self._feeds.publish(readings)

    def _failed(self, failure: Any, polled: Round) -> None:
        """Go on polling whatever went wrong with what was read."""
        polled.busy = False
        names = ", ".join(channel.name for channel in polled.channels)
        self._device.log.error("what was read of {names} went no further: {failure}", names=names, failure=failure)


def _cancel(polled: Round) -> None:
    if polled.timer is not None:
        polled.timer.cancel()
        polled.timer = None
