"""Which devices are here, and since when those that went are away: gaps that anybody can look up.

A device that sends its own heartbeats has a gap `agent_down` from the moment at which it went: its session left the
router, its heartbeats stopped, or it was closed. The gap lasts until it is heard again. A process that was only cut
off from the router, and kept its data in a spool meanwhile, loses nothing: its gap is closed with no length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ocs.model.address import is_admin
from ocs.model.gap import Gap, GapCause
from ocs.wire import uris

SILENT_S = 5.0
"""A device without a heartbeat for so many seconds is away (OCS 0.12, registry agent)."""

BLIND_S = SILENT_S / 2
"""An archiver that did not look for so many seconds stood still, or had no router: it knows nothing of others."""

MOST_DEVICES = 100_000
"""Of more devices than that nobody keeps account: somebody makes names up."""

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Beat:
    """What the archiver wants to know of a heartbeat.

    Attributes:
        device: Name of the device.
        started: Start of its process, ns UTC; None when it does not tell.
        session: Number of its router session; None when it does not tell, as agents of OCS.
        spools: Whether its agent keeps its data until the archive has them.
        closing: Whether it is the last one before an end in good order.
    """

    device: str
    started: int | None = None
    session: int | None = None
    spools: bool = False
    closing: bool = False


def decode_beat(topic: str, info: Mapping[str, Any]) -> Beat:
    """Return what a heartbeat tells; whatever else somebody publishes there is left out."""
    return Beat(
        uris.device_of(topic), _started(info), _whole(info.get("session")), info.get("spool") is True,
        info.get("closing") is True,
    )  # fmt: skip


@dataclass(slots=True)
class _Device:
    """One device: its newest heartbeat, when that came by both clocks (s and ns), and its gap while it is away."""

    beat: Beat
    heard: float
    heard_at: int
    gap: Gap | None = None
    silent: bool = False


class Absences:
    """The devices that are here or away.

    Args:
        record: Takes gaps, and the same gaps again when they end.
        lasting: Gaps of an earlier archiver that have no end yet.
    """

    def __init__(self, record: Callable[[Gap], None], lasting: Iterable[Gap] = ()) -> None:
        self._record = record
        self._lasting = {gap.device: gap for gap in lasting if gap.cause is GapCause.AGENT_DOWN}
        self._devices: dict[str, _Device] = {}
        self._looked: float | None = None

    @property
    def here(self) -> list[str]:
        """Names of the devices that are here, in order."""
        return sorted(name for name, device in self._devices.items() if device.gap is None)

    @property
    def away(self) -> int:
        """How many devices went and are not back."""
        return sum(device.gap is not None for device in self._devices.values())

    def heard(self, beat: Beat, now: int, seconds: float) -> None:
        """Take a heartbeat in.

        Args:
            beat: The heartbeat.
            now: ns since 1970, UTC.
            seconds: Monotonic time in s.
        """
        device = self._devices.get(beat.device)
        if device is None:
            if len(self._devices) >= MOST_DEVICES:
                return
            device = _Device(beat, seconds, now, self._lasting.pop(beat.device, None))
            self._devices[beat.device] = device
        if device.gap is None and _older(beat, device.beat):
            return  # a process whose name was taken over while it stood still
        if device.gap is None and _older(device.beat, beat) and not beat.spools:
            end = max(now, device.heard_at)
            self._tell(Gap(beat.device, device.heard_at, end, GapCause.AGENT_DOWN, detail="it was started anew"))
        if device.gap is not None and not beat.closing:
            self._came_back(device, device.gap, beat, now)
        device.beat, device.heard, device.heard_at = beat, seconds, now
        if beat.closing and device.gap is None:
            self._went(device, now, "it was stopped in good order")

    def left(self, session: int, now: int) -> None:
        """Take note that a session left the router."""
        for device in self._devices.values():
            if device.beat.session != session:
                continue
            if device.gap is None:
                self._went(device, now, "its session left the router without a word")
            device.silent = False  # whatever it was, its session is gone now

    def look(self, now: int, seconds: float) -> None:
        """Find the devices that fell silent; to be called each second while there is a router."""
        blind = self._looked is None or seconds - self._looked > BLIND_S
        self._looked = seconds
        for device in self._devices.values():
            if blind:
                device.heard, device.heard_at = seconds, now
            elif device.gap is None and seconds - device.heard > SILENT_S:
                self._went(device, device.heard_at, "no heartbeat came")
                device.silent = True

    def _went(self, device: _Device, start: int, why: str) -> None:
        device.gap = Gap(device.beat.device, start, None, GapCause.AGENT_DOWN, detail=why)
        self._tell(device.gap)

    def _came_back(self, device: _Device, gap: Gap, beat: Beat, now: int) -> None:
        restarted = beat.started is not None and beat.started > gap.start
        stood_still = device.silent and beat.session == device.beat.session
        if beat.spools and restarted:
            ended = replace(gap, end=gap.start, detail="its new process tells itself what is missing")
        elif beat.spools and beat.started is not None and not stood_still:
            ended = replace(gap, end=gap.start, detail="it was only away from the router, and kept its data meanwhile")
        else:
            ended = replace(gap, end=max(now, gap.start))
        device.gap, device.silent = None, False
        self._tell(ended)

    def _tell(self, gap: Gap) -> None:
        if not is_admin(gap.device):  # goes and comes with the devices of its agent
            self._record(gap)


def _older(beat: Beat, known: Beat) -> bool:
    return beat.started is not None and known.started is not None and beat.started < known.started


def _started(info: Mapping[str, Any]) -> int | None:
    epoch = _whole(info.get("epoch"))
    if epoch:
        return epoch
    try:
        started = float(str(info.get("session_id")))  # OCS: the start of the process as text
    except ValueError:
        return None
    if not math.isfinite(started):
        return None
    whole = math.floor(started)
    return whole * NS + round((started - whole) * NS)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
