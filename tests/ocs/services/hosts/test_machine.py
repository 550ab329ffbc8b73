from __future__ import annotations

import math
from collections.abc import Mapping

import psutil
import pytest

from ocs.model.feed import check_field_name
from ocs.model.units import check_unit
from ocs.services.hosts.machine import Machine, Rates, field_name


def test_every_reading_has_exactly_the_fields_that_were_announced() -> None:
    machine = Machine()

    for _ in range(3):
        reading = machine.read()
        assert {block: set(values) for block, values in reading.blocks.items()} == {
            block: set(units) for block, units in machine.units.items() if block not in reading.absent
        }


def test_every_value_is_a_finite_number() -> None:
    values = [value for block in Machine().read().blocks.values() for value in block.values()]

    assert values
    assert all(isinstance(value, float) and math.isfinite(value) for value in values)


def test_names_obey_the_rules_of_feeds_and_units_are_of_the_table() -> None:
    for block, units in Machine().units.items():
        check_field_name(block)
        for field, unit in units.items():
            check_field_name(field)
            check_unit(unit)


def test_memory_and_disk_agree_with_the_system() -> None:
    blocks = Machine().read().blocks

    assert blocks["memory"]["memory_total"] == psutil.virtual_memory().total
    assert blocks["disk_root"]["total"] == psutil.disk_usage("/").total


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [("disk", "/", "disk_root"), ("disk", "/boot/efi", "disk_boot_efi"), ("net", "enp3s0.1", "net_enp3s0_1")],
)
def test_a_thing_gets_a_name_that_feeds_allow(kind: str, name: str, field: str) -> None:
    assert field_name(kind, name) == field


def test_a_rate_is_the_difference_over_the_time() -> None:
    looks = iter([{"sent": 100.0}, {"sent": 160.0}])
    times = iter([10.0, 12.0])
    rates = Rates(lambda: next(looks), lambda: next(times))

    first, second = rates.read(), rates.read()

    assert first == {"sent": 0.0}
    assert second == {"sent": 30.0}


def test_a_counter_that_was_reset_gives_no_negative_rate() -> None:
    looks = iter([{"sent": 100.0}, {"sent": 5.0}])
    times = iter([10.0, 12.0])
    rates = Rates(lambda: next(looks), lambda: next(times))
    rates.read()

    assert rates.read() == {"sent": 0.0}


def test_a_thing_that_goes_away_and_comes_back_starts_at_zero() -> None:
    looks: list[Mapping[str, float] | None] = [{"sent": 100.0}, None, {"sent": 900.0}]
    given, times = iter(looks), iter([1.0, 2.0, 3.0])
    rates = Rates(lambda: next(given), lambda: next(times))

    assert [rates.read() for _ in looks] == [{"sent": 0.0}, None, {"sent": 0.0}]
