"""Voltage and current of one output follow from settings, load and clock."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from agents.scpi_psu.reply import Rating
from agents.scpi_psu.status import Protection, Regulation
from agents.scpi_psu.terminals import OPEN_OHM, SHORT_OHM, Terminals

RATING = Rating(30.0, 1.5)
LONG_S = 10.0


class Desk:
    """One output on the desk."""

    def __init__(self, volts: float = 0.0, load_ohm: float = OPEN_OHM, ramp_s: float = 0.1) -> None:
        self.clock = Clock()
        self.output = Terminals(self.clock.seconds, RATING, load_ohm, ramp_s)
        self.output.volts_set = volts


def test_an_output_that_is_off_gives_nothing() -> None:
    desk = Desk(5.0, 10.0)

    desk.clock.advance(LONG_S)

    assert (desk.output.volts, desk.output.amperes) == (0.0, 0.0)
    assert not desk.output.regulation


def test_the_voltage_rises_with_its_time_constant() -> None:
    desk = Desk(5.0, 10.0)
    desk.output.switch(on=True)
    seen = [desk.output.volts]

    for _ in range(2):
        desk.clock.advance(0.1)
        seen.append(desk.output.volts)

    assert seen == pytest.approx([0.0, 5.0 * (1 - math.exp(-1)), 5.0 * (1 - math.exp(-2))])
    desk.clock.advance(LONG_S)
    assert desk.output.volts == 5.0


def test_a_new_set_point_is_approached_from_where_the_voltage_is() -> None:
    desk = Desk(5.0)
    desk.output.switch(on=True)
    desk.clock.advance(0.1)
    before = desk.output.volts

    desk.output.volts_set = 1.0

    assert desk.output.volts == pytest.approx(before)
    desk.clock.advance(LONG_S)
    assert desk.output.volts == 1.0


def test_switching_off_lets_the_voltage_fall() -> None:
    desk = Desk(5.0, 10.0)
    desk.output.switch(on=True)
    desk.clock.advance(LONG_S)

    desk.output.switch(on=False)
    desk.clock.advance(0.1)

    assert desk.output.volts == pytest.approx(5.0 * math.exp(-1))
    desk.clock.advance(LONG_S)
    assert (desk.output.volts, desk.output.amperes) == (0.0, 0.0)


def test_at_the_limit_of_the_current_the_voltage_gives_way() -> None:
    desk = Desk(10.0, 5.0)
    desk.output.switch(on=True)

    desk.clock.advance(LONG_S)

    assert desk.output.amperes == 1.5
    assert desk.output.volts == 7.5
    assert desk.output.regulation is Regulation.CONSTANT_CURRENT


def test_a_greater_load_resistance_ends_the_limit() -> None:
    desk = Desk(10.0, 5.0)
    desk.output.switch(on=True)
    desk.clock.advance(LONG_S)

    desk.output.load_ohm = 20.0

    assert desk.output.volts == 10.0
    assert desk.output.amperes == 0.5
    assert desk.output.regulation is Regulation.CONSTANT_VOLTAGE


@given(st.floats(0, 30), st.floats(0, 1.5), st.floats(SHORT_OHM, 1e6), st.floats(0, 2))
def test_ohms_law_and_both_settings_hold_at_any_time(volts: float, amperes: float, load: float, seconds: float) -> None:
    desk = Desk(volts, load)
    desk.output.amperes_set = amperes
    desk.output.switch(on=True)

    desk.clock.advance(seconds)

    assert desk.output.volts == pytest.approx(desk.output.amperes * load)
    assert 0 <= desk.output.volts <= volts
    assert 0 <= desk.output.amperes <= amperes


def test_a_protection_is_remembered_until_its_cause_is_gone_and_the_output_was_switched_off() -> None:
    desk = Desk(5.0)
    desk.output.switch(on=True)
    seen = []

    desk.output.trip(Protection.OVER_VOLTAGE)
    seen.append(desk.output.protection)
    desk.output.switch(on=False)
    seen.append(desk.output.protection)
    desk.output.trip(Protection(0))
    seen.append(desk.output.protection)
    desk.output.switch(on=False)
    seen.append(desk.output.protection)

    assert seen == [Protection.OVER_VOLTAGE] * 3 + [Protection(0)]
    assert not desk.output.on


def test_taking_a_cause_away_leaves_an_output_on() -> None:
    desk = Desk(5.0)
    desk.output.switch(on=True)

    desk.output.trip(Protection(0))

    assert desk.output.on


def test_a_reset_keeps_nothing_but_the_load() -> None:
    desk = Desk(5.0, 10.0)
    desk.output.amperes_set = 0.2
    desk.output.limited = True
    desk.output.switch(on=True)

    desk.output.reset()

    assert (desk.output.on, desk.output.volts_set, desk.output.amperes_set) == (False, 0.0, 1.5)
    assert not desk.output.limited
    assert desk.output.load_ohm == 10.0
