"""Events of channels, and of devices as a whole, as they arrive at a client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ocs.client.mailbox import Letter, numbers_of
from ocs.client.readings import Reading, reading_of
from ocs.model.event import DeviceEventKind, EventKind, Reason
from ocs.model.health import Health
from ocs.model.quality import Quality
from ocs.wire.health import decode_health
from ocs.wire.states import StateEvent, decode_edge

_REASONS = {reason.value: reason for reason in Reason}


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """One event of a channel.

    Attributes:
        device: Name of the device.
        channel: Name of the channel.
        kind: Which kind of event.
        reading: The channel then. The value of a data_ready event is its counter, that of a config event the
            configuration, key by key.
        reason: What made it go out; None for one that this version does not know.
        seq: Number of the event in its topic; 0 for the value that comes with a subscription.
        epoch: Start of the agent process in ns; 0 the same.
        lost: How many events were missed before this one.
        restarted: Whether the agent was started anew since the event before.
        raw: The event as it came.
    """

    device: str
    channel: str
    kind: EventKind
    reading: Reading
    reason: Reason | None
    seq: int = 0
    epoch: int = 0
    lost: int = 0
    restarted: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def value(self) -> Any:
        """The reading's value."""
        return self.reading.value


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """One event of a device as a whole.

    Attributes:
        device: Name of the device.
        kind: state, health or interface.
        told: Of a state event the edge with the state since then, of a health event the health, of an interface
            event the map of what was added and removed.
        seq: Number of the event in its topic; of a first state that of the newest edge, else 0.
        epoch: Start of the agent process in ns.
        lost: How many events were missed before this one.
        restarted: Whether the agent was started anew since the event before.
        raw: The event as it came.
    """

    device: str
    kind: DeviceEventKind
    told: StateEvent | Health | Mapping[str, Any]
    seq: int = 0
    epoch: int = 0
    lost: int = 0
    restarted: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def decode_channel_event(letter: Letter, device: str, channel: str, kind: EventKind, unit: str) -> ChannelEvent | None:
    """Return the event of a channel in a letter, None for what is none: anybody may publish anything on a topic."""
    raw = _payload(letter)
    if raw is None:
        return None
    try:
        reading = _reading(raw, kind, unit, f"{device}.{channel}")
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    seq, epoch = numbers_of(letter.args)
    reason = _REASONS.get(str(raw.get("reason")))
    return ChannelEvent(device, channel, kind, reading, reason, seq, epoch, letter.lost, letter.restarted, raw)


def decode_device_event(letter: Letter, device: str, kind: DeviceEventKind) -> DeviceEvent | None:
    """Return the event of a device in a letter, None for what is none."""
    raw = _payload(letter)
    if raw is None:
        return None
    told: StateEvent | Health | Mapping[str, Any] = raw
    try:
        if kind is DeviceEventKind.STATE:
            told = decode_edge(raw)
        elif kind is DeviceEventKind.HEALTH:
            told = decode_health(raw)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    seq, epoch = numbers_of(letter.args)
    return DeviceEvent(device, kind, told, seq, epoch, letter.lost, letter.restarted, raw)


def _payload(letter: Letter) -> Mapping[str, Any] | None:
    return letter.args[0] if letter.args and isinstance(letter.args[0], Mapping) else None


def _reading(raw: Mapping[str, Any], kind: EventKind, unit: str, channel: str) -> Reading:
    if kind is EventKind.DATA_READY:
        return Reading(raw.get("counter"), Quality.VALID, float(raw.get("time") or 0.0))
    if kind is EventKind.CONFIG:
        return Reading(dict(raw["values"]), Quality.VALID, float(raw.get("time") or 0.0))
    reading = reading_of(raw, unit, channel)
    if isinstance(raw["time"], (int, float)):
        return reading
    raise TypeError(f"the time of {channel} is {raw['time']!r}")
