"""`ocs tail`: values of feeds and channels as they come, a line for each sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.completing import complete_target
from ocs.cli.history_table import time_text
from ocs.cli.lines import SOURCE_WIDTH, Lines
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.readings import value_text
from ocs.cli.realm import realm
from ocs.cli.targets import channel_of
from ocs.cli.watch import HEARTBEAT, check_events
from ocs.client.channel_events import decode_channel_event, decode_device_event
from ocs.client.mailbox import Letter
from ocs.model.address import is_admin
from ocs.model.channel_config import ChannelConfig
from ocs.model.errors import ExitCode, OcsError, ParameterError
from ocs.model.event import DeviceEventKind, EventKind
from ocs.model.interface import DeviceInterface
from ocs.model.name_pattern import NamePattern, Pattern
from ocs.model.series import CHANNELS_FEED, SeriesKey
from ocs.model.time_span import NS_PER_S
from ocs.wire.states import StateEvent

if TYPE_CHECKING:
    from ocs.client import Observatory

_KINDS = {kind.value: kind for kind in (EventKind.CHANGE, EventKind.PERIODIC, EventKind.ARCHIVE)}
"""Events that tell a value."""

STATE = "State"
FIELDS_SHOWN = 8
EPILOG = """\b
Examples:
  ocs tail thermo-1                          all that a device publishes
  ocs tail thermo-1.temperature psu-1        a channel, and all of another device
  ocs tail '*.temperature'                   of every device
  ocs tail thermo-1 --count 10               ten lines
  ocs tail thermo-1 --json --for 60          a minute of objects, one a line, for programs

