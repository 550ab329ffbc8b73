"""What an agent has recorded and the archiver has not: files on the agent's own disk, deleted when they have arrived.

Entries lie in segment files, one chain for each priority. A commit is one write to the end of the newest: safe
against the death of the process when it returns, against a loss of power a second later. Acknowledgements are not
written: what a new process finds is sent again, and the archive takes only what it has not.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgpack

from ocs.model.gap import Gap, GapCause
from ocs.store.framed_log import FramedLog, check
from ocs.store.spool_limits import Damage, Entry, Opening, SpoolLimits, Taken, Ticket
from ocs.store.spool_segment import Segment
from ocs.wire.archive import encode_gap

__all__ = ["Damage", "Entry", "Opening", "Spool", "SpoolLimits", "Taken", "Ticket"]

MARK = "last_commit"
"""File with the time of the last commit, and whether the spool was closed in good order."""

RESERVE = "reserve"
SYNC_S = 1.0
SMALL_SEGMENT_BYTES = 1_000_000
"""A segment of so many bytes, all of which has arrived, is closed and deleted."""

WARN_PART = 0.7
NS = 1_000_000_000

_MARK = struct.Struct("<q?")


class Spool:
    """The spool of one agent. `commit` is called from one thread, all else from any.

    Args:
        folder: Its folder.
        limits: Its bounds.
        now: Returns POSIX s.
        on_trouble: Told in one sentence.
    """

    def __init__(
        self, folder: Path, limits: SpoolLimits, *, now: Callable[[], float], on_trouble: Callable[[str], None]
    ) -> None:
        self.dropped_rows = 0
        self._folder = folder
        self._limits = limits
        self._now = now
        self._on_trouble = on_trouble
        self._lock = threading.Lock()
        self._segments: dict[int, Segment] = {}
        self._current: dict[int, Segment] = {}
        self._next = 1
        self._live: OrderedDict[Ticket, bytes] = OrderedDict()
        self._live_bytes = 0
        self._times: OrderedDict[Ticket, int] = OrderedDict()
        self._gaps: list[Gap] = []
        self._backlog_next = False
        self._warned = False
        self._synced = 0.0
        self._mark = -1

    # -- life ------------------------------------------------------------------------------------

    def open(self) -> Opening:
        """Find what an earlier process has left.

        Raises:
            OSError: The folder cannot be used.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        last_commit, orderly = self._read_mark()
        damaged = []
        for path in sorted(self._folder.glob("*.segment")):
            found = self._load(path)
            if found is not None:
                damaged.append(found)
        self._next = max(self._segments, default=0) + 1
        self._reserve()
        return Opening(last_commit, orderly, damaged, self.depth_rows)

    def close(self, *, orderly: bool = True) -> None:
        """End; in good order what has arrived is deleted, and the next start knows that nothing is missing."""
        with self._lock:
            for segment in list(self._segments.values()):
                segment.close()
                if segment.done:
                    self._forget(segment)
            if self._mark >= 0:
                if orderly:
                    os.pwrite(self._mark, b"\1", _MARK.size - 1)
                os.close(self._mark)
                self._mark = -1

    def _read_mark(self) -> tuple[int | None, bool]:
        self._mark = os.open(self._folder / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        known = os.pread(self._mark, _MARK.size, 0)
        if len(known) < _MARK.size:
            return None, False
        last, orderly = _MARK.unpack(known)
        return last, orderly

    def _load(self, path: Path) -> Damage | None:
        priority, _, number = path.stem.partition("-")
        try:
            report = check(path)
            segment = Segment(path, int(number), int(priority), None)
            segment.load()
        except (OSError, ValueError) as error:
            return self._set_aside(path, 0, str(error))
        if segment.count:
            self._segments[segment.number] = segment
        if not report.damaged:
            if not segment.count:
                path.unlink(missing_ok=True)
            return None
        return self._set_aside(path, segment.newest, "its end is not readable", keep=segment.count > 0)

    def _set_aside(self, path: Path, newest: int, why: str, *, keep: bool = False) -> Damage:
        written = int(path.stat().st_mtime * NS)
        aside = path.with_suffix(".damaged")
        with suppress(OSError):
            if keep:  # what could be read is sent; the whole file stays for whoever wants to look
                aside.write_bytes(path.read_bytes())
            else:
                path.replace(aside)
        self._on_trouble(f"a file of the spool was damaged ({why}); it was set aside as {aside}")
        return Damage(str(aside), newest, max(written, newest))

    # -- putting in ------------------------------------------------------------------------------

    def commit(self, entries: Sequence[Entry]) -> list[Ticket]:
        """Have entries kept; they outlive the process when this returns.

        What does not fit on the disk even after older data were dropped is lost, counted, and told by a gap later.
        """
        now = self._now()
        tickets: list[Ticket] = []
        with self._lock:
            self._drop_old(now)
            by_priority: dict[int, list[Entry]] = {}
            for entry in [*map(self._entry_of, self._take_gaps()), *entries]:
                by_priority.setdefault(entry.priority, []).append(entry)
            for priority, group in by_priority.items():
                tickets += self._append(priority, group, int(now * NS))
            with suppress(OSError):
                os.pwrite(self._mark, _MARK.pack(int(now * NS), False), 0)
            logs = [segment.log for segment in self._current.values()] if now - self._synced >= SYNC_S else []
        self._sync(logs, now)
        return tickets

    def _sync(self, logs: Iterable[FramedLog | None], now: float) -> None:
        for log in logs:
            self._synced = now
            if log is not None:
                with suppress(OSError):
                    log.sync()

    def _append(self, priority: int, entries: Sequence[Entry], now: int) -> list[Ticket]:
        tickets = self._written(priority, entries, now)
        for ticket, entry in zip(tickets, entries, strict=True):
            self._live[ticket] = entry.body
            self._live_bytes += ticket.size
            self._times[ticket] = now
        while self._live_bytes > self._limits.live_bytes and len(self._live) > 1:
            oldest, _ = self._live.popitem(last=False)
            self._live_bytes -= oldest.size
            self._let_wait(oldest)
        self._bound()
        return tickets

    def _written(self, priority: int, entries: Sequence[Entry], now: int) -> list[Ticket]:
        while True:
            try:
                return self._segment(priority).append(entries, now)
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT} or not self._make_room(priority):
                    self._lose(entries, error)
                    return []

    def _segment(self, priority: int) -> Segment:
        current = self._current.get(priority)
        if current is not None and current.size >= self._limits.segment_bytes:
            current.close()
            current = None
        if current is None:
            number, self._next = self._next, self._next + 1
            path = self._folder / f"{priority}-{number:012d}.segment"
            current = Segment(path, number, priority, FramedLog(path))
            self._segments[number] = self._current[priority] = current
        return current

    # -- bounds ----------------------------------------------------------------------------------

    def _bound(self) -> None:
        size = sum(segment.size for segment in self._segments.values())
        if size > WARN_PART * self._limits.max_bytes and not self._warned:
            self._warned = True
            self._on_trouble(
                f"the spool has {size / 1e6:.0f} MB of the {self._limits.max_bytes / 1e6:.0f} MB that it may have; "
                "then the oldest data go: see that the archiver runs"
            )
        self._warned = self._warned and size > WARN_PART * self._limits.max_bytes / 2
        while size > self._limits.max_bytes and len(self._segments) > 1:
            size -= self._drop(self._least(), GapCause.SPOOL_FULL)

    def _least(self) -> Segment:
        return min(self._segments.values(), key=lambda segment: (-segment.priority, segment.number))

    def _make_room(self, priority: int) -> bool:
        """Give up the reserve, then the oldest of the lowest priority; False when nothing can go."""
        reserve = self._folder / RESERVE
        if reserve.exists():
            reserve.unlink(missing_ok=True)
            return True
        least = self._least() if self._segments else None
        if least is None or least.priority < priority or not least.count:
            return False
        self._drop(least, GapCause.DISK_FULL)
        return True

    def _drop(self, segment: Segment, cause: GapCause) -> int:
        gaps = segment.gaps(cause)
        rows = sum(gap.rows for gap in gaps)
        if rows and not self.dropped_rows:
            self._on_trouble(f"the spool dropped {rows} rows ({cause.value}); `ocs gaps` tells which")
        self.dropped_rows += rows
        self._gaps += gaps
        self._forget(segment)
        return segment.size

    def _drop_old(self, now: float) -> None:
        limit = int((now - self._limits.max_age_s) * NS)
        for segment in [each for each in self._segments.values() if each.count and each.newest < limit]:
            self._drop(segment, GapCause.SPOOL_OLD)

    def _lose(self, entries: Sequence[Entry], error: OSError) -> None:
        rows = sum(entry.rows for entry in entries)
        if not self.dropped_rows:
            self._on_trouble(f"{rows} rows could not be put into the spool: {error.strerror}; `ocs gaps` tells which")
        self.dropped_rows += rows
        for entry in entries:
            key = entry.series
            if key is not None:
                self._gaps.append(
                    Gap(
                        key.device, entry.first, entry.last, GapCause.DISK_FULL, key.feed, key.block, entry.rows,
                        entry.epoch, entry.seq, entry.seq + entry.rows - 1,
                    )
                )  # fmt: skip

    def _take_gaps(self) -> list[Gap]:
        gaps, self._gaps = self._gaps, []
        return _joined(gaps)

    def _entry_of(self, gap: Gap) -> Entry:
        return Entry(None, gap.epoch, 0, 0, gap.start, gap.end or gap.start, 0, msgpack.packb({"gap": encode_gap(gap)}))

    def _reserve(self) -> None:
        path = self._folder / RESERVE
        try:
            if not path.exists():
                path.write_bytes(bytes(self._limits.reserve_bytes))
        except OSError:
            path.unlink(missing_ok=True)

    # -- taking out ------------------------------------------------------------------------------

    def take(self, max_bytes: int) -> Taken | None:
        """Return entries to send, None when none wait: the newest first, every second time of the backlog, if any."""
        if not self._live and not self._backlog():
            return None
        with self._lock:
            self._backlog_next = not self._backlog_next
            taken = self._take_backlog(max_bytes) if self._backlog_next or not self._live else None
            return taken or self._take_live(max_bytes)

    def _backlog(self) -> bool:
        return any(segment.waiting_since is not None for segment in list(self._segments.values()))

    def _take_live(self, max_bytes: int) -> Taken | None:
        tickets: list[Ticket] = []
        bodies: list[bytes] = []
        size = 0
        while self._live:
            ticket = next(iter(self._live))
            if tickets and size + ticket.size > max_bytes:
                break
            bodies.append(self._live.pop(ticket))
            tickets.append(ticket)
            size += ticket.size
        self._live_bytes -= size
        return Taken(tickets, bodies, sum(ticket.rows for ticket in tickets), live=True) if tickets else None

    def _take_backlog(self, max_bytes: int) -> Taken | None:
        waiting = sorted(
            (each for each in self._segments.values() if each.waiting_since is not None),
            key=lambda segment: segment.number,
        )
        for segment in waiting:
            found = list(segment.take(max_bytes))
            if found:
                tickets = [ticket for ticket, _ in found]
                return Taken(tickets, [body for _, body in found], sum(ticket.rows for ticket in tickets), live=False)
        return None

    def acknowledge(self, tickets: Iterable[Ticket]) -> None:
        """Take note that entries have arrived; a file of which all have is deleted."""
        with self._lock:
            for ticket in tickets:
                self._times.pop(ticket, None)
                segment = self._segments.get(ticket.segment)
                if segment is not None:
                    segment.acknowledge(ticket)
                    self._clean(segment)

    def give_back(self, tickets: Iterable[Ticket]) -> None:
        """Take note that entries have not arrived; they will be taken again, from the files."""
        with self._lock:
            for ticket in tickets:
                if ticket.segment in self._segments:
                    self._let_wait(ticket)

    def _let_wait(self, ticket: Ticket) -> None:
        self._segments[ticket.segment].let_wait(ticket.place, self._times.pop(ticket, int(self._now() * NS)))

    def _clean(self, segment: Segment) -> None:
        current = self._current.get(segment.priority) is segment
        if segment.done and (not current or segment.size >= SMALL_SEGMENT_BYTES):
            self._forget(segment)
            self._reserve()

    def _forget(self, segment: Segment) -> None:
        """Delete a segment; what of it is on its way does not matter any more."""
        del self._segments[segment.number]
        if self._current.get(segment.priority) is segment:
            del self._current[segment.priority]
        for ticket in [ticket for ticket in self._times if ticket.segment == segment.number]:
            del self._times[ticket]
            if ticket in self._live:
                del self._live[ticket]
                self._live_bytes -= ticket.size
        segment.remove()

    @property
    def depth_rows(self) -> int:
        """Rows that have not arrived."""
        return sum(segment.left_rows for segment in list(self._segments.values()))

    @property
    def depth_bytes(self) -> int:
        """Bytes of the entries that have not arrived."""
        return sum(segment.left_bytes for segment in list(self._segments.values()))

    @property
    def oldest_s(self) -> float:
        """Age of the oldest entry that has not arrived, in s; 0 when none waits."""
        with self._lock:
            since = [each.waiting_since for each in self._segments.values() if each.waiting_since is not None]
            since += list(self._times.values())[:1]
        return max(0.0, self._now() - min(since) / NS) if since else 0.0


def _joined(gaps: Iterable[Gap]) -> list[Gap]:
    """Return gaps of one series, epoch and cause as one."""
    found: dict[tuple[str, str, str, int, GapCause], Gap] = {}
    for gap in gaps:
        key = (gap.device, gap.feed, gap.block, gap.epoch, gap.cause)
        before = found.get(key)
        found[key] = gap if before is None else replace(
            before, start=min(before.start, gap.start), end=max(before.end or 0, gap.end or 0),
            rows=before.rows + gap.rows, first=min(before.first, gap.first), last=max(before.last, gap.last),
        )  # fmt: skip
    return list(found.values())
