from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ocs.model.errors import RetryAfterError
from ocs.model.health import HealthLevel
from ocs.services.archiver.disk_watch import DiskWatch

NOW = 1_700_000_000.0


class Disk:
    """A disk of 1 TB that a test fills."""

    def __init__(self) -> None:
        self.used = 0.0
        self.gone = False

    def __call__(self, folder: Path) -> Any:
        if self.gone:
            raise OSError(5, "Input/output error")
        return SimpleNamespace(used=self.used * 1e10, free=(100.0 - self.used) * 1e10)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def watch(disk: Disk, tmp_path: Path) -> DiskWatch:
    return DiskWatch(tmp_path, 90.0, 97.0, disk)


@pytest.mark.parametrize(
    ("used", "level"),
    [(0.0, HealthLevel.OK), (89.9, HealthLevel.OK), (90.0, HealthLevel.DEGRADED), (96.9, HealthLevel.DEGRADED),
     (97.0, HealthLevel.BAD), (100.0, HealthLevel.BAD)],
)  # fmt: skip
def test_it_warns_at_90_and_is_full_at_97_percent(
    watch: DiskWatch, disk: Disk, used: float, level: HealthLevel
) -> None:
    disk.used = used

    assert watch.look(NOW) == pytest.approx(used)
    assert watch.level is level
    assert (watch.cause() is None) is (level is HealthLevel.OK)


def test_a_full_disk_says_when_to_try_again(watch: DiskWatch, disk: Disk) -> None:
    disk.used = 98.0
    watch.look(NOW)

    with pytest.raises(RetryAfterError, match=r"98.0 % full, from 97 %") as refused:
        watch.check_room()

    assert refused.value.limit == 60.0


def test_a_disk_with_room_takes_more(watch: DiskWatch, disk: Disk) -> None:
    watch.check_room()
    disk.used = 98.0
    watch.look(NOW)
    disk.used = 96.0
    watch.look(NOW + 5)

    watch.check_room()


def test_a_cause_tells_the_room_that_is_left_and_since_when(watch: DiskWatch, disk: Disk) -> None:
    disk.used = 91.0
    watch.look(NOW)
    disk.used = 92.0
    watch.look(NOW + 60)

    cause = watch.cause()

    assert cause is not None
    assert (cause.source, cause.since) == ("disk", NOW)
    assert "92.0 % full, 80.0 GB are left" in cause.sentence


def test_a_disk_that_does_not_answer_is_told_and_stops_nobody(watch: DiskWatch, disk: Disk) -> None:
    disk.gone = True

    assert math.isnan(watch.look(NOW))

    watch.check_room()
    cause = watch.cause()
    assert cause is not None
    assert "Input/output error" in cause.sentence
    disk.gone = False
    watch.look(NOW + 5)
    assert watch.cause() is None


def test_the_disk_of_a_real_folder_has_a_share(tmp_path: Path) -> None:
    assert 0.0 <= DiskWatch(tmp_path, 90.0, 97.0).look(NOW) <= 100.0
