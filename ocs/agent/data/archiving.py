"""An agent's part in the archive: its spool, who fills it and empties it, and the gaps of its starts and links."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.agent.calling.timing import Timing
from ocs.agent.data.forwarding import Forwarder
from ocs.agent.data.recording import BULK_PRIORITY, FEED_PRIORITY, NS, QUIET_S, Recorder, SeriesRecorder
from ocs.agent.data.row_columns import NO_QUALITY
from ocs.agent.data.spool_health import SpoolHealth
from ocs.model.datatype import DataType, Format
from ocs.model.feed import FeedInterface
from ocs.model.gap import Gap, GapCause
from ocs.model.health import Cause
from ocs.model.quality import Quality
from ocs.model.reading import Reading
from ocs.model.series import CHANNELS_FEED, FieldType, SeriesKey
from ocs.realm.connection import RealmConnection
from ocs.store.spool.spool import Opening, Spool, SpoolLimits

if TYPE_CHECKING:
    from ocs.agent.channels.runtime import ChannelRuntime
    from ocs.agent.device import Device

FOLDER = "spool"
LAST_PUT_S = 3.0
"""At its end an agent waits at most so long, in s, for the archiver; what is left goes out after the next start."""

UNTOLD = "up to the end of the process there was no room to say which rows are missing"

_DIMS = {Format.SCALAR: 0, Format.SPECTRUM: 1, Format.IMAGE: 2, Format.RECORD: 0}


class Archiving:
    """What is on its way from this agent to the archive.

    Attributes:
        ending: Whether the agent ends: links that close then are no loss.

    Args:
        folder: The agent's state folder.
        timing: Its loop.
        connection: Its membership in the realm.
        uri: The archiver's procedure.
        epoch: Start of its process, ns.
        on_trouble: Told in one sentence, in the loop.
        limits: Bounds of the spool.
    """

    def __init__(
        self,
        folder: Path,
        timing: Timing,
        connection: RealmConnection,
        uri: str,
        *,
        epoch: int,
        on_trouble: Callable[[str], None],
        limits: SpoolLimits | None = None,
    ) -> None:
        def told(sentence: str) -> None:
            timing.soon(on_trouble, sentence)

        self._timing = timing
        self.ending = False
        self._lost_links: dict[str, tuple[int, str]] = {}
        self.spool = Spool(folder / FOLDER, limits or SpoolLimits(), now=timing.now, on_trouble=told)
        self.forwarder = Forwarder(self.spool, connection, uri, timing, on_trouble)
        self.recorder = Recorder(self.spool, epoch, told, lambda: timing.soon(self.forwarder.wake))
        self._health = SpoolHealth(self.spool, self.recorder)
        self._opening: Opening = self.spool.open()

    def start(self, devices: Iterable[str]) -> None:
        """Say what is missing since the last commit of the earlier process, and begin."""
        opening, now = self._opening, int(self._timing.now() * NS)
        devices = list(devices)
        for damage in opening.damaged:
            for device in devices:
                self.recorder.gap(Gap(device, damage.first, damage.last, GapCause.SPOOL_DAMAGED, detail=damage.path))
        if opening.untold is not None:
            first, last = opening.untold
            for device in devices:
                self.recorder.gap(Gap(device, first, last, GapCause.DISK_FULL, detail=UNTOLD))
        for device in devices:
            for gap in _start_gap(opening, device, now):
                self.recorder.gap(gap)
        self.recorder.start()

    def feed(self, device: Device, feed: FeedInterface, block: str) -> SeriesRecorder:
        """Return where the rows of a block of a device's feed go."""

        def types() -> dict[str, FieldType]:
            channels = device.channels.values()
            return {each.name: channel_type(each) for each in channels if each.declaration.feed == feed.name}

        priority = BULK_PRIORITY if feed.bulk else FEED_PRIORITY
        return self.recorder.series(SeriesKey(device.name, feed.name, block), types, priority, feed.unit_of)

    def reading(self, channel: ChannelRuntime, reading: Reading) -> None:
        """Take a reading of a channel that is archived by itself; one that is in a feed is archived with that."""
        name = channel.name
        if channel.declaration.feed:
            return
        key = SeriesKey(channel.device.name, CHANNELS_FEED, name)
        series = self.recorder.series(key, lambda: {name: channel_type(channel)}, FEED_PRIORITY)
        quality = NO_QUALITY if reading.quality is Quality.VALID else {name: reading.quality}
        series.add(reading.time, (name,), (reading.value,), quality)

    def link_changed(self, device: str, *, there: bool, reason: str) -> None:
        """Take note that a device was lost or found, from any thread."""
        now = int(self._timing.now() * NS)
        if self.ending:
            return
        if not there:
            if device not in self._lost_links:
                self._lost_links[device] = (now, reason)
                self.recorder.gap(Gap(device, now, None, GapCause.LINK_LOST, detail=reason))
            return
        since, why = self._lost_links.pop(device, (None, ""))
        if since is not None:
            self.recorder.gap(Gap(device, since, max(now, since), GapCause.LINK_LOST, detail=why))

    def causes(self, now: float) -> list[Cause]:
        """Return what makes the agent unwell."""
        return self._health.causes(now, self.forwarder.trouble, self.forwarder.trouble_since)

    def flush(self) -> Deferred[Any]:
        """Commit what waits and send it, for 3 s at most."""
        self.recorder.close()
        drained = self.forwarder.drained()
        return drained.addTimeout(LAST_PUT_S, self._timing.reactor).addErrback(_too_late)

    def close(self) -> None:
        """End in good order; what devices have said since the flush is kept too."""
        self.forwarder.close()
        upto = self._timing.now()
        try:
            self.recorder.commit()
        finally:
            self.spool.close(upto)


def _start_gap(opening: Opening, device: str, now: int) -> Iterable[Gap]:
    """Yield what a device misses since the last commit of the earlier process; times by that one's clock."""
    last = opening.last_commit
    if last is None:
        return
    if last < now:
        yield Gap(device, last, now, GapCause.PROCESS_STOPPED if opening.orderly else GapCause.PROCESS_KILLED)
    elif not opening.orderly:
        back_s = (last - now) / NS
        detail = f"the clock was set back by {back_s:.0f} s at least before the next start"
        yield Gap(device, last, last + int(QUIET_S * NS), GapCause.PROCESS_KILLED, detail=detail)


def _too_late(failure: Any) -> None:
    failure.trap(defer.TimeoutError)


def channel_type(channel: ChannelRuntime) -> FieldType:
    """Return what the archive knows of a channel's values."""
    kind = channel.kind
    dtype = DataType.RECORD if kind.format is Format.RECORD else kind.dtype
    labels = kind.labels if dtype is DataType.ENUM else ()
    return FieldType(dtype, _DIMS[kind.format], channel.layers.effective.unit, labels)
