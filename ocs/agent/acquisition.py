"""Reading and writing a device's channels: which handler in which thread, one hardware call for many channels."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.agent.channel_runtime import ChannelRuntime
from ocs.agent.declarations import is_reactor_function
from ocs.agent.device_thread import HANDLER_S, DeviceThread
from ocs.agent.execution import run_in_loop
from ocs.agent.failing import as_error
from ocs.model.channel import Memorized
from ocs.model.errors import DeadlineError, ErrorCode, NotAllowedError, OcsError
from ocs.model.reading import Reading
from ocs.wire.channels import Written

if TYPE_CHECKING:
    from ocs.agent.device import Device

Readings = dict[str, Reading]


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
        plain = [channel for channel in channels if _blocks(channel.declaration.reader)]
        others = [channel for channel in channels if channel.declaration.reader is not None and channel not in plain]
        result: Readings = {}
        for channel in channels:
            if channel.declaration.reader is None:
                result[channel.name] = channel.latest or channel.failed(
                    OcsError(f"{channel.name} has no value yet: its device has not told one", code=ErrorCode.NO_DATA)
                )
        waits: list[Deferred[Any]] = []
        if plain:
            asked = self._thread.run(_named("read", plain), lambda: self.read_group(plain), deadline_s)
            waits.append(asked.addErrback(_all_failed, plain))
        if others:
            waits.append(self._read_in_loop(others, deadline_s))
        if not waits:
            return defer.succeed(result)
        return defer.gatherResults(waits).addCallback(self._taken, result)

    def _taken(self, groups: list[Readings], result: Readings) -> Readings:
        channels = self._device.channels
        for readings in groups:
            for name, reading in readings.items():
                result[name] = reading
                if name in channels:
                    channels[name].processed(reading)
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

    def _read_in_loop(self, channels: Sequence[ChannelRuntime], deadline_s: float | None) -> Deferred[Readings]:
        async def each(channel: ChannelRuntime) -> Reading:
            reader: Callable[..., Any] = channel.declaration.reader  # type: ignore[assignment] # chosen for having one
            try:
                if channel.declaration.inline:
                    return channel.made(reader(self._device))
                async with asyncio.timeout(deadline_s):
                    return channel.made(await reader(self._device))
            except TimeoutError:
                late = DeadlineError(
                    f"{channel.name}.read has not answered within {deadline_s:g} s", field=channel.name
                )
                return channel.failed(late)
            except Exception as error:  # noqa: BLE001 - the edge of the author's code: told as the channel's reading
                return channel.failed(error)

        async def all_of_them() -> Readings:
            if not self._blocking_hardware:
                names = [channel.name for channel in channels]
                fetched: Any = self._device.read_hardware(names)  # type: ignore[func-returns-value] # async here
                await fetched
            return {channel.name: await each(channel) for channel in channels}

        if all(channel.declaration.inline for channel in channels):
            return defer.succeed({channel.name: self._inline(channel) for channel in channels})
        asked = run_in_loop(self._timing, all_of_them)
        return asked.addErrback(_all_failed, channels)

    def _inline(self, channel: ChannelRuntime) -> Reading:
        reader: Callable[..., Any] = channel.declaration.reader  # type: ignore[assignment] # chosen for having one
        return channel.made(reader(self._device))

    def read_here(self, channel: ChannelRuntime) -> Any:
        """Read one channel in the calling thread and return its value.

        Raises:
            OcsError: It could not be read.
            NotAllowedError: The caller is the event loop, which must not block.
        """
        if channel.declaration.reader is None:
            return channel.value
        self._check_thread(channel, "get")
        reading = self.read_group([channel])[channel.name]
        self._timing.soon(channel.processed, reading)
        channel.latest = reading
        if reading.error is not None:
            raise reading.error
        return reading.value

    # -- writing ---------------------------------------------------------------------------------

    def check(self, channel: ChannelRuntime, value: Any) -> Any:
        """Return the canonical value if it may be written now; everything but the hardware.

        Raises:
            OcsError: It may not.
        """
        canonical = channel.checked(value)
        channel.check_access(write=True)
        return canonical

    def write(
        self, values: Sequence[tuple[ChannelRuntime, Any]], author: str, *, readback: bool
    ) -> Deferred[dict[str, Written]]:
        """Write checked values in their order; never fails, each may have its own error."""
        if not any(_blocks(channel.declaration.writer) or _is_kept(channel) for channel, _ in values):
            return run_in_loop(self._timing, lambda: self._write_in_loop(values, author, readback=readback))

        def work() -> dict[str, Written]:
            return {channel.name: self._write_one(channel, value, author) for channel, value in values}

        names = _named("write", [channel for channel, _ in values])
        asked = self._thread.run(names, work)
        asked.addErrback(_none_written, [channel for channel, _ in values])
        if any(_is_async(channel.declaration.writer) for channel, _ in values):
            asked.addCallback(lambda done: run_in_loop(self._timing, lambda: self._async_rest(values, done)))
        return asked.addCallback(self._read_back, [channel for channel, _ in values]) if readback else asked

    def _write_one(self, channel: ChannelRuntime, value: Any, author: str) -> Written:
        before = channel.setpoint
        journal = self._device.hosted().settings
        try:
            if _is_kept(channel):
                journal.keep_setpoint(self._device.name, channel.name, value, author)
            if _blocks(channel.declaration.writer):
                self._give(channel, value)
            elif channel.declaration.writer is None:
                channel.wrote(value)
        except Exception as error:  # noqa: BLE001 - the edge of the author's code: told to the writer
            if _is_kept(channel):
                self._restore_journal(channel, before, author)
            return Written(error=as_error(error, f"{channel.name}.write"))
        return Written(setpoint=value)

    def _restore_journal(self, channel: ChannelRuntime, before: Any, author: str) -> None:
        try:
            self._device.hosted().settings.keep_setpoint(self._device.name, channel.name, before, author)
        except OcsError as error:  # the journal's disk: what is told is why the write itself failed
            self._device.log.error("{error}", error=error.message)

    def _give(self, channel: ChannelRuntime, value: Any) -> None:
        writer: Callable[..., Any] = channel.declaration.writer  # type: ignore[assignment] # looked at before
        writer(self._device, channel.kind.to_author(value))
        channel.wrote(value)

    async def _async_rest(self, values: Sequence[tuple[ChannelRuntime, Any]], done: dict[str, Written]) -> Any:
        for channel, value in values:
            if _is_async(channel.declaration.writer) and done[channel.name].error is None:
                done[channel.name] = await self._write_async(channel, value)
        return done

    async def _write_in_loop(
        self, values: Sequence[tuple[ChannelRuntime, Any]], _author: str, *, readback: bool
    ) -> dict[str, Written]:
        done: dict[str, Written] = {}
        for channel, value in values:
            if channel.declaration.writer is None:
                channel.wrote(value)
                done[channel.name] = Written(setpoint=value)
            else:
                done[channel.name] = await self._write_async(channel, value)
        if readback:
            done = await self._read_back(done, [channel for channel, _ in values])
        return done

    async def _write_async(self, channel: ChannelRuntime, value: Any) -> Written:
        writer: Callable[..., Any] = channel.declaration.writer  # type: ignore[assignment] # looked at before
        try:
            async with asyncio.timeout(HANDLER_S):
                await writer(self._device, channel.kind.to_author(value))
        except TimeoutError:
            late = f"{channel.name}.write has not answered within {HANDLER_S:g} s"
            return Written(error=DeadlineError(late, field=channel.name))
        except Exception as error:  # noqa: BLE001 - the edge of the author's code: told to the writer
            return Written(error=as_error(error, f"{channel.name}.write"))
        channel.wrote(value)
        return Written(setpoint=value)

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
        self._check_thread(channel, "put")
        written = self._write_one(channel, canonical, "agent")
        if written.error is not None:
            raise written.error

    def restore(self, channel: ChannelRuntime) -> None:
        """Bring a memorized set point back at the start, in a thread; write it where the declaration says so."""
        kept = self._device.hosted().settings.setpoint(self._device.name, channel.name)
        if kept is None:
            return
        try:
            canonical = channel.checked(kept)
            if channel.declaration.memorized is Memorized.AT_INIT and _blocks(channel.declaration.writer):
                self._give(channel, canonical)
            elif channel.declaration.memorized is Memorized.AT_INIT and channel.declaration.writer is None:
                channel.wrote(canonical)
            else:
                channel.restored(canonical)
        except Exception as error:  # noqa: BLE001 - the edge of the author's code: told as the device's alarm
            told = as_error(error, channel.name).message
            channel.restore_failed(
                f"{channel.name}: its memorized set point {kept!r} could not be restored: {told}; write it again"
            )

    def _check_thread(self, channel: ChannelRuntime, verb: str) -> None:
        handler = channel.declaration.reader if verb == "get" else channel.declaration.writer
        if _is_async(handler):
            raise NotAllowedError(
                f"{channel.name} has an async handler; use `await` with its function instead of {verb}()",
                field=channel.name,
            )
        if self._timing.in_loop and handler is not None:
            raise NotAllowedError(
                f"{channel.name}.{verb}() would block the event loop; "
                f"use `await asyncio.to_thread(self.{channel.name}.{verb}, ...)` in an async function",
                field=channel.name,
            )


def _all_failed(failure: Any, channels: Sequence[ChannelRuntime]) -> Readings:
    return {channel.name: channel.failed(failure.value) for channel in channels}


def _none_written(failure: Any, channels: Sequence[ChannelRuntime]) -> dict[str, Written]:
    return {channel.name: Written(error=as_error(failure.value, channel.name)) for channel in channels}


def _is_kept(channel: ChannelRuntime) -> bool:
    return channel.declaration.memorized is not Memorized.NO


def _blocks(handler: Callable[..., Any] | None) -> bool:
    return handler is not None and not _is_async(handler) and not getattr(handler, "inline", False)


def _is_async(handler: Callable[..., Any] | None) -> bool:
    return handler is not None and is_reactor_function(handler)


def _named(verb: str, channels: Iterable[ChannelRuntime]) -> str:
    names = [channel.name for channel in channels]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}.{verb}{more}"
