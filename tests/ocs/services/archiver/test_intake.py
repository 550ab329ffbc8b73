"""Puts into a real archive, answered on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ocs.model.datatype import DataType
from ocs.model.errors import ParameterError, RetryAfterError
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.services.archiver import intake
from ocs.services.archiver.disk_watch import DiskWatch
from ocs.services.archiver.intake import Intake
from ocs.store.archive.archive import Archive
from ocs.testing.clock import VirtualClock
from ocs.wire.archive import encode_batch


def part(number: int) -> dict[str, object]:
    times = np.array([1_700_000_000 * 10**9 + number], dtype=np.int64)
    return encode_batch(
        Batch(SeriesKey("d", "f", "f"), 1, number, times, {"a": FieldType(DataType.FLOAT64)}, {"a": np.array([1.0])})
    )


class Disk:
    """A disk that a test fills."""

    def __init__(self) -> None:
        self.used = 10.0

    def __call__(self, _folder: Path) -> SimpleNamespace:
        return SimpleNamespace(used=self.used, free=100.0 - self.used)


@pytest.fixture
def archive(clock: VirtualClock, tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path, now=clock.wall, on_trouble=pytest.fail)
    made.open()
    yield made
    made.close()


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def watch(disk: Disk, tmp_path: Path) -> DiskWatch:
    return DiskWatch(tmp_path, 90.0, 97.0, disk)


@pytest.fixture
def taking(archive: Archive, watch: DiskWatch, clock: VirtualClock) -> Intake:
    return Intake(archive, watch, clock.timing)


def test_a_put_is_answered_in_the_loop_when_it_is_on_the_disk(taking: Intake, clock: VirtualClock) -> None:
    asked = [taking.put([part(number)]) for number in range(1, 6)]

    assert taking.waiting == 5
    assert [clock.result_of(answer)["stored"] for answer in asked] == [1] * 5
    assert (taking.waiting, clock.timing.working) == (0, set())
    assert taking.take_longest_s() >= 0.0
    assert taking.take_longest_s() == 0.0


def test_a_full_disk_takes_nothing_until_there_is_room(
    taking: Intake, watch: DiskWatch, disk: Disk, clock: VirtualClock
) -> None:
    disk.used = 99.0
    watch.look(0.0)

    with pytest.raises(RetryAfterError) as refused:
        taking.put([part(1)])

    assert (refused.value.limit, taking.waiting) == (60.0, 0)
    disk.used = 50.0
    watch.look(1.0)
    assert clock.result_of(taking.put([part(1)]))["stored"] == 1


def test_so_many_puts_at_most_wait(taking: Intake, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_WAITING", 3)
    asked = [taking.put([part(number)]) for number in range(1, 4)]

    with pytest.raises(RetryAfterError, match="does not keep up") as refused:
        taking.put([part(4)])

    assert refused.value.limit == intake.BUSY_S
    assert [clock.result_of(answer)["stored"] for answer in asked] == [1, 1, 1]
    assert clock.result_of(taking.put([part(4)]))["stored"] == 1


def test_a_closed_archive_says_when_to_try_again(taking: Intake, archive: Archive, clock: VirtualClock) -> None:
    archive.close()

    with pytest.raises(RetryAfterError, match="closed"):
        clock.result_of(taking.put([part(1)]))

    assert taking.waiting == 0


def test_what_waits_when_the_archive_closes_is_answered(taking: Intake, archive: Archive, clock: VirtualClock) -> None:
    asked = taking.put([part(1)])

    archive.close()

    assert clock.result_of(asked)["stored"] == 1


@pytest.mark.parametrize("parts", [None, 3, "x", b"x", {}])
def test_what_is_no_list_is_refused(taking: Intake, parts: object) -> None:
    with pytest.raises(ParameterError, match="a list of parts"):
        taking.put(parts)
