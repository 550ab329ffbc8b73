"""What the supply is asked, and how its answers are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.scpi_psu import driver
from agents.scpi_psu.driver import (
    RATINGS,
    ErrorReport,
    Identity,
    Output,
    Protection,
    Query,
    Regulation,
    SetPoint,
    StandardEvent,
    StatusByte,
)
from ocs.model.errors import DeviceError, OutOfRangeError

CH1, CH2, CH3 = Output


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (driver.remote(), "SYST:REM"),
        (driver.local(), "SYST:LOC"),
        (driver.clear(), "*CLS"),
        (driver.reset(), "*RST"),
        (driver.set_voltage(CH1, 12.5), "INST:SEL CH1;:VOLT 12.500"),
        (driver.set_voltage(CH3, -0.0), "INST:SEL CH3;:VOLT 0.000"),
        (driver.set_current(CH3, 5), "INST:SEL CH3;:CURR 5.000"),
        (driver.apply(CH2, SetPoint(30, 0.25)), "APPL CH2,30.000,0.250"),
        (driver.set_voltage_limit(CH1, 15), "INST:SEL CH1;:VOLT:LIM 15.000;:VOLT:LIM:STAT ON"),
        (driver.set_voltage_limit(CH1, math.inf), "INST:SEL CH1;:VOLT:LIM:STAT OFF"),
        (driver.switch(CH2, on=True), "INST:SEL CH2;:CHAN:OUTP ON"),
        (driver.switch(CH2, on=False), "INST:SEL CH2;:CHAN:OUTP OFF"),
        (driver.switch_all(on=True), "OUTP:STAT ON"),
        (driver.switch_all(on=False), "OUTP:STAT OFF"),
    ],
)
def test_a_command_is_written_as_the_supply_reads_it(command: str, line: str) -> None:
    assert command == line


@pytest.mark.parametrize(
    ("query", "line", "reply", "value"),
    [
        (
            driver.identity(),
            "*IDN?",
            "Keithley Instruments, 2230G-30-1, 9203251, 1.16-1.04\r",
            Identity("Keithley Instruments", "2230G-30-1", "9203251", "1.16-1.04"),
        ),
        (driver.last_error(), "SYST:ERR?", '0,"No error"', ErrorReport(0, "No error")),
        (driver.last_error(), "SYST:ERR?", '-222,"Data out of range"', ErrorReport(-222, "Data out of range")),
        (driver.last_error(), "SYST:ERR?", "+0, No error", ErrorReport(0, "No error")),
        (
            driver.set_points(),
            "INST:SEL CH1;:VOLT?;:CURR?;:INST:SEL CH2;:VOLT?;:CURR?;:INST:SEL CH3;:VOLT?;:CURR?",
            "5.000;1.250;0.000;1.500; 3.300;5.000",
            {CH1: SetPoint(5.0, 1.25), CH2: SetPoint(0.0, 1.5), CH3: SetPoint(3.3, 5.0)},
        ),
        (driver.voltage_limit(CH1), "INST:SEL CH1;:VOLT:LIM:STAT?;:VOLT:LIM?", "1;15.000", 15.0),
        (driver.voltage_limit(CH1), "INST:SEL CH1;:VOLT:LIM:STAT?;:VOLT:LIM?", "0;30.000", math.inf),
        (driver.is_on(CH3), "INST:SEL CH3;:CHAN:OUTP?", "1", True),
        (driver.is_on(CH3), "INST:SEL CH3;:CHAN:OUTP?", "off", False),
        (driver.protection(CH1), "STAT:QUES:INST:ISUM1:COND?", "0", Protection(0)),
        (driver.protection(CH3), "STAT:QUES:INST:ISUM3:COND?", "2", Protection.OVER_CURRENT),
        (driver.regulation(CH2), "STAT:OPER:INST:ISUM2:COND?", "1024", Regulation.CONSTANT_CURRENT),
        (driver.standard_events(), "*ESR?", "160", StandardEvent.POWER_ON | StandardEvent.COMMAND_ERROR),
        (driver.status_byte(), "*STB?", "4", StatusByte.ERROR_QUEUE),
    ],
)
def test_a_reply_is_read_as_a_value(query: Query[Any], line: str, reply: str, value: Any) -> None:
    assert query.text == line
    assert query.parse(reply) == value


def test_all_outputs_are_read_in_one_exchange() -> None:
    query = driver.readings()

    found = query.parse("5.000,0.000,3.300;0.500,0.000,1.000;1;8")

    assert query.text == "MEAS:VOLT? ALL;:MEAS:CURR? ALL;:OUTP:STAT?;:STAT:QUES:INST:COND?"
    assert found.volts == {CH1: 5.0, CH2: 0.0, CH3: 3.3}
    assert found.amperes == {CH1: 0.5, CH2: 0.0, CH3: 1.0}
    assert [found.watts(output) for output in Output] == pytest.approx([2.5, 0.0, 3.3])
    assert found.on
    assert found.tripped == {CH3}


@pytest.mark.parametrize(
    ("query", "reply"),
    [
        (driver.identity(), ""),
        (driver.identity(), "Keithley Instruments,2230G-30-1,9203251"),
        (driver.identity(), "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1234567,C30"),
        (driver.last_error(), "No error"),
        (driver.last_error(), "0"),
        (driver.set_points(), "5.000;1;5;1;5"),
        (driver.set_points(), "5.000;1;5;1;5;nan"),
        (driver.set_points(), "5.000;1;5;1;5;1e999"),
        (driver.voltage_limit(CH1), "2;15.000"),
        (driver.is_on(CH1), "yes"),
        (driver.protection(CH1), "-1"),
        (driver.protection(CH1), "1.5"),
        (driver.readings(), "5.000,0.000;0.500,0.000,1.000;0;0"),
        (driver.readings(), "5.000,0.000,3.300;0.500,0.000,1.000;0"),
        (driver.readings(), "5.000,0.000,3.300;0.500,0.000,1.000;2;0"),
        (driver.readings(), "5.000,0.000,;0.500,0.000,1.000;0;0"),
    ],
)
def test_nonsense_is_refused_with_the_text_that_offends(query: Query[Any], reply: str) -> None:
    with pytest.raises(DeviceError) as refused:
        query.parse(reply)

    assert repr(reply) in refused.value.message
    assert repr(query.text) in refused.value.message


@given(st.sampled_from(Output), st.floats(0, 1))
def test_any_setting_within_the_rating_is_sent_to_a_millivolt(output: Output, part: float) -> None:
    volts = part * RATINGS[output].volts

    line = driver.set_voltage(output, volts)

    assert float(line.removeprefix(f"INST:SEL {output.name};:VOLT ")) == pytest.approx(volts, abs=5.001e-4)
    assert float(line.split()[-1]) <= RATINGS[output].volts


@given(
    st.lists(st.floats(0, 30).map(lambda volts: round(volts, 3)), min_size=3, max_size=3),
    st.lists(st.floats(0, 5).map(lambda amperes: round(amperes, 3)), min_size=3, max_size=3),
    st.frozensets(st.sampled_from(Output)),
)
def test_any_readings_survive_their_way_as_text(
    volts: list[float], amperes: list[float], tripped: frozenset[Output]
) -> None:
    texts = [", ".join(f"{value:.3f}" for value in values) for values in (volts, amperes)]
    bits = sum(2**output.value for output in tripped)

    found = driver.readings().parse(";".join([*texts, "0", str(bits)]))

    assert list(found.volts.values()) == volts
    assert list(found.amperes.values()) == amperes
    assert not found.on
    assert found.tripped == tripped


@pytest.mark.parametrize(
    ("command", "field", "limit"),
    [
        (lambda: driver.set_voltage(CH1, 30.001), "voltage", 30.0),
        (lambda: driver.set_voltage(CH3, 6.001), "voltage", 6.0),
        (lambda: driver.set_voltage(CH1, -0.001), "voltage", 0.0),
        (lambda: driver.set_voltage(CH1, math.nan), "voltage", 0.0),
        (lambda: driver.set_current(CH2, 1.501), "current", 1.5),
        (lambda: driver.set_current(CH3, 5.001), "current", 5.0),
        (lambda: driver.apply(CH2, SetPoint(5.0, math.inf)), "current", 1.5),
        (lambda: driver.set_voltage_limit(CH1, 31), "voltage", 30.0),
    ],
)
def test_what_is_outside_the_rating_is_not_sent(command: Callable[[], str], field: str, limit: float) -> None:
    with pytest.raises(OutOfRangeError, match="allowed are 0 to") as refused:
        command()

    assert refused.value.field == field
    assert refused.value.limit == limit


@pytest.mark.parametrize(
    ("start", "target", "seconds", "value"),
    [
        (0.0, 10.0, 0.0, 0.0),
        (0.0, 10.0, 2.0, 4.0),
        (10.0, 0.0, 2.0, 6.0),
        (0.0, 10.0, 5.0, 10.0),
        (0.0, 10.0, 99.0, 10.0),
        (3.0, 3.0, 1.0, 3.0),
        (0.0, 10.0, -1.0, 0.0),
    ],
)
def test_a_ramp_is_straight_and_ends_at_its_target(start: float, target: float, seconds: float, value: float) -> None:
    assert driver.on_ramp(start, target, 2.0, seconds) == pytest.approx(value)


@given(st.floats(0, 30), st.floats(0, 30), st.floats(0.01, 100), st.floats(0, 1e4))
def test_a_ramp_never_leaves_the_way_between_its_ends(start: float, target: float, rate: float, seconds: float) -> None:
    value = driver.on_ramp(start, target, rate, seconds)

    assert min(start, target) <= value <= max(start, target)
