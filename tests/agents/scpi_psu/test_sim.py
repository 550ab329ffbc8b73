"""The simulated supply understands every command of the driver, and is understood."""

from __future__ import annotations

import argparse
import math
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from agents.scpi_psu import driver, sim
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
from agents.scpi_psu.sim import PowerSupply
from agents.scpi_psu.status import QUEUE_LENGTH
from agents.scpi_psu.terminals import Terminals
from ocs.model.errors import NotFoundError, OutOfRangeError, ParameterError

T = TypeVar("T")
CH1, CH2, CH3 = Output
LOADS = {CH1: 20.0, CH2: 10.0, CH3: 5.0}


class Bench:
    """A supply on the desk, without a wire."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.supply = PowerSupply(Terminals(self.clock.seconds, RATINGS[one], LOADS[one]) for one in Output)

    def say(self, line: str) -> str | None:
        answer = self.supply.answer(line.encode())
        return None if answer is None else answer.decode()

    def ask(self, query: Query[T]) -> T:
        reply = self.say(query.text)
        assert reply is not None
        return query.parse(reply)

    def tell(self, command: str) -> int:
        assert self.say(command) is None
        return self.ask(driver.last_error()).number

    def settle(self) -> None:
        self.clock.advance(5.0)


@pytest.fixture
def local() -> Bench:
    return Bench()


@pytest.fixture
def bench(local: Bench) -> Bench:
    local.say(driver.remote())
    return local


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (driver.identity(), Identity("Keithley Instruments", "2230G-30-1", "SIMULATED", "1.0")),
        (driver.last_error(), ErrorReport(0, "No error")),
        (driver.set_points(), {CH1: SetPoint(0.0, 1.5), CH2: SetPoint(0.0, 1.5), CH3: SetPoint(0.0, 5.0)}),
        (driver.voltage_limit(CH2), math.inf),
        (driver.is_on(CH2), False),
        (driver.protection(CH2), Protection(0)),
        (driver.regulation(CH2), Regulation(0)),
        (driver.standard_events(), StandardEvent.POWER_ON),
        (driver.status_byte(), StatusByte(0)),
    ],
)
def test_a_question_of_the_driver_is_answered(local: Bench, query: Query[Any], value: Any) -> None:
    assert local.ask(query) == value


def test_voltages_and_currents_follow_settings_and_loads(bench: Bench) -> None:
    for command in (
        driver.apply(CH1, SetPoint(10.0, 1.0)),
        driver.set_voltage(CH2, 30.0),
        driver.set_current(CH2, 1.2),
        driver.set_voltage(CH3, 3.3),
        driver.switch_all(on=True),
    ):
        assert bench.tell(command) == 0
    bench.settle()

    found = bench.ask(driver.readings())

    assert found.volts == {CH1: 10.0, CH2: 12.0, CH3: 3.3}
    assert found.amperes == {CH1: 0.5, CH2: 1.2, CH3: 0.66}
    assert found.on
    assert not found.tripped
    assert [bench.ask(driver.regulation(one)) for one in Output] == [
        Regulation.CONSTANT_VOLTAGE,
        Regulation.CONSTANT_CURRENT,
        Regulation.CONSTANT_VOLTAGE,
    ]


def test_the_voltage_takes_its_time(bench: Bench) -> None:
    bench.tell(driver.set_voltage(CH1, 10.0))
    bench.tell(driver.switch(CH1, on=True))

    bench.clock.advance(0.05)

    assert bench.ask(driver.readings()).volts[CH1] == pytest.approx(10 * (1 - math.exp(-1)), abs=1e-3)


def test_outputs_are_switched_one_by_one_and_together(bench: Bench) -> None:
    def on() -> list[bool]:
        return [bench.ask(driver.is_on(one)) for one in Output]

    bench.tell(driver.switch(CH2, on=True))
    seen = [on()]
    bench.tell(driver.switch_all(on=True))
    seen.append(on())
    bench.tell(driver.switch(CH3, on=False))
    seen.append(on())
    bench.tell(driver.switch_all(on=False))
    seen.append(on())

    assert seen == [[False, True, False], [True, True, True], [True, True, False], [False, False, False]]


@given(st.sampled_from(Output), st.floats(0, 1), st.floats(0, 1))
def test_any_setting_within_the_ratings_is_taken_and_read_back(output: Output, volts: float, amperes: float) -> None:
    bench = Bench()
    bench.say(driver.remote())
    wanted = SetPoint(round(volts * RATINGS[output].volts, 3), round(amperes * RATINGS[output].amperes, 3))

    assert bench.tell(driver.apply(output, wanted)) == 0

    assert bench.ask(driver.set_points())[output] == wanted


def test_a_limit_of_the_voltage_refuses_what_is_above(bench: Bench) -> None:
    assert bench.tell(driver.set_voltage_limit(CH1, 12.0)) == 0

    assert bench.ask(driver.voltage_limit(CH1)) == 12.0
    assert bench.tell(driver.set_voltage(CH1, 12.001)) == -222
    assert bench.tell(driver.set_voltage(CH1, 12.0)) == 0
    assert bench.tell("VOLT:LIM 11") == -221
    assert bench.tell(driver.set_voltage_limit(CH1, math.inf)) == 0
    assert bench.tell(driver.set_voltage(CH1, 13.0)) == 0
    assert bench.tell("VOLT:LIM:STAT ON") == -221
    assert bench.ask(driver.voltage_limit(CH1)) == math.inf


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("VOLT 30.001", -222),
        ("VOLT -1", -222),
        ("INST:SEL CH3;:VOLT 6.5", -222),
        ("INST:NSEL 2;:CURR 1.6", -222),
        ("INST:NSEL 4", -222),
        ("INST:SEL CH4", -224),
        ("APPL CH9,1,1", -224),
        ("VOLT? DEF", -224),
        ("APPL CH1", -109),
        ("VOLT", -109),
        ("VOLT 1,2", -108),
        ("VOLT five", -104),
        ("VOLT 5A", -131),
        ("OUTP maybe", -104),
        ("MEAS:RES?", -113),
        ("VOLTS 5", -113),
        ("SYST:REM?", -113),
        ("VOLT;;?", -109),
        ("?", -102),
        ("\x00\x7f", -102),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_number(bench: Bench, command: str, error: int) -> None:
    assert bench.tell(command) == error


@pytest.mark.parametrize(
    "line",
    ["VOLT 5", "volt 5V", "Voltage 5000 mV", ":SOUR:VOLT:LEV:IMM:AMPL 5", "source:voltage:level 5.0E0", "APPL CH1,5"],
)
def test_all_forms_of_a_header_mean_the_same(bench: Bench, line: str) -> None:
    assert bench.tell(line) == 0
    assert bench.say("VOLT?") == "5.000"


def test_levels_know_their_words(bench: Bench) -> None:
    assert bench.say("INST CH3;:VOLT MAX;:VOLT?;VOLT? MIN;VOLT? MAX;:CURR MIN;CURR?;CURR DEF;CURR?") == (
        "6.000;0.000;6.000;0.000;5.000"
    )


def test_answers_of_one_line_come_together(bench: Bench) -> None:
    assert bench.say("inst ch2;inst?;inst:nsel?;:syst:vers?;*opc?;*tst?;*wai") == "CH2;2;1999.0;1;0"


def test_measurements_concern_the_selected_a_named_or_all_outputs(bench: Bench) -> None:
    bench.say("APPL CH1,10,1;APPL CH3,5,5;:OUTP ON")
    bench.settle()

    assert bench.say("MEAS?") == "5.000"
    assert bench.say("MEAS:VOLT? CH1") == "10.000"
    assert bench.say("FETC:CURR? ALL") == "0.500,0.000,1.000"
    assert bench.say("MEAS:SCAL:POW:DC? ALL") == "5.000,0.000,5.000"
    assert bench.tell("MEAS:VOLT? CH7") == -224


def test_a_value_that_is_refused_does_not_stop_the_rest_of_its_line(bench: Bench) -> None:
    assert bench.say("VOLT 99;CURR 1;CURR?") == "1.000"
    assert bench.ask(driver.last_error()).number == -222


def test_a_header_that_is_not_known_takes_the_rest_of_its_line_with_it(bench: Bench) -> None:
    assert bench.say("CURR 1;CURR?;NONSENSE;CURR 0.5") == "1.000"
    assert bench.ask(driver.last_error()).number == -113
    assert bench.say("CURR?") == "1.000"


def test_errors_wait_in_a_queue_that_tells_when_it_was_full(bench: Bench) -> None:
    bench.say("VOLT 99")
    for _ in range(QUEUE_LENGTH + 5):
        bench.say("NONSENSE")

    told = [bench.ask(driver.last_error()).number for _ in range(QUEUE_LENGTH + 1)]

    assert told == [-222, *[-113] * (QUEUE_LENGTH - 2), -350, 0]


def test_clearing_forgets_errors_and_events(bench: Bench) -> None:
    bench.say("NONSENSE")

    bench.say(driver.clear())

    assert not bench.ask(driver.last_error())
    assert not bench.ask(driver.standard_events())


def test_events_and_errors_show_in_the_status_byte(bench: Bench) -> None:
    bench.say("*CLS;*ESE 16;*SRE 32;VOLT 99")

    seen = bench.ask(driver.status_byte())

    assert seen == StatusByte.ERROR_QUEUE | StatusByte.STANDARD_EVENT | StatusByte.MASTER_SUMMARY
    assert bench.say("*ESE?;*SRE?") == "16;32"
    assert bench.ask(driver.standard_events()) is StandardEvent.EXECUTION_ERROR
    assert not bench.ask(driver.standard_events())
    assert bench.ask(driver.status_byte()) is StatusByte.ERROR_QUEUE


def test_the_end_of_a_command_can_be_marked(bench: Bench) -> None:
    bench.say("*CLS;*OPC")

    assert bench.ask(driver.standard_events()) is StandardEvent.OPERATION_COMPLETE


@pytest.mark.parametrize(
    "command",
    [
        driver.set_voltage(CH1, 1.0),
        driver.set_current(CH1, 1.0),
        driver.apply(CH1, SetPoint(1.0, 1.0)),
        driver.switch(CH1, on=True),
        driver.switch_all(on=True),
        driver.reset(),
    ],
)
def test_nothing_is_set_before_the_supply_is_taken_from_its_front_panel(local: Bench, command: str) -> None:
    assert local.tell(command) == -203

    local.say(driver.remote())
    assert local.tell(command) == 0
    local.say(driver.local())
    assert local.tell(command) == -203


@pytest.mark.parametrize("protection", Protection)
def test_a_protection_switches_its_output_off_and_is_told(bench: Bench, protection: Protection) -> None:
    bench.say("APPL CH1,5,1;APPL CH2,5,1;:OUTP ON")

    bench.supply.set_quantity("trip_2", str(protection.name).lower())
    bench.settle()

    assert bench.ask(driver.readings()).tripped == {CH2}
    assert bench.ask(driver.protection(CH2)) is protection
    assert not bench.ask(driver.protection(CH1))
    assert bench.ask(driver.readings()).volts == {CH1: 5.0, CH2: 0.0, CH3: 0.0}
    assert bench.supply.quantities()["trip_2"] == str(protection.name).lower()


def test_a_tripped_output_is_not_switched_on_before_its_cause_is_gone_and_all_are_off(bench: Bench) -> None:
    bench.supply.set_quantity("trip_2", "over_current")

    assert bench.tell(driver.switch(CH2, on=True)) == -221
    assert bench.tell(driver.switch_all(on=True)) == -221
    assert not bench.ask(driver.is_on(CH1))
    assert bench.tell(driver.switch_all(on=False)) == 0
    assert bench.ask(driver.readings()).tripped == {CH2}
    bench.supply.set_quantity("trip_2", "none")
    assert bench.tell(driver.switch_all(on=False)) == 0
    assert not bench.ask(driver.readings()).tripped
    assert bench.tell(driver.switch_all(on=True)) == 0


def test_a_load_that_is_exchanged_changes_the_current(bench: Bench) -> None:
    bench.say("APPL CH1,10,1;OUTP ON")
    bench.settle()

    bench.supply.set_quantity("load_1", 0.5)

    found = bench.supply.quantities()
    assert found["current_1"] == 1.0
    assert found["voltage_1"] == 0.5
    assert found["regulation_1"] == "constant_current"
    assert bench.ask(driver.readings()).watts(CH1) == 0.5


def test_the_quantities_tell_the_truth_about_each_output(bench: Bench) -> None:
    bench.say("APPL CH3,3.3,2;CHAN:OUTP ON")
    bench.settle()

    found = bench.supply.quantities()

    assert {name: value for name, value in found.items() if name.endswith("_3")} == {
        "voltage_3": 3.3,
        "current_3": pytest.approx(0.66),
        "set_voltage_3": 3.3,
        "set_current_3": 2.0,
        "output_3": True,
        "regulation_3": "constant_voltage",
        "load_3": 5.0,
        "trip_3": "none",
    }
    assert found["regulation_1"] == "off"
    assert found["selected"] == "CH3"
    assert found["remote"] is True


def test_a_key_on_the_front_panel_takes_the_supply_back(bench: Bench) -> None:
    bench.supply.set_quantity("remote", False)

    assert bench.tell(driver.set_voltage(CH1, 1.0)) == -203


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("load_1", 0.0, OutOfRangeError),
        ("load_1", math.nan, OutOfRangeError),
        ("load_1", "heavy", ParameterError),
        ("load_1", True, ParameterError),
        ("load_4", 1.0, NotFoundError),
        ("trip_1", "boredom", ParameterError),
        ("trip_1", True, ParameterError),
        ("remote", 1.0, ParameterError),
        ("voltage_1", 1.0, NotFoundError),
        ("load", 1.0, NotFoundError),
    ],
)
def test_nature_does_not_do_the_impossible(bench: Bench, name: str, value: float | str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        bench.supply.set_quantity(name, value)


def test_power_off_and_on_keeps_nothing_but_the_loads(bench: Bench) -> None:
    bench.say("*ESE 16;APPL CH2,5,1;OUTP ON;NONSENSE")
    bench.supply.set_quantity("trip_3", "over_voltage")
    bench.supply.set_quantity("trip_3", "none")
    bench.supply.set_quantity("load_2", 7.0)

    bench.supply.power_cycle()

    assert not bench.ask(driver.last_error())
    assert bench.ask(driver.standard_events()) is StandardEvent.POWER_ON
    assert bench.ask(driver.set_points())[CH2] == SetPoint(0.0, 1.5)
    assert not bench.ask(driver.is_on(CH2))
    assert not bench.ask(driver.readings()).tripped
    assert bench.say("*ESE?") == "0"
    assert bench.supply.quantities()["load_2"] == 7.0
    assert bench.tell(driver.set_voltage(CH1, 1.0)) == -203


def test_a_reset_keeps_who_commands(bench: Bench) -> None:
    bench.say("APPL CH2,5,1;OUTP ON")

    assert bench.tell(driver.reset()) == 0

    assert bench.ask(driver.set_points())[CH2] == SetPoint(0.0, 1.5)
    assert bench.say("OUTP?") == "0"
    assert bench.tell(driver.set_voltage(CH1, 1.0)) == 0


@given(st.binary(max_size=30) | st.text("VOLTCURMEASINST:;?*, 0123456789.CH", max_size=40).map(str.encode))
def test_no_line_breaks_it(line: bytes) -> None:
    bench = Bench()

    bench.supply.answer(line)

    assert bench.ask(driver.identity()).model == "2230G-30-1"


def test_the_command_line_makes_the_loads_that_it_describes() -> None:
    parser = argparse.ArgumentParser()
    sim.add_options(parser)
    clock = Clock()

    supply = sim.make(parser.parse_args(["--loads", "1", "2", "3", "--ramp", "2"]), clock.seconds)

    supply.answer(b"SYST:REM;:APPL CH1,1,1.5;OUTP ON")
    clock.advance(2.0)
    assert [supply.quantities()[f"load_{number}"] for number in (1, 2, 3)] == [1.0, 2.0, 3.0]
    assert supply.answer(b"MEAS:VOLT? CH1") == b"0.632"


@pytest.mark.parametrize(
    "arguments",
    [["--loads", "0", "1", "1"], ["--loads", "1"], ["--ramp", "0"], ["--ramp", "inf"], ["--loads", "x", "1", "1"]],
)
def test_a_bench_that_cannot_be_is_refused(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    sim.add_options(parser)

    with pytest.raises((argparse.ArgumentError, SystemExit)):
        parser.parse_args(arguments)
