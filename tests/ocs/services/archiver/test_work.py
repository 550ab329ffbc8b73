"""The archive at work, without a realm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import ocs.store
from ocs.agent.calling.timing import Timing
from ocs.model.archive_policy import Policy, read_policy
from ocs.model.errors import ConfigurationError, DuplicateError, OperationFailedError
from ocs.model.gap import Gap, GapCause
from ocs.services.archiver.influx.influx_writer import CURSOR
from ocs.services.archiver.work import Settings, Work
from ocs.store.archive.catalogue.catalogue import Catalogue, Cursor
from ocs.store.archive.layout import Layout
from ocs.testing.clock import BORN, VirtualClock
from tests.ocs.store.archive.putting import part_of

NS = 1_000_000_000
GAP = Gap("oven", 5, None, GapCause.AGENT_DOWN)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "archive", Policy(), 90.0, 97.0, 300.0, "", "ocs_feeds", "observatory")


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def work(settings: Settings, clock: VirtualClock, told: list[str]) -> Iterator[Work]:
    made = Work(settings, clock.timing, told.append)
    yield made
    made.close()
    clock.settle()


def stored(work: Work) -> int:
    with ocs.store.open(work.settings.folder) as reader:
        return sum(series.rows for series in reader.series())


def recorded(work: Work) -> list[Gap]:
    work.archive.put([]).result(10.0)
    with ocs.store.open(work.settings.folder) as reader:
        return reader.gaps()


def test_the_next_one_knows_the_gaps_that_last_and_when_the_last_one_was_at_work(
    settings: Settings, clock: VirtualClock, told: list[str]
) -> None:
    first = Work(settings, clock.timing, told.append)
    assert (first.lasting, first.alive) == ([], None)
    first.record(GAP)
    first.record(Gap("oven", 1, 2, GapCause.LINK_LOST))
    first.archive.put([]).result(10.0)
    clock.advance(10.0)
    first.close()
    clock.advance(10.0)

    second = Work(settings, clock.timing, told.append)

    assert second.lasting == [GAP]
    assert second.alive == pytest.approx((BORN + 10.0) * NS, abs=1000)
    second.close()
    clock.settle()


def test_a_gap_that_could_not_be_recorded_is_recorded_later(
    work: Work, settings: Settings, clock: VirtualClock
) -> None:
    work.archive.close()
    work.record(GAP)

    work.archive.open()
    assert recorded(work) == []
    work.look()

    assert recorded(work) == [GAP]


def test_a_trouble_is_told_and_makes_it_unwell_for_an_hour(work: Work, told: list[str], clock: VirtualClock) -> None:
    work.trouble("a block is damaged")

    causes = [cause for cause in work.causes(clock.wall()) if cause is not None]

    assert told == ["a block is damaged"]
    assert [(cause.source, cause.sentence) for cause in causes] == [("archive", "a block is damaged")]
    assert not [cause for cause in work.causes(clock.wall() + 3601.0) if cause is not None]


def test_a_clock_that_leaps_forward_does_not_make_data_too_old_to_be_kept(
    settings: Settings, clock: VirtualClock, told: list[str]
) -> None:
    leaps = [0.0]
    keeping = replace(settings, policy=read_policy([{"match": "*", "keep_days": 30}]))
    work = Work(keeping, Timing(clock.reactor, lambda: clock.wall() + sum(leaps)), told.append)
    work.archive.put([part_of(1, 10)]).result(10.0)
    work.archive.seal()
    leaps.append(3650 * 86400.0)

    work.tidy()

    assert stored(work) == 10
    assert "the clock has leapt forward by 3650.0 d" in told[-1]

    work.close()
    work = Work(keeping, Timing(clock.reactor, lambda: clock.wall() + sum(leaps)), told.append)
    work.tidy()
    assert stored(work) == 0  # whoever set it up anew believes the clock
    work.close()
    clock.settle()


def test_a_folder_has_one_archiver(work: Work, settings: Settings, clock: VirtualClock, told: list[str]) -> None:
    with pytest.raises(DuplicateError):
        Work(settings, clock.timing, told.append)

    assert recorded(work) == []


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "http://"])
def test_a_server_that_cannot_be_one_leaves_the_archive_alone(
    settings: Settings, clock: VirtualClock, told: list[str], url: str
) -> None:
    with pytest.raises(ConfigurationError):
        Work(replace(settings, influx_url=url), clock.timing, told.append)

    Work(settings, clock.timing, told.append).close()
    clock.settle()


def test_a_folder_that_cannot_be_made_says_which_property_to_change(
    settings: Settings, clock: VirtualClock, told: list[str]
) -> None:
    settings.folder.parent.joinpath("file").write_text("")

    with pytest.raises(ConfigurationError, match="by the property folder"):
        Work(replace(settings, folder=settings.folder.parent / "file" / "archive"), clock.timing, told.append)


def test_a_disk_that_fills_while_a_server_is_away_is_told_with_who_keeps_the_journal(
    settings: Settings, clock: VirtualClock, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://127.0.0.1:9"
    settings.folder.mkdir()
    with Catalogue(Layout(settings.folder).catalogue) as catalogue:
        catalogue.set_cursor(CURSOR, Cursor(0))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(used=9.2e11, free=8e10))
    work = Work(replace(settings, influx_url=url), clock.timing, told.append)
    assert sentence_of_disk(work) == "92.0 % full, 80.0 GB are left; make room, or give the policy shorter keep_days"

    work.archive.put([part_of(1, 1000)]).result(10.0)
    assert work.archive.seal()

    assert work.archive.figures.kept_bytes > 10_000
    assert sentence_of_disk(work).endswith(
        f"keep_days; 0.0 GB of it are kept for {url}, which has not taken them yet: bring it back, or take it out of "
        "the site file"
    )
    work.close()
    clock.settle()


def sentence_of_disk(work: Work) -> str:
    return next(cause.sentence for cause in work.causes(0.0) if cause and cause.source == "disk").partition(" is ")[2]


def test_an_archive_that_the_disk_refuses_to_open_says_how_much_room_there_is(
    settings: Settings, clock: VirtualClock, told: list[str]
) -> None:
    settings.folder.mkdir()
    (settings.folder / "journal").write_text("no folder")

    with pytest.raises(OperationFailedError, match=r"cannot be opened .*MB are left .*% full: mend that, then ask"):
        Work(settings, clock.timing, told.append)

    (settings.folder / "journal").unlink()
    Work(settings, clock.timing, told.append).close()
    clock.settle()
