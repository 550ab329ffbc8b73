"""Passes what the archive takes on to a time series server, by a cursor of its own: an outage loses nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from ocs.link.back_off import BackOff
from ocs.model.errors import OcsError, OperationFailedError
from ocs.services.archiver.influx.line_server import LineServer, Refusal
from ocs.store.archive.journal.following import Follower, forget
from ocs.wire.line_protocol import encode_lines

CURSOR = "influx"
"""Name of the cursor in the catalogue; as long as it is there the archive keeps the journal from it on."""

LINES = 5_000
"""Most lines in a request, and about so many rows in a batch."""

LOOK_S = 0.5
"""How often the journal is looked at when all of it is written."""

TELL_S = 60.0
"""Refused rows are told of so often at most."""

STOP_S = 5.0
"""How long an end waits for the thread."""

BACK_OFF = BackOff(first_s=1.0, factor=2.0, max_s=60.0)
"""Waits between attempts while the server is away."""

_TROUBLES = (OcsError, OSError, sqlite3.Error)


class InfluxWriter:
    """Writes each row of the archive's journal as a line, in a thread of its own.

    Rows that are passed on twice, as after a crash, are the same points again, and change nothing.

    Args:
        folder: The archive's folder.
        url: Of the server, as `http://127.0.0.1:8086`.
        database: Name of its database.
        now: Returns POSIX s.
        on_trouble: Told what is wrong, in one sentence: once for each outage, and of refused rows. In the thread.
        root: Address root in front of the names of devices; none if empty.

    Attributes:
        written: Rows that the server has taken since the start.
        refused: Rows that it refused for good; the archive has them.
        last_refusal: Its reason for the last of them.
        last_error: Why the server does not have all rows now; empty while nothing is wrong.

    Raises:
        ConfigurationError: The URL or the database cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        database: str,
        *,
        now: Callable[[], float],
        on_trouble: Callable[[str], None],
        root: str = "",
    ) -> None:
        self._folder = folder
        self._server = LineServer(url, database)
        self._now = now
        self._on_trouble = on_trouble
        self._root = root
        self._thread = threading.Thread(target=self._run, name="influx-writer", daemon=True)
        self._over = threading.Event()
        self._attempt = 0
        self._level = 0.0  # when nothing waited last, POSIX s
        self._behind = False
        self._told = -TELL_S
        self.written = 0
        self.refused = 0
        self.last_refusal = ""
        self.last_error = ""

    @property
    def server(self) -> str:
        """The server's address, without user and password."""
        return self._server.name

    @property
    def lag_s(self) -> float:
        """For how long the server has not had all that the archive has, in s; 0 when it has all."""
        return max(0.0, self._now() - self._level) if self._behind else 0.0

    def start(self) -> None:
        """Begin; the archive is open."""
        self._level = self._now()
        self._thread.start()

    def stop(self) -> None:
        """End; what is not written stays for the next start. The request that waits for an answer is broken off."""
        self._over.set()
        self._server.end()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - the edge of the thread: whatever it is, it is told and tried again
                failed = OperationFailedError(f"the writer to {self._server.name} failed: {error!r}; it tries again")
                self._over.wait(self._failed(failed))

    def _follow(self) -> None:
        try:
            with Follower(self._folder, CURSOR) as journal:
                while not self._over.wait(self._pass_on(journal)):
                    pass
        except _TROUBLES as error:
            self._over.wait(self._failed(error))

    def _pass_on(self, journal: Follower) -> float:
        """Write what waits, a batch of it; return how long to wait before the next, in s."""
        looked = self._now()
        try:
            waiting = journal.take(LINES)
            lines = [line for batch in waiting.batches for line in encode_lines(batch, self._root)]
            self._behind = bool(lines)
            refused = [
                refusal
                for first in range(0, len(lines), LINES)
                for refusal in self._server.write(lines[first : first + LINES])
            ]
            self._count(len(lines), refused)
            journal.acknowledge()
        except _TROUBLES as error:
            return self._failed(error)
        self._attempt, self.last_error = 0, ""
        if waiting.batches:
            return 0.0
        self._level = looked
        return LOOK_S

    def _failed(self, error: Exception) -> float:
        self._behind = True
        if not self._over.is_set():
            self.last_error = str(error)
            if not self._attempt:
                self._on_trouble(self.last_error)
        self._attempt += 1
        return BACK_OFF.delay_s(self._attempt - 1)

    def _count(self, lines: int, refused: Sequence[Refusal]) -> None:
        count = sum(refusal.lines for refusal in refused)
        self.written += lines - count
        if not refused:
            return
        self.refused += count
        self.last_refusal = refused[-1].reason
        if self._now() - self._told >= TELL_S:
            self._told = self._now()
            self._on_trouble(f"{self._server.name} refused {count} rows ({self.last_refusal}); the archive has them")


def forget_place(folder: Path) -> None:
    """Have the archive keep nothing for a writer: there is none any more.

    Args:
        folder: Of the archive, which is there.
    """
    forget(folder, CURSOR)