Times are those of the samples, in UTC. Channels outside of feeds show when they send change, periodic or archive
events: `ocs config DEVICE.CHANNEL` tells. `ocs history` shows what was before."""


@click.command("tail", epilog=EPILOG)
@click.argument("patterns", nargs=-1, required=True, metavar="CHANNEL|PATTERN...", shell_complete=complete_target)
@click.option("--count", type=click.IntRange(min=1), help="End after so many lines.")
@click.option("--for", "for_s", type=click.FloatRange(min=0), help="End after so many seconds.")
@where_options
@json_option
def command(
    where: Where, *, patterns: tuple[str, ...], count: int | None, for_s: float | None, as_json: bool
) -> ExitCode:
    """Show values of feeds and channels as they come, until Ctrl-C."""
    try:
        pattern = Pattern(patterns)
    except ParameterError as error:
        raise click.UsageError(error.message) from None
    lines = Lines()
    with realm(where) as observatory:
        tail = Tail(observatory, pattern, lines)
        for word in pattern.words:
            if word.exact:
                tail.check(word)
        tail.listen()
        try:
            return lines.show(count, for_s, as_json=as_json)
        except KeyboardInterrupt:
            return ExitCode.OK


class Tail:
    """Makes a line of each sample.

    Args:
        observatory: The realm.
        pattern: Which fields are wanted.
        lines: Gets the lines.
    """

    def __init__(self, observatory: Observatory, pattern: Pattern, lines: Lines) -> None:
        self._observatory = observatory
        self._pattern = pattern
        self._lines = lines
        self._admin = any(is_admin(word.text) for word in pattern.words)
        self._interfaces: dict[str, DeviceInterface | None] = {}
        self._awaited: list[NamePattern] = []
        self._told: dict[tuple[str, str], float] = defaultdict(float)

    def check(self, word: NamePattern) -> None:
        """Make sure that what a name without wildcards means can show itself.

        Raises:
            NotFoundError: There is no such device; one without feeds has no such channel.
            ConfigurationError: The channel sends no events; the sentence tells what to configure.
        """
        name, _, field = word.text.partition(".")
        device = self._observatory[name]
        self._interfaces[device.name] = device.interface
        if field in device.channels or (field and not device.feeds):
            channel = channel_of(device, field)
            if not channel.interface.feed and field != STATE:
                check_events(device, [channel.name])
        elif field:
            self._awaited.append(word)

    def listen(self) -> None:
        """Subscribe."""
        root = self._observatory.realm.root
        self._observatory.subscribe("", "", self.take_feed)
        self._observatory.client.subscribe(f"{root}..events..", self.take_event, "wildcard")
        self._observatory.client.subscribe(f"{root}..events.{DeviceEventKind.STATE.value}", self.take_state, "wildcard")

    def take_feed(self, message: Any) -> None:
        """Make a line of each sample in a feed's message."""
        if message.feed == HEARTBEAT or not self._is_wanted(message.device):
            return
        for samples in message.samples:
            series = SeriesKey(message.device, message.feed, samples.block)
            names = self._pattern.fields(series, list(samples.data))
            self._tell_absent(series, list(samples.data))
            for row, moment in enumerate(samples.timestamps if names else ()):
                self._put(series, float(moment), {name: _plain(samples.data[name][row]) for name in names})

    def take_event(self, topic: str, args: list[Any]) -> None:
        """Make a line of a channel's event, if the channel belongs to no feed and this value was not told yet."""
        _, device, _, channel, word = topic.split(".")
        series = SeriesKey(device, CHANNELS_FEED, channel)
        if word not in _KINDS or not self._is_wanted(device) or not self._pattern.fits(series, channel):
            return
        interface = self._channel(device, channel)
        event = decode_channel_event(Letter(topic, args), device, channel, _KINDS[word], "")
        if event is None or event.reading.value is None or (interface is not None and interface.feed):
            return
        reading = event.reading
        if reading.time > self._told[device, channel]:
            self._told[device, channel] = reading.time
            quality = reading.quality.value
            self._put(series, reading.time, {channel: reading.value}, {} if quality == "VALID" else {channel: quality})

    def take_state(self, topic: str, args: list[Any]) -> None:
        """Make a line of a device's new state."""
        device = topic.split(".")[1]
        series = SeriesKey(device, CHANNELS_FEED, STATE)
        if not self._is_wanted(device) or not self._pattern.fits(series, STATE):
            return
        event = decode_device_event(Letter(topic, args), device, DeviceEventKind.STATE)
        if event is not None and isinstance(event.told, StateEvent):
            self._put(series, event.told.time, {STATE: event.told.report.state})

    def _tell_absent(self, series: SeriesKey, fields: Sequence[str]) -> None:
        """Say once, to stderr, that a feed has nothing of a name that no channel of the device has."""
        for word in [word for word in self._awaited if word.fits_device(series.device)]:
            self._awaited.remove(word)
            if not any(word.fits_field(series, field) for field in fields):
                some = ", ".join(fields[:FIELDS_SHOWN]) + (", ..." if len(fields) > FIELDS_SHOWN else "")
                click.echo(f"{word.text} is not in feed {series.feed}, which has {some}; waiting for others", err=True)

    def _is_wanted(self, device: str) -> bool:
        return self._pattern.fits_device(device) and (self._admin or not is_admin(device))

    def _put(
        self, series: SeriesKey, moment: float, values: Mapping[str, Any], quality: Mapping[str, str] | None = None
    ) -> None:
        configs = {name: self._config(series.device, name) for name in values}
        qualities = quality or {}
        told = [
            f"{name}={value_text(value, configs[name])} {qualities.get(name, '')}".rstrip()
            for name, value in values.items()
        ]
        source = series.device if series.feed == CHANNELS_FEED else f"{series.device}.{series.feed}"
        self._lines.put_line(
            f"{time_text(round(moment * NS_PER_S))}  {source:<{SOURCE_WIDTH}} {' '.join('  '.join(told).splitlines())}",
            {"time": moment, "device": series.device, "feed": series.feed, "block": series.block, "values": values,
             "units": {name: config.unit for name, config in configs.items() if config.unit}, "quality": qualities},
        )  # fmt: skip

    def _config(self, device: str, name: str) -> ChannelConfig:
        channel = self._channel(device, name)
        return channel.config if channel is not None else ChannelConfig("", format="%s")

    def _channel(self, device: str, name: str) -> Any:
        """Return what is known of a channel; its device is asked once."""
        if device not in self._interfaces:
            try:
                self._interfaces[device] = self._observatory[device].interface
            except OcsError:  # it went meanwhile: its last words are shown as they are
                self._interfaces[device] = None
        interface = self._interfaces[device]
        return None if interface is None else interface.channels.get(name)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
