"""Events of channels, states and health as lines, with what was lost and who was started anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ocs.cli.channel_lines import OF_EVERY_DEVICE
from ocs.cli.lines import Lines
from ocs.cli.printing import named
from ocs.cli.readings import error_document, value_text, what_is_wrong
from ocs.client.channel_events import ChannelEvent, DeviceEvent, decode_channel_event, decode_device_event
from ocs.client.mailbox import Letter, Numbering
from ocs.model.address import is_admin
from ocs.model.channel import ChannelInterface, select
from ocs.model.channel_config import ChannelConfig
from ocs.model.errors import OcsError
from ocs.model.event import DeviceEventKind, EventKind, Reason
from ocs.model.health import Health
from ocs.wire.health import encode_health
from ocs.wire.states import StateEvent, StateReport, encode_edge

if TYPE_CHECKING:
    from ocs.client import Observatory

_KINDS = {kind.value: kind for kind in EventKind}
_DEVICE_KINDS = {kind.value: kind for kind in DeviceEventKind}
REPEATED = frozenset({EventKind.PERIODIC, EventKind.ARCHIVE})
"""Kinds that come though nothing changed."""

NOW = "now"

_UNSAID = frozenset({Reason.VALUE, Reason.PERIOD, Reason.PUSHED, Reason.CONFIGURED, Reason.SUBSCRIBED, None})
"""Reasons that the kind of event tells already, or the value itself."""


class EventLines:
    """Makes lines of events.

    Args:
        observatory: The realm.
        lines: Gets them.
        device: Name of the device; empty for all.
        channels: Channels and patterns whose events are wanted; empty for all, and those of the device itself.
        kinds: Kinds of event of channels; empty for all, but for periodic and archive ones where no channel is named.
    """

    def __init__(
        self,
        observatory: Observatory,
        lines: Lines,
        device: str,
        channels: Sequence[str] = (),
        kinds: Iterable[EventKind] = (),
    ) -> None:
        self._observatory = observatory
        self._lines = lines
        self._device = device
        self._patterns = channels
        self._kinds = frozenset(kinds) or (frozenset(EventKind) if channels else frozenset(EventKind) - REPEATED)
        self._numbers: dict[str, Numbering] = defaultdict(Numbering)
        self._interfaces: dict[str, Mapping[str, ChannelInterface]] = {}

    def listen(self, *, channels: bool) -> None:
        """Subscribe: to the events of channels if asked, and to those of devices unless channels are named."""
        before = f"{self._observatory.realm.root}.{self._device}.events"
        if channels:
            self._observatory.client.subscribe(f"{before}..", self.take, "wildcard")
        if not self._patterns:
            self._observatory.client.subscribe(f"{before}.", self.take, "wildcard")

    def take(self, topic: str, args: list[Any]) -> None:
        """Make a line of an event; what is none is passed over."""
        _, device, _, *words = topic.split(".")
        letter = Letter(topic, args, *self._numbers[topic].take(args))
        if len(words) == 1 and words[0] in _DEVICE_KINDS:
            told = decode_device_event(letter, device, _DEVICE_KINDS[words[0]])
            if told is not None:
                self._take_device(told)
        elif len(words) == 2 and self._is_wanted(device, *words):  # noqa: PLR2004 - channel and kind
            interface = self._interface(device, words[0])
            unit = interface.config.unit if interface is not None else ""
            event = decode_channel_event(letter, device, words[0], _KINDS[words[1]], unit)
            if event is not None:
                self._take_channel(event, interface)

    def show_now(self, device: Any, channels: list[str]) -> None:
        """Make a line of how things are now, as clients get it with a subscription.

        Args:
            device: The device.
            channels: These of its channels; its state and health when there are none.
        """
        self._interfaces[device.name] = device.interface.channels
        if not channels:
            self._show_device_now(device)
            return
        for name, reading in device.read(channels).items():
            event = ChannelEvent(device.name, name, EventKind.CHANGE, reading, Reason.SUBSCRIBED)
            self._put_channel(event, NOW, device.interface.channels.get(name))

    def _show_device_now(self, device: Any) -> None:
        if device.interface.chart is None:
            return
        report: StateReport = device.state.read()
        edge = StateEvent("", "", report.since, report)
        health: Health = device.health
        self._put_device(DeviceEvent(device.name, DeviceEventKind.STATE, edge, raw=encode_edge(edge)))
        self._put_device(DeviceEvent(device.name, DeviceEventKind.HEALTH, health, raw=encode_health(health)))

    def _is_wanted(self, device: str, channel: str, kind: str) -> bool:
        if _KINDS.get(kind) not in self._kinds:
            return False
        if self._patterns:
            return channel in select([channel], self._patterns)
        # State and Status are told by the edges.
        return channel not in OF_EVERY_DEVICE and (bool(self._device) or not is_admin(device))

    def _interface(self, device: str, channel: str) -> ChannelInterface | None:
        """Return what is known of a channel; its device is asked once, and again when it was changed."""
        if device not in self._interfaces:
            try:
                self._interfaces[device] = self._observatory[device].interface.channels
            except OcsError:  # it went meanwhile: its last words are shown as they are
                self._interfaces[device] = {}
        return self._interfaces[device].get(channel)

    def _take_channel(self, event: ChannelEvent, interface: ChannelInterface | None) -> None:
        if event.kind is EventKind.CONFIG:
            self._interfaces.pop(event.device, None)
        self._put_channel(event, event.kind.value, interface)

    def _put_channel(self, event: ChannelEvent, word: str, interface: ChannelInterface | None) -> None:
        reading = event.reading
        self._lines.put(
            f"{event.device}.{event.channel} {word}", channel_text(event, interface) + _missed(event),
            {"kind": "event", "device": event.device, "channel": event.channel, "event": word,
             "value": reading.value, "setpoint": reading.setpoint, "quality": reading.quality.value,
             "reason": event.reason and event.reason.value,
             "error": None if reading.error is None else error_document(reading.error), **_numbers(event)},
        )  # fmt: skip

    def _take_device(self, event: DeviceEvent) -> None:
        if event.restarted or event.kind is DeviceEventKind.INTERFACE:
            self._interfaces.pop(event.device, None)
        self._put_device(event)

    def _put_device(self, event: DeviceEvent) -> None:
        self._lines.put(
            f"{event.device} {event.kind.value}", device_text(event) + _missed(event),
            {"kind": event.kind.value, "device": event.device, event.kind.value: event.raw, **_numbers(event)},
        )  # fmt: skip


def channel_text(event: ChannelEvent, interface: ChannelInterface | None) -> str:
    """Return what an event of a channel tells, for people."""
    if event.kind is EventKind.CONFIG:
        values, changed = event.reading.value, event.raw.get("changed", ())
        told = ", ".join(f"{key}={named(key, values.get(key))}" for key in changed) or "nothing changed"
        return f"{told}{_by(event.raw.get('by'))}"
    if event.kind is EventKind.DATA_READY:
        return f"number {event.reading.value}"
    reading = event.reading
    why = what_is_wrong(interface, reading)
    if reading.error is not None:
        return f"failing: {why}"
    config = interface.config if interface is not None else ChannelConfig(event.channel)
    told = value_text(reading.value, config) or "no value"
    quality = "" if reading.quality.value == "VALID" else f"  {reading.quality.value}"
    reason = "" if event.reason in _UNSAID or event.reason is None else f"  ({event.reason.value})"
    return f"{told}{quality}{': ' + why if why and quality else ''}{reason}"


def device_text(event: DeviceEvent) -> str:
    """Return what an event of a device as a whole tells, for people."""
    told = event.told
    if isinstance(told, Health):
        return told.sentence
    if isinstance(told, StateEvent):
        return _edge(told)
    parts = [
        f"{word} {', '.join(names)}"
        for word in ("added", "removed")
        for names in [[name for kind in (told.get(word) or {}).values() for name in kind]]
        if names
    ]
    return "; ".join(parts) or "nothing changed"


def _edge(edge: StateEvent) -> str:
    report = edge.report
    tango = "" if report.state == report.tango.name else f" ({report.tango.name})"
    way = report.state if edge.source in {"", report.state} else f"{edge.source} -> {report.state}"
    reason = f": {report.reason}" if report.reason else ""
    trigger = f" by {edge.trigger}" if edge.trigger else ""
    return f"{way}{tango}{trigger}{_by(report.by)}{reason}"


def _by(author: Any) -> str:
    return f", {author}" if author else ""


def _missed(event: ChannelEvent | DeviceEvent) -> str:
    restarted = "  (its agent was started anew)" if event.restarted else ""
    return restarted + (f"  ({event.lost} missed)" if event.lost else "")


def _numbers(event: ChannelEvent | DeviceEvent) -> dict[str, Any]:
    return {"seq": event.seq, "epoch": event.epoch, "missed": event.lost, "restarted": event.restarted}
