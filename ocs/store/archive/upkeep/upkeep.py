"""The archive's upkeep, in a thread of low priority: closed files of the journal become blocks, one after the other."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

from ocs.model.archive_policy import Keeping
from ocs.model.errors import OcsError
from ocs.model.series import SeriesKey
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.layout import SYNCED, Layout
from ocs.store.archive.upkeep.compaction import CompactReport, compact
from ocs.store.archive.upkeep.retention import RetainReport, retain
from ocs.store.archive.upkeep.sealing import seal
from ocs.store.archive.upkeep.verification import CheckReport, check

NICE = 10
AGAIN_S = 30.0
"""A journal file that could not be sealed, as on a full disk, is tried again after so many seconds."""

SWEEP_S = 60.0
"""So often it is seen whether somebody who follows the journal has read on, so that files of it can go."""

CLOSE_S = 60.0
NS = 1_000_000_000


class Upkeep:
    """Seals, merges, expires and checks; only one of these at a time.

    Args:
        layout: Where the files are.
        now: Returns POSIX s.
        on_trouble: Told in one sentence.
        on_sealed: Called in its thread when a file of the journal has become blocks.
    """

    def __init__(
        self,
        layout: Layout,
        now: Callable[[], float],
        on_trouble: Callable[[str], None],
        on_sealed: Callable[[], None] = lambda: None,
    ) -> None:
        self._layout = layout
        self._now = now
        self._on_trouble = on_trouble
        self._on_sealed = on_sealed
        self._catalogue = Catalogue(layout.catalogue)
        self._waiting: list[int] = []
        self._news = threading.Condition()
        self._one = threading.Lock()
        self._closing = False
        self._told = ""
        self._thread = threading.Thread(target=self._serve, name="archive upkeep", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def seal(self, number: int) -> None:
        """Have a closed file of the journal made into blocks."""
        with self._news:
            self._waiting.append(number)
            self._news.notify_all()

    def wait_sealed(self, timeout_s: float) -> bool:
        """Wait until no closed file waits to be sealed; False when that takes longer, or the upkeep ends before."""
        with self._news:
            self._news.wait_for(lambda: self._closing or not self._waiting, timeout_s)
            return not self._waiting

    def compact(self) -> CompactReport:
        """Merge blocks of which many are small."""
        with self._one:
            return compact(
                self._catalogue, self._layout, now=int(self._now() * NS),
                stopping=lambda: self._closing or bool(self._waiting),
            )  # fmt: skip

    def retain(self, keeping: Callable[[SeriesKey, Iterable[str]], Keeping]) -> RetainReport:
        """Delete what has been kept for as long as its rule says."""
        with self._one:
            return retain(self._catalogue, self._layout, keeping, now=int(self._now() * NS))

    def check(self, *, thorough: bool = True, on_progress: Callable[[float], None] = lambda _: None) -> CheckReport:
        """Set damaged files aside."""
        with self._one:
            return check(
                self._catalogue, self._layout, thorough=thorough, on_progress=on_progress,
                stopping=lambda: self._closing,
            )  # fmt: skip

    def close(self) -> None:
        """End after what is under way."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=CLOSE_S)
        idle = self._one.acquire(timeout=CLOSE_S)  # what another thread asked for still writes files
        self._catalogue.close()
        if idle:
            self._one.release()

    def _serve(self) -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        self._look_over()
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closing or self._waiting, SWEEP_S)
                if self._closing:
                    return
                number = self._waiting[0] if self._waiting else 0
            if not number:
                self._tidy_up()
                continue
            done = self._sealed(number)
            with self._news:
                if done:
                    self._waiting.pop(0)
                    self._news.notify_all()
                else:
                    self._news.wait_for(lambda: self._closing, AGAIN_S)

    def _look_over(self) -> None:
        """Find what a crash has left: files that are too short are set aside, those that nobody needs are deleted."""
        try:
            damaged = self.check(thorough=False).damaged
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the archive works without it
            self._on_trouble(f"the archive's files could not be looked over: {error}")
            return
        for path in damaged:
            self._on_trouble(f"{path} is damaged and was set aside; its rows are a gap")

    def _tidy_up(self) -> None:
        """Sweep although nothing was sealed: a full disk takes no rows, but whoever follows the journal reads on."""
        with suppress(OSError, sqlite3.Error):
            with self._one:
                self._sweep()
            self._on_sealed()

    def _sealed(self, number: int) -> bool:
        path = self._layout.journal(number)
        try:
            with self._one:
                if number > self._catalogue.sealed and number in self._layout.promised_numbers():
                    report = seal(path, number, self._catalogue, self._layout)
                    if report.lost:
                        self._on_trouble(f"{report.lost} bytes of {path} were damaged and are lost; gaps tell of what")
                self._sweep()
            self._on_sealed()
        except (OSError, OcsError, sqlite3.Error) as error:
            told = f"the journal file {path} could not be made into blocks ({error}); it is kept, and tried again"
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the journal keeps the rows, whatever it is
            told = f"the journal file {path} could not be made into blocks: {type(error).__name__}: {error}"
        else:
            self._told = ""
            return True
        if told != self._told:
            self._told = told
            self._on_trouble(told)
        return False

    def _sweep(self) -> None:
        """Delete the files of the journal that are sealed and that no cursor needs."""
        needed = [cursor.journal for cursor in self._catalogue.cursors().values()]
        upto = min([self._catalogue.sealed, *(number - 1 for number in needed)])
        for number in self._layout.promised_numbers():
            if number <= upto:
                path = self._layout.journal(number)
                with suppress(OSError):  # it is swept the next time; sealing goes on
                    path.with_suffix(SYNCED).unlink(missing_ok=True)
                    path.unlink(missing_ok=True)
