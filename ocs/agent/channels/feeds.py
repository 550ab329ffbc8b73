"""Channels that name a feed: published together after each poll, one time stamp, one sequence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ocs.model.channel import Access
from ocs.model.quality import Quality
from ocs.model.reading import Reading

if TYPE_CHECKING:
    from ocs.agent.channels.runtime import ChannelRuntime
    from ocs.agent.device import Device


class ChannelFeeds:
    """Publishes the channels of a device's feeds.

    A float without value goes out as NaN, as long as one channel of the feed has a value. A channel of another
    type without value makes its sample be left out and counted, since a feed's fields never change.

    A feed of which no channel is polled is published each time that code gives one of them a value.

    Args:
        device: The device.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._members: dict[str, list[ChannelRuntime]] = {}
        self.left_out = 0

    def arrange(self) -> None:
        """Go by the channels as they are now."""
        members: dict[str, list[ChannelRuntime]] = {}
        for channel in self._device.channels.values():
            if channel.declaration.feed:
                members.setdefault(channel.declaration.feed, []).append(channel)
        self._members = members
        for feed, channels in members.items():
            if feed not in self._device.feeds:
                units = ", ".join(f"{each.name} ({each.layers.effective.unit or '-'})" for each in channels)
                self._device.add_feed(feed, doc=f"the channels {units}")

    def publish(self, readings: Mapping[str, Reading]) -> None:
        """Publish the feeds of which a channel has been read."""
        for feed, channels in self._members.items():
            read = [readings[channel.name] for channel in channels if channel.name in readings]
            if read and any(not reading.failed for reading in read):
                self._publish(feed, channels, min(reading.time for reading in read))

    def told(self, channel: ChannelRuntime, reading: Reading) -> None:
        """Publish the feed of a channel to which code gave a value, unless polling publishes that feed."""
        members = self._members.get(channel.declaration.feed, ())
        if members and not any(member.poll_period_s is not None for member in members):
            self.publish({channel.name: reading})

    def _publish(self, feed: str, channels: list[ChannelRuntime], time: float) -> None:
        values = {channel.name: _value(channel) for channel in channels}
        if None in values.values():
            self.left_out += 1
            return
        quality = {
            channel.name: channel.latest.quality
            for channel in channels
            if channel.latest is not None and channel.latest.quality is not Quality.VALID
        }
        # The channels are one block; a channel that was added or removed makes another one.
        self._device.feeds[feed].publish_readings(values, time, _block(feed, channels), quality)


def _block(feed: str, channels: list[ChannelRuntime]) -> str:
    declared = [channel for channel in channels if not channel.added]
    return feed if len(declared) == len(channels) else f"{feed}_{'_'.join(channel.name for channel in channels)}"[:255]


def _value(channel: ChannelRuntime) -> Any:
    only_written = channel.declaration.access is Access.WRITE
    value = channel.setpoint if only_written else channel.value
    return math.nan if value is None and channel.declaration.type.dtype.floating else value
