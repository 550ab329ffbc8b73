"""How the archiver is doing: its channels, read from the archive at work."""

from __future__ import annotations

from typing import Annotated

from ocs.agent import Channel, Device, Unit
from ocs.model.errors import NotAllowedError
from ocs.services.archiver.presence.absences import Absences
from ocs.services.archiver.presence.plain_agents import PlainAgents
from ocs.services.archiver.work import Work

FIGURES_S = 2.0

Seconds = Annotated[float, Unit("s")]


class ArchiveFigures(Device):
    """The figures of an archive at work; what has them is an `Archiver`."""

    rows = Channel(int, period_s=FIGURES_S, doc="rows stored since the start", abs_change=1)
    puts = Channel(int, period_s=FIGURES_S, doc="puts taken since the start", abs_change=1)
    rate = Channel(
        Annotated[float, Unit("Hz")], period_s=FIGURES_S, format="%.1f", doc="rows stored in each second, of late",
        rel_change=10.0,
    )  # fmt: skip
    lag_s = Channel(
        Seconds, period_s=FIGURES_S, format="%.4f", doc="the longest wait of a put, of late", abs_change=0.1
    )  # fmt: skip
    skipped = Channel(int, period_s=FIGURES_S, doc="rows that the policy left out", abs_change=1)
    refused = Channel(int, period_s=FIGURES_S, doc="parts that were refused, see the quarantine", abs_change=1)
    duplicates = Channel(int, period_s=FIGURES_S, doc="rows that came although they were there already", abs_change=1)
    journal_bytes = Channel(int, unit="B", period_s=FIGURES_S, doc="what is not in blocks yet", rel_change=10.0)
    disk_used = Channel(
        Annotated[float, Unit("%")], period_s=FIGURES_S, format="%.1f", doc="how full the archive's disk is",
        abs_change=0.5,
    )  # fmt: skip
    away = Channel(int, period_s=FIGURES_S, doc="devices that went and are not back", abs_change=1)
    lost = Channel(int, period_s=FIGURES_S, doc="rows of agents without spool that could not be taken", abs_change=1)

    work: Work | None = None
    absences: Absences | None = None
    plain: PlainAgents | None = None
    counted: tuple[float, int] = (0.0, 0)
    """When the stored rows were counted last, monotonic s, and how many there were."""

    def opened(self) -> Work:
        """Return the archive at work.

        Raises:
            NotAllowedError: It is not open.
        """
        if self.work is None:
            raise NotAllowedError("the archive is not open; see the Status of the archiver, then ask it for Init")
        return self.work

    def read_hardware(self, names: list[str]) -> None:
        """See how the disk is."""
        work = self.work
        if work is not None and "disk_used" in names:
            work.look()

    @rows.read
    def read_rows(self) -> int:
        """Return how many rows were stored."""
        return self.opened().archive.figures.rows

    @puts.read
    def read_puts(self) -> int:
        """Return how many puts were taken."""
        return self.opened().archive.figures.puts

    @rate.read
    def read_rate(self) -> float:
        """Return the rows stored in each second since the last look."""
        before, count = self.counted
        self.counted = (self.seconds(), self.opened().archive.figures.rows)
        return (self.counted[1] - count) / max(0.001, self.counted[0] - before)

    @lag_s.read
    def read_lag(self) -> float:
        """Return the longest wait of a put for the disk since the last look, in s."""
        return self.opened().intake.take_longest_s()

    @skipped.read
    def read_skipped(self) -> int:
        """Return how many rows the policy left out."""
        return self.opened().archive.figures.skipped

    @refused.read
    def read_refused(self) -> int:
        """Return how many parts were refused."""
        return self.opened().archive.figures.refused

    @duplicates.read
    def read_duplicates(self) -> int:
        """Return how many rows were there already."""
        return self.opened().archive.figures.duplicates

    @journal_bytes.read
    def read_journal_bytes(self) -> int:
        """Return the bytes that are not in blocks yet."""
        return self.opened().archive.figures.journal_bytes

    @disk_used.read
    def read_disk_used(self) -> float:
        """Return how full the disk is, in %."""
        return self.opened().disk.used

    @away.read
    def read_away(self) -> int:
        """Return how many devices are not back."""
        return 0 if self.absences is None else self.absences.away

    @lost.read
    def read_lost(self) -> int:
        """Return how many rows of agents without spool could not be taken."""
        return 0 if self.plain is None else self.plain.lost

    def add_influx_channels(self) -> None:
        """Offer the figures of the time series server, if there is one."""
        writer = self.opened().influx
        if writer is None:
            return
        lag = Channel(Seconds, period_s=FIGURES_S, format="%.1f", abs_change=5.0, doc="how far the server is behind")
        self.add_channel("influx_lag_s", lag, read=lambda: writer.lag_s)
        counts = {
            "influx_written": ("rows that the server has taken", lambda: writer.written),
            "influx_refused": ("rows that the server refused for good", lambda: writer.refused),
        }
        for name, (doc, read) in counts.items():
            self.add_channel(name, Channel(int, period_s=FIGURES_S, doc=doc, abs_change=1), read=read)
