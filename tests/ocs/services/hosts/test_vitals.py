"""Which disks are watched, and what the sensors of a processor say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ocs.services.hosts.vitals import HOT_C, WARM_C, Heat, cpu_heat, watched_disks


@dataclass
class Mounted:
    device: str
    mountpoint: str
    opts: str = "rw,relatime"


@dataclass
class Measured:
    current: float | None
    high: float | None = None
    critical: float | None = None


def test_each_disk_gets_a_name_by_its_mount_point() -> None:
    disks = watched_disks([Mounted("/dev/sda1", "/"), Mounted("/dev/sda2", "/boot/efi"), Mounted("/dev/sdb", "/data")])

    assert disks == {"disk_free_root": "/", "disk_free_boot_efi": "/boot/efi", "disk_free_data": "/data"}


def test_what_cannot_be_written_is_not_watched() -> None:
    disks = watched_disks([Mounted("/dev/sda1", "/"), Mounted("/dev/loop1", "/snap/core", "ro,nodev")])

    assert list(disks) == ["disk_free_root"]


def test_errors_that_make_a_disk_read_only_are_no_reason_to_leave_it_out() -> None:
    disks = watched_disks([Mounted("/dev/sda1", "/", "rw,errors=remount-ro")])

    assert list(disks) == ["disk_free_root"]


def test_a_disk_at_several_places_counts_once() -> None:
    disks = watched_disks([Mounted("/dev/sda1", "/var/lib/kubelet"), Mounted("/dev/sda1", "/srv")])

    assert disks == {"disk_free_srv": "/srv", "disk_free_root": "/"}


def test_a_file_that_is_mounted_over_is_no_disk(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("")

    assert watched_disks([Mounted("/dev/sda1", str(hosts))]) == {"disk_free_root": "/"}


def test_a_root_that_cannot_be_written_is_not_watched() -> None:
    assert watched_disks([Mounted("/dev/sda1", "/", "ro")]) == {}


def test_the_hottest_sensor_of_the_processor_counts_with_its_lowest_limits() -> None:
    sensors = {"nvme": [Measured(80.0)], "coretemp": [Measured(50.0, 85.0, 105.0), Measured(61.5, 82.0, 100.0)]}

    assert cpu_heat(sensors) == Heat(61.5, 82.0, 100.0)


@pytest.mark.parametrize("limit", [None, 0.0, 65261.85])
def test_a_limit_that_makes_no_sense_is_replaced(limit: float | None) -> None:
    assert cpu_heat({"k10temp": [Measured(40.0, limit, limit)]}) == Heat(40.0, WARM_C, HOT_C)


def test_the_best_chip_is_asked() -> None:
    assert cpu_heat({"acpitz": [Measured(27.8)], "coretemp": [Measured(None)], "k10temp": [Measured(55.0)]}) == Heat(
        55.0, WARM_C, HOT_C
    )


@pytest.mark.parametrize("sensors", [{}, {"nvme": [Measured(40.0)]}, {"coretemp": []}])
def test_without_sensors_of_the_processor_nothing_is_told(sensors: dict[str, list[Measured]]) -> None:
    assert cpu_heat(sensors) is None
