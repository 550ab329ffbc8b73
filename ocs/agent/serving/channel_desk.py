"""What clients ask of a device's channels: `R.D.read`, `R.D.write` and `R.D.config`, item by item."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ocs.agent.channels.runtime import ChannelRuntime
from ocs.agent.device import Device
from ocs.model.channel import select
from ocs.model.datatype import Format
from ocs.model.errors import NoDataError, NotFoundError, OcsError, OutOfRangeError, ParameterError
from ocs.model.reading import Reading
from ocs.model.tango_state import TangoState
from ocs.wire.channels import Written, encode_reading, encode_written
from ocs.wire.values import decode_value

SOURCES = ("auto", "device", "cache")
Asked = dict[str, ChannelRuntime | OcsError]


class ChannelDesk:
    """Answers requests on one device's channels.

    Args:
        device: The device.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._timing = device.hosted().timing

    # -- read ------------------------------------------------------------------------------------

    def read(
        self,
        _caller: Any,
        names: Any = None,
        source: str = "auto",
        max_age_s: float | None = None,
        history: int = 0,
        columns: bool = False,  # noqa: FBT001, FBT002 - a word of the wire
    ) -> Any:
        """Answer `R.D.read`: a reading for each name, or its own error."""
        if source not in SOURCES:
            raise ParameterError(f"source is {source!r}; it is one of {', '.join(SOURCES)}", field="source")
        channel = self._device.channels.get(names) if type(names) is str else None
        if channel is not None and not history:  # the one channel that most calls ask for
            reading = self._at_once(channel, source, max_age_s)
            if reading is not None:
                return {names: self._encoded(channel, reading, columns=columns)}
        asked = self._asked(names)
        if history:
            count = _count(history)
            return {name: self._history(item, count, columns=columns) for name, item in asked.items()}
        return self._read(asked, source, _age(max_age_s), columns=columns)

    def _at_once(self, channel: ChannelRuntime, source: str, max_age_s: float | None) -> Reading | None:
        """Return the reading of a channel that needs no asking of the hardware, None where it does."""
        if channel.declaration.inline:
            return self._device.acquisition.known(channel)
        if source == "device" and not channel.declaration.fed_by_code:
            return None
        try:
            channel.check_access(write=False)
        except OcsError as error:
            return channel.failed(error)
        if source == "cache":
            return self._cached(channel)
        return channel.fresh(_age(max_age_s))

    def _cached(self, channel: ChannelRuntime) -> Reading:
        reading = channel.latest
        if reading is None:
            period = channel.poll_period_s
            polled = (
                "it is not polled; set poll_period_s, or read it from the device" if period is None else "try again"
            )
            return channel.failed(NoDataError(f"{channel.name} has no reading yet: {polled}", field=channel.name))
        if channel.fresh(None) is None and channel.poll_period_s is not None:
            age = self._timing.seconds() - reading.taken
            late = (
                f"its newest reading is {age:.1f} s old, more than four of its periods of {channel.poll_period_s:g} s"
            )
            return channel.failed(NoDataError(f"{channel.name} is not updated any more: {late}", field=channel.name))
        return reading

    def _read(self, asked: Asked, source: str, max_age_s: float | None, *, columns: bool) -> Any:
        ready: dict[str, Reading] = {}
        waiting: list[ChannelRuntime] = []
        for name, item in asked.items():
            if isinstance(item, OcsError):
                ready[name] = self._refused(item)
                continue
            reading = self._at_once(item, source, max_age_s)
            if reading is not None:
                ready[name] = reading
                continue
            try:
                item.check_access(write=False)
                waiting.append(item)
            except OcsError as error:
                ready[name] = item.failed(error)

        def encoded(fresh: Mapping[str, Reading]) -> dict[str, Any]:
            found = {**ready, **fresh}
            return {name: self._encoded(asked[name], found[name], columns=columns) for name in asked}

        return self._device.acquisition.read(waiting).addCallback(encoded) if waiting else encoded({})

    def _history(self, item: ChannelRuntime | OcsError, count: int, *, columns: bool) -> Any:
        if isinstance(item, OcsError):
            return [self._encoded(item, self._refused(item), columns=columns)]
        newest = list(item.ring)[-count:]
        return [self._encoded(item, reading, columns=columns, past=True) for reading in newest]

    def _refused(self, error: OcsError) -> Reading:
        state = self._device.channels["State"]
        return state.failed(error)

    def _encoded(
        self, item: ChannelRuntime | OcsError, reading: Reading, *, columns: bool, past: bool = False
    ) -> dict[str, Any]:
        encoded = encode_reading(reading, self._timing.seconds(), columns=columns)
        if isinstance(item, ChannelRuntime) and item.name == "State" and reading.value is not None:
            encoded["number"] = TangoState[reading.value].value
            if not past:
                encoded["chart"] = self._device.state.current.name
        return encoded

    # -- write -----------------------------------------------------------------------------------

    def write(
        self,
        caller: Any,
        values: Any = None,
        readback: bool = False,  # noqa: FBT001, FBT002 - a word of the wire
        check: bool = False,  # noqa: FBT001, FBT002 - a word of the wire
    ) -> Any:
        """Answer `R.D.write`: what became of each channel; with `check` everything but the hardware."""
        if not isinstance(values, Mapping) or not values:
            raise ParameterError("values is a map of channels and what to write, as in {'setpoint': 4.2}", given=values)
        done: dict[str, Written] = {}
        good: list[tuple[ChannelRuntime, Any]] = []
        for given, value in values.items():
            name = str(given)
            try:
                channel = self.named(name)
                name = channel.name
                checked = self._device.acquisition.check(channel, _sent(channel, value))
                good.append((channel, checked))
                done[name] = Written(setpoint=checked)
            except OcsError as error:
                done[name] = Written(error=error)
        if check or not good:
            return self._written(done)
        author = str(caller[0]) if caller else ""
        writing = self._device.acquisition.write(good, author, readback=readback)
        return writing.addCallback(lambda written: self._written(done | written))

    def _written(self, done: dict[str, Written]) -> Any:
        seconds = self._timing.seconds()
        return {name: encode_written(written, seconds) for name, written in done.items()}

    # -- names -----------------------------------------------------------------------------------

    def _asked(self, names: Any) -> Asked:
        if names is not None and not isinstance(names, (str, list, tuple)):
            raise ParameterError(
                f"names is {names!r}; it is a name, a pattern such as temp*, or a list of them", field="names"
            )
        found: Asked = {}
        for name in select(self._device.channels, names):
            try:
                found[name] = self._found(name)
            except NotFoundError as error:
                found[name] = error
        return found

    def _found(self, name: str) -> ChannelRuntime:
        channel = self._device.channels.get(name)
        if channel is None:
            known = ", ".join(self._device.channels)
            raise NotFoundError(
                f"{self._device.name} has no channel {name}; it has {known}",
                field=name, allowed=list(self._device.channels),
            )  # fmt: skip
        return channel

    def named(self, name: Any) -> ChannelRuntime:
        """Return the channel that a request names.

        Raises:
            NotFoundError: The device has none of this name.
        """
        return self._found(next(iter(select(self._device.channels, str(name))), str(name)))


def _count(history: Any) -> int:
    if isinstance(history, int) and not isinstance(history, bool) and history > 0:
        return history
    raise OutOfRangeError(
        f"history is {history!r}; it is how many readings are wanted, 1 or more", field="history", given=history
    )


def _sent(channel: ChannelRuntime, value: Any) -> Any:
    """Return a value that a client sent; an array may come as columns of bytes."""
    if not isinstance(value, Mapping) or channel.kind.format not in _ARRAYS:
        return value
    try:
        return decode_value(value)
    except (TypeError, ValueError):
        return value  # the type refuses it


_ARRAYS = frozenset({Format.SPECTRUM, Format.IMAGE})


def _age(max_age_s: Any) -> float | None:
    if max_age_s is None:
        return None
    if isinstance(max_age_s, (int, float)) and not isinstance(max_age_s, bool) and max_age_s >= 0:
        return float(max_age_s) if not math.isinf(max_age_s) else math.inf
    raise OutOfRangeError(
        f"max_age_s is {max_age_s!r}; it is a time of 0 s or more", field="max_age_s", given=max_age_s
    )
