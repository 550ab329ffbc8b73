"""What an operator is told of a spool: rows that wait, a spool that becomes full, rows that are lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.agent.data.recording import Recorder
from ocs.agent.data.spool_health import LOSING_S, UNWELL_S, SpoolHealth
from ocs.model.health import HealthLevel
from ocs.model.series import SeriesKey
from ocs.store.spool.spool import Spool, SpoolLimits

KEY = SeriesKey("thermo-1", "temperatures", "temperatures")
TEXT = "a" * 1000


class Watched:
    """A small spool, its recorder, and who looks at them."""

    def __init__(self, folder: Path) -> None:
        self.now = 1.8e9
        limits = SpoolLimits(max_bytes=50_000, segment_bytes=5000, reserve_bytes=100, live_bytes=1000)
        self.spool = Spool(folder, limits, now=lambda: self.now, on_trouble=lambda _: None)
        self.spool.open()
        self.recorder = Recorder(self.spool, 7, lambda _: None, lambda: None)
        self.health = SpoolHealth(self.spool, self.recorder)
        self.trouble_since: float | None = None

    def record(self, rows: int, time: float = 1e9) -> None:
        """Commit so many kB, row by row."""
        for _ in range(rows):
            self.recorder.series(KEY, dict).add(time, ("x",), (TEXT,))
            self.recorder.commit()

    def told(self) -> dict[str, tuple[HealthLevel, str]]:
        trouble = "" if self.trouble_since is None else "there is no archiver"
        causes = self.health.causes(self.now, trouble, self.trouble_since or 0.0)
        return {cause.source: (cause.level, cause.sentence) for cause in causes}

    def drain(self) -> None:
        while (taken := self.spool.take(10_000)) is not None:
            self.spool.acknowledge(taken.tickets)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path / "spool")
    yield made
    made.spool.close()


def test_a_spool_that_is_emptied_is_no_cause(watched: Watched) -> None:
    watched.record(5)
    watched.drain()

    assert watched.told() == {}


def test_an_archiver_that_takes_nothing_for_long_is_told_with_what_waits(watched: Watched) -> None:
    watched.trouble_since = watched.now
    watched.record(5)
    assert watched.told() == {}

    watched.now += UNWELL_S

    level, sentence = watched.told()["archive"]
    assert level is HealthLevel.DEGRADED
    assert "5 rows wait in the spool, nothing is lost" in sentence


def test_a_spool_that_becomes_full_is_told_before_rows_are_lost(watched: Watched) -> None:
    watched.record(40)

    level, sentence = watched.told()["spool"]

    assert watched.spool.dropped_rows == 0
    assert level is HealthLevel.DEGRADED
    assert "%" in sentence
    watched.drain()
    assert watched.told() == {}


def test_a_spool_that_drops_rows_is_bad_for_as_long_as_the_archiver_takes_nothing(watched: Watched) -> None:
    watched.trouble_since = watched.now
    watched.record(60)

    level, sentence = watched.told()["spool"]
    assert level is HealthLevel.BAD
    assert f"{watched.spool.dropped_rows} rows are lost" in sentence
    assert "spool_full" in sentence
    watched.now += 100 * LOSING_S
    told = watched.told()
    assert told["spool"] == (level, sentence)
    assert "nothing is lost" not in told["archive"][1]

    watched.drain()
    watched.trouble_since = None
    assert watched.told() == {}


def test_rows_that_cannot_be_kept_are_told_for_a_while(watched: Watched) -> None:
    watched.record(1, time=float("nan"))

    level, sentence = watched.told()["spool"]

    assert (level, watched.recorder.lost_rows) == (HealthLevel.BAD, 1)
    assert "1 rows are lost for the archive (ValueError: a time stamp" in sentence
    watched.now += LOSING_S
    assert watched.told() == {}
