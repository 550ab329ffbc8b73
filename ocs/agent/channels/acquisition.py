"""Reading and writing a device's channels: which handler in which thread, one hardware call for many channels."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.agent.calling.device_thread import HANDLER_S, DeviceThread
from ocs.agent.calling.execution import run_in_loop
from ocs.agent.calling.failing import as_error
from ocs.agent.channels.runtime import ChannelRuntime, Place
from ocs.model.channel import Memorized
from ocs.model.errors import DeadlineError, ErrorCode, NotAllowedError, OcsError
from ocs.model.reading import Reading
from ocs.wire.channels import Written

if TYPE_CHECKING:
    from ocs.agent.device import Device

Readings = dict[str, Reading]
Values = Sequence[tuple[ChannelRuntime, Any]]


class Acquisition:
    """Carries out what clients, polling and the author ask of a device's channels.

    Args:
        device: The device.
        thread: Where its plain handlers run.
    """

    def __init__(self, device: Device, thread: DeviceThread) -> None:
        self._device = device
        self._thread = thread
        self._timing = device.hosted().timing
        self._blocking_hardware = not inspect.iscoroutinefunction(device.read_hardware)

    # -- reading ---------------------------------------------------------------------------------

    def read(self, channels: Sequence[ChannelRuntime], deadline_s: float | None = HANDLER_S) -> Deferred[Readings]:
        """Read channels from the device, those of plain handlers in one go; each may have its own error, none fails."""
        result: Readings = {}
        plain: list[ChannelRuntime] = []
        others: list[ChannelRuntime] = []
        for channel in channels:
            if channel.reads_in is Place.THREAD:
                plain.append(channel)
            elif channel.reads_in is Place.LOOP:
                others.append(channel)
            else:
                result[channel.name] = self.known(channel)
        waits: list[Deferred[Any]] = []
        if plain:
            asked = self._thread.run(_named("read", plain), lambda: self.read_group(plain), deadline_s)
            waits.append(asked.addErrback(_all_failed, plain))
        if others:
            asked = run_in_loop(self._timing, lambda: self._read_in_loop(others, deadline_s))
            waits.append(asked.addErrback(_all_failed, others))
        if not waits:
            return defer.succeed(result)
        return defer.gatherResults(waits).addCallback(self._taken, result, [*plain, *others])

    def known(self, channel: ChannelRuntime) -> Reading:
        """Return the reading of a channel whose value the agent itself has."""
        if channel.reads_in is Place.HERE:
            reader: Callable[..., Any] = channel.declaration.reader  # type: ignore[assignment] # it has a place
            return channel.made(reader(self._device))
        return channel.latest or channel.failed(
            OcsError(f"{channel.name} has no value yet: its device has not told one", code=ErrorCode.NO_DATA)
        )

    def _taken(self, groups: list[Readings], result: Readings, channels: Sequence[ChannelRuntime]) -> Readings:
        for readings in groups:
            result |= readings
        present = self._device.channels
        for channel in channels:
            if present.get(channel.name) is channel:  # it may have been removed meanwhile
                channel.processed(result[channel.name])
        return result

    def read_group(self, channels: Sequence[ChannelRuntime]) -> Readings:
        """Read channels with plain handlers, in the calling thread: the hardware once, then each."""
        device = self._device
        if self._blocking_hardware:
            try:
                device.read_hardware([channel.name for channel in channels])
            except Exception as error:  # noqa: BLE001 - the edge of the author's code: told as each channel's reading
                return {channel.name: channel.failed(error) for channel in channels}
        readings: Readings = {}
        for channel in channels:
            reader: Callable[..., Any] = channel.declaration.reader  # type: ignore[assignment] # chosen for having one
            try:
                readings[channel.name] = channel.made(reader(device))
            except Exception as error:  # noqa: BLE001 - the same
                readings[channel.name] = channel.failed(error)
        return readings

    async def _read_in_loop(self, channels: Sequence[ChannelRuntime], deadline_s: float | None) -> Readings:
        """Read channels with handlers in the loop, one after the other, all of them within one deadline."""
        device = self._device
        end = None if deadline_s is None else self._timing.loop.time() + deadline_s
        if not self._blocking_hardware:
            names = [channel.name for channel in channels]
            limit = asyncio.timeout_at(end)
            try:
                async with limit:
                    fetched: Any = device.read_hardware(names)  # type: ignore[func-returns-value] # async here
                    await fetched
            except TimeoutError:
                if limit.expired():
                    raise _late("read_hardware", deadline_s) from None
                raise
        return {channel.name: await self._read_one_in_loop(channel, end, deadline_s) for channel in channels}

    async def _read_one_in_loop(self, channel: ChannelRuntime, end: float | None, deadline_s: float | None) -> Reading:
        reader: Callable[..., Any] = channel.declaration.reader  # type: ignore[assignment] # chosen for having one
        limit = asyncio.timeout_at(end)
        try:
            async with limit:
                raw = await reader(self._device)
            return channel.made(raw)
        except Exception as error:  # noqa: BLE001 - the edge of the author's code: told as the channel's reading
            if not limit.expired():
                return channel.failed(error)
            return channel.failed(_late(f"{channel.name}.read", deadline_s))

    def read_here(self, channel: ChannelRuntime) -> Any:
        """Read one channel in the calling thread and return its value.

        Raises:
            OcsError: It could not be read.
            NotAllowedError: The caller is the event loop, which must not block.
        """
        if channel.reads_in is Place.THREAD:
            self._check_thread(channel, "get")
            reading = self.read_group([channel])[channel.name]
            self._timing.soon(channel.processed, reading)
            channel.latest = reading
        elif channel.reads_in is Place.LOOP:
            raise _is_async(channel, "get")
        elif channel.reads_in is Place.NOWHERE and channel.latest is None:
            return None
        else:
            reading = self.known(channel)
        if reading.error is not None:
            raise reading.error
        return reading.value

    # -- writing ---------------------------------------------------------------------------------

    def check(self, channel: ChannelRuntime, value: Any) -> Any:
        """Return the canonical value if it may be written now; everything but the hardware.

        Raises:
            OcsError: It may not.
        """
        channel.check_access(write=True)
        return channel.checked(value)

    def write(self, values: Values, author: str, *, readback: bool) -> Deferred[dict[str, Written]]:
        """Write checked values in their order; never fails, each may have its own error."""
        if any(channel.writes_in is Place.LOOP for channel, _ in values):
            writing = run_in_loop(self._timing, lambda: self._write_in_turn(values, author))
        elif any(channel.writes_in is Place.THREAD or channel.kept for channel, _ in values):
            writing = self._write_in_thread(values, author)
        else:
            writing = defer.succeed(self._write_each(values, author))
        return writing.addCallback(self._read_back, [channel for channel, _ in values]) if readback else writing

    def _write_in_thread(self, values: Values, author: str) -> Deferred[dict[str, Written]]:
        channels = [channel for channel, _ in values]
        asked = self._thread.run(_named("write", channels), lambda: self._write_each(values, author))
        return asked.addErrback(_none_written, channels)

    def _write_each(self, values: Values, author: str) -> dict[str, Written]:
        return {channel.name: self._write_one(channel, value, author) for channel, value in values}

    async def _write_in_turn(self, values: Values, author: str) -> dict[str, Written]:
        """Write channels of which some have handlers in the loop."""
        done: dict[str, Written] = {}
        for channel, value in values:
            if channel.writes_in is Place.LOOP:
                done[channel.name] = await self._write_in_loop(channel, value, author)
            else:
                done |= await self._write_in_thread([(channel, value)], author)
        return done

    def _write_one(self, channel: ChannelRuntime, value: Any, author: str) -> Written:
        before = None
        try:
            if channel.kept:
                before = self._keep(channel, value, author)
        except Exception as error:  # noqa: BLE001 - nothing is written that the journal does not have
            return Written(error=as_error(error, f"{channel.name}.write"))
        try:
            self._give(channel, value)
        except BaseException as error:
            self._keep_again(channel, before, author)
            if not isinstance(error, Exception):
                raise
            return Written(error=as_error(error, f"{channel.name}.write"))
        return Written(setpoint=value)

    async def _write_in_loop(self, channel: ChannelRuntime, value: Any, author: str) -> Written:
        writer: Callable[..., Any] = channel.declaration.writer  # type: ignore[assignment] # it has a place
        name, before = f"{channel.name}.write", None
        try:
            if channel.kept:
                before = await self._thread.run(name, lambda: self._keep(channel, value, author))
        except Exception as error:  # noqa: BLE001 - nothing is written that the journal does not have
            return Written(error=as_error(error, name))
        limit = asyncio.timeout(HANDLER_S)
        try:
            async with limit:
                await writer(self._device, channel.kind.to_author(value))
        except BaseException as error:
            if channel.kept:
                await self._thread.run(name, lambda: self._keep_again(channel, before, author))
            if not isinstance(error, Exception):
                raise
            return Written(error=_late(name, HANDLER_S) if limit.expired() else as_error(error, name))
        channel.wrote(value)
        return Written(setpoint=value)

    def _keep(self, channel: ChannelRuntime, value: Any, author: str) -> Any:
        """Have a set point in the journal before the hardware gets it; return what was there."""
        journal = self._device.hosted().settings
        before = journal.setpoint(self._device.name, channel.name)
        journal.keep_setpoint(self._device.name, channel.name, value, author)
        return before

    def _keep_again(self, channel: ChannelRuntime, before: Any, author: str) -> None:
        if not channel.kept:
            return
        try:
            self._device.hosted().settings.keep_setpoint(self._device.name, channel.name, before, author)
        except OcsError as error:  # the journal's disk: what is told is why the write itself failed
            self._device.log.error("{error}", error=error.message)

    def _give(self, channel: ChannelRuntime, value: Any) -> None:
        if channel.writes_in is Place.THREAD:
            writer: Callable[..., Any] = channel.declaration.writer  # type: ignore[assignment] # it has a place
            writer(self._device, channel.kind.to_author(value))
        channel.wrote(value)

    def _read_back(self, done: dict[str, Written], channels: list[ChannelRuntime]) -> Deferred[dict[str, Written]]:
        wanted = [each for each in channels if each.declaration.access.readable and done[each.name].error is None]

        def merged(readings: Readings) -> dict[str, Written]:
            return done | {name: Written(done[name].setpoint, reading) for name, reading in readings.items()}

        return self.read(wanted).addCallback(merged)

    def write_here(self, channel: ChannelRuntime, value: Any) -> None:
        """Write one channel in the calling thread, checked as a client's write.

        Raises:
            OcsError: It was refused, or failed.
        """
        canonical = self.check(channel, value)
        if channel.writes_in is Place.LOOP:
            raise _is_async(channel, "put")
        if channel.writes_in is Place.THREAD:
            self._check_thread(channel, "put")
        written = self._write_one(channel, canonical, "agent")
        if written.error is not None:
            raise written.error

    # -- memorized set points --------------------------------------------------------------------

    def restore(self) -> list[ChannelRuntime]:
        """Bring memorized set points back, in a thread; return the channels that `restore_in_loop` has to write."""
        late = []
        for channel in list(self._device.channels.values()):
            kept = self._kept(channel)
            if kept is None:
                continue
            if channel.writes_in is Place.LOOP and channel.declaration.memorized is Memorized.AT_INIT:
                late.append(channel)
                continue
            try:
                canonical = channel.checked(kept)
                if channel.declaration.memorized is Memorized.AT_INIT:
                    self._give(channel, canonical)
                else:
                    channel.restored(canonical)
            except Exception as error:  # noqa: BLE001 - the edge of the author's code: told as the device's alarm
                channel.restore_failed(kept, as_error(error, channel.name))
        return late

    async def restore_in_loop(self, channels: Sequence[ChannelRuntime]) -> None:
        """Write memorized set points by handlers that run in the loop."""
        for channel in channels:
            kept = self._kept(channel)
            writer: Callable[..., Any] = channel.declaration.writer  # type: ignore[assignment] # it has a place
            try:
                canonical = channel.checked(kept)
                async with asyncio.timeout(HANDLER_S):
                    await writer(self._device, channel.kind.to_author(canonical))
                channel.wrote(canonical)
            except Exception as error:  # noqa: BLE001 - the edge of the author's code: told as the device's alarm
                channel.restore_failed(kept, as_error(error, channel.name))

    def _kept(self, channel: ChannelRuntime) -> Any:
        return self._device.hosted().settings.setpoint(self._device.name, channel.name) if channel.kept else None

    def _check_thread(self, channel: ChannelRuntime, verb: str) -> None:
        if self._timing.in_loop:
            raise NotAllowedError(
                f"{channel.name}.{verb}() would block the event loop; "
                f"use `await asyncio.to_thread(self.{channel.name}.{verb}, ...)` in an async function",
                field=channel.name,
            )


def _all_failed(failure: Any, channels: Sequence[ChannelRuntime]) -> Readings:
    return {channel.name: channel.failed(failure.value) for channel in channels}


def _none_written(failure: Any, channels: Sequence[ChannelRuntime]) -> dict[str, Written]:
    return {channel.name: Written(error=as_error(failure.value, channel.name)) for channel in channels}


def _late(what: str, deadline_s: float | None) -> DeadlineError:
    return DeadlineError(f"{what} has not answered within {deadline_s:g} s", field=what)


def _is_async(channel: ChannelRuntime, verb: str) -> NotAllowedError:
    return NotAllowedError(
        f"{channel.name} has an async handler; use `await` with its function instead of {verb}()", field=channel.name
    )


def _named(verb: str, channels: Iterable[ChannelRuntime]) -> str:
    names = [channel.name for channel in channels]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}.{verb}{more}"
