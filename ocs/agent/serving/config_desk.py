"""What clients ask of the configuration of channels: `R.D.config`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ocs.agent.author.channel import STATE_CHANNELS
from ocs.agent.channels.runtime import ChannelRuntime
from ocs.agent.device import Device
from ocs.agent.serving.channel_desk import ChannelDesk
from ocs.model.channel_config import ConfigSource
from ocs.model.errors import MissingParameterError, NotAllowedError, NotFoundError, ParameterError
from ocs.wire.interface_parts import encode_config

ACTIONS = ("get", "set", "reset")
TEXTS = frozenset({"label", "description"})
"""Keys that may be changed of State and Status; the rest of their configuration is fixed (Tango, State and Status)."""

SCOPES = {"device": ConfigSource.DEVICE, "class": ConfigSource.CLASS}


class ConfigDesk:
    """Answers requests on the configuration of one device's channels.

    Args:
        device: The device.
        channels: Finds channels by name.
        of_class: Has a change of the class's configuration applied to the other devices of the class.
    """

    def __init__(
        self, device: Device, channels: ChannelDesk, of_class: Callable[[Device, str, Mapping[str, Any]], None]
    ) -> None:
        self._device = device
        self._channels = channels
        self._of_class = of_class

    def answer(
        self,
        caller: Any,
        action: str = "get",
        channel: str | None = None,
        values: Any = None,
        scope: str = "device",
    ) -> dict[str, Any]:
        """Answer `R.D.config`: values with their sources, or what a change made of them."""
        if action not in ACTIONS:
            raise NotFoundError(f"there is no action {action!r}; there are {', '.join(ACTIONS)}", allowed=list(ACTIONS))
        if action == "get":
            wanted = list(self._device.channels.values()) if channel is None else [self._channels.named(channel)]
            return {each.name: self._told(each) for each in wanted}
        if channel is None:
            raise MissingParameterError("a change of configuration names its channel", field="channel")
        if not isinstance(scope, str) or scope not in SCOPES:
            raise ParameterError(f"scope is {scope!r}; it is device or class", field="scope", given=scope)
        found = self._channels.named(channel)
        changed = self._change(found, action, values, SCOPES[scope], str(caller[0]) if caller else "")
        return {found.name: {**self._told(found), "changed": changed}}

    def _change(self, channel: ChannelRuntime, action: str, values: Any, scope: ConfigSource, author: str) -> list[str]:
        before = channel.layers.stored(scope)
        if action == "set":
            if not isinstance(values, Mapping) or not values:
                raise ParameterError("values is a map of keys and what they become, as in {'max_alarm': 4.2}")
            _check_fixed(channel, values)
            changed = channel.layers.set(values, scope)
        else:
            keys = list(before) if values is None or values == [] else values
            _check_fixed(channel, keys)
            changed = channel.layers.reset(keys, scope)
        device = self._device
        name = device.name if scope is ConfigSource.DEVICE else type(device).__name__
        stored = channel.layers.stored(scope)
        try:
            device.hosted().settings.keep_config(scope.value, name, channel.name, stored, author)
        except Exception:
            channel.layers.load(scope, before)  # what is not kept does not hold
            raise
        if changed:
            self.apply(channel, changed, author)
        if scope is ConfigSource.CLASS:
            self._of_class(device, channel.name, stored)
        return changed

    def apply(self, channel: ChannelRuntime, changed: list[str], author: str) -> None:
        """Go by a changed configuration, and tell it."""
        channel.configured()
        self._device.polling.arrange()
        channel.events.tell_configuration({**self._told(channel), "changed": changed, "by": author})

    def take_class(self, name: str, stored: Mapping[str, Any], author: str) -> None:
        """Take what was configured for the class at another device of it."""
        channel = self._device.channels.get(name)
        if channel is None:
            return
        before = channel.layers.effective
        for sentence in channel.layers.load(ConfigSource.CLASS, stored):
            self._device.log.warn("{sentence}", sentence=sentence)
        after = channel.layers.effective
        changed = [key for key in encode_config(after).keys() | encode_config(before).keys()
                   if getattr(after, key) != getattr(before, key)]  # fmt: skip
        if changed:
            self.apply(channel, sorted(changed), author)

    def load(self) -> None:
        """Take what was configured in earlier lives of the agent."""
        for channel in self._device.channels.values():
            channel.take_stored()

    def _told(self, channel: ChannelRuntime) -> dict[str, Any]:
        polled = next((each for each in self._device.polling.rounds.values() if channel in each.channels), None)
        return {
            "values": encode_config(channel.layers.effective),
            "sources": {key: source.value for key, source in channel.layers.sources.items()},
            "events": {kind.value: why for kind, why in channel.events.sources.items()},
            "polling": None if polled is None else polled.told(),
        }


def _check_fixed(channel: ChannelRuntime, keys: Any) -> None:
    """Make sure that the configuration of State and Status stays what it is, but for their texts."""
    if channel.name in STATE_CHANNELS and not set(keys) <= TEXTS:
        raise NotAllowedError(
            f"the configuration of {channel.name} is fixed, only {' and '.join(sorted(TEXTS))} may be changed",
            field=channel.name, allowed=sorted(TEXTS),
        )  # fmt: skip
