"""What the thermometer is asked, and how its answers are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.lakeshore240 import driver
from agents.lakeshore240.driver import (
    RANGES,
    DisplayUnit,
    Identity,
    InputSetup,
    ProfibusSlot,
    ReadingStatus,
    SensorType,
)
from agents.lakeshore240.reply import Query
from ocs.model.errors import DeviceError, OutOfRangeError, ParameterError

setups = st.sampled_from(SensorType).flatmap(
    lambda sensor: st.builds(
        InputSetup,
        sensor=st.just(sensor),
        autorange=st.booleans(),
        range=st.integers(0, len(RANGES[sensor]) - 1),
        current_reversal=st.booleans(),
        unit=st.sampled_from(DisplayUnit),
        enabled=st.booleans(),
    )
)
NTC = InputSetup(
    SensorType.NTC,
    autorange=True,
    range=8,
    current_reversal=True,
    unit=DisplayUnit.KELVIN,
    enabled=True,
)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (driver.set_input_name(3, "4K plate"), "INNAME 3,4K plate"),
        (driver.set_module_name("cryostat A"), "MODNAME cryostat A"),
        (driver.set_input_setup(2, NTC), "INTYPE 2,3,1,8,1,1,1"),
        (driver.set_profibus_slots(4), "PROFINUM 4"),
        (
            driver.set_profibus_slot(2, ProfibusSlot(7, DisplayUnit.SENSOR)),
            "PROFISLOT 2,7,3",
        ),
    ],
)
def test_a_setting_is_written_as_the_module_reads_it(command: str, line: str) -> None:
    assert command == line


@pytest.mark.parametrize(
    ("query", "line", "reply", "value"),
    [
        (
            driver.identity(),
            "*IDN?",
            "LSCI,240-8P,LSA22YG,1.3",
            Identity("LSCI", "240-8P", "LSA22YG", "1.3"),
        ),
        (driver.kelvin(1), "KRDG? 1", "+77.3500\r", 77.35),
        (driver.celsius(8), "CRDG? 8", "-195.800", -195.8),
        (driver.fahrenheit(8), "FRDG? 8", "-320.4", -320.4),
        (driver.sensor(2), "SRDG? 2", "+1.02000E+0", 1.02),
        (driver.reading_status(2), "RDGST? 2", "000", ReadingStatus(0)),
        (driver.reading_status(2), "RDGST? 2", "128", ReadingStatus.SENSOR_OVER_RANGE),
        (driver.input_name(3), "INNAME? 3", "4K plate       ", "4K plate"),
        (driver.module_name(), "MODNAME?", "cryostat A", "cryostat A"),
        (driver.input_setup(2), "INTYPE? 2", "3,1,8,1,1,1", NTC),
        (driver.profibus_slots(), "PROFINUM?", "4", 4),
        (
            driver.profibus_slot(2),
            "PROFISLOT? 2",
            "7,3",
            ProfibusSlot(7, DisplayUnit.SENSOR),
        ),
    ],
)
def test_a_reply_is_read_as_a_value(query: Query[Any], line: str, reply: str, value: Any) -> None:
    assert query.text == line
    assert query.parse(reply) == value


@pytest.mark.parametrize(
    ("query", "reply"),
    [
        (driver.identity(), "LSCI,240-8P"),
        (driver.kelvin(1), ""),
        (driver.kelvin(1), "NAN"),
        (driver.kelvin(1), "+77.35,+4.2"),
        (driver.reading_status(1), "256"),
        (driver.reading_status(1), "-1"),
        (driver.reading_status(1), "1.5"),
        (driver.input_setup(1), "4,0,0,0,1,1"),
        (driver.input_setup(1), "1,0,3,0,1,1"),
        (driver.input_setup(1), "1,2,0,0,1,1"),
        (driver.input_setup(1), "1,0,0,0,5,1"),
        (driver.profibus_slot(1), "1"),
    ],
)
def test_nonsense_is_refused_with_the_text_that_offends(query: Query[Any], reply: str) -> None:
    with pytest.raises(DeviceError) as refused:
        query.parse(reply)

    assert repr(reply) in refused.value.message
    assert repr(query.text) in refused.value.message


@pytest.mark.parametrize(
    ("bits", "status"),
    [
        (1, ReadingStatus.INVALID_READING),
        (16, ReadingStatus.TEMPERATURE_UNDER_RANGE),
        (32, ReadingStatus.TEMPERATURE_OVER_RANGE),
        (64, ReadingStatus.SENSOR_ZERO),
        (128, ReadingStatus.SENSOR_OVER_RANGE),
    ],
)
def test_each_bit_has_its_place(bits: int, status: ReadingStatus) -> None:
    assert driver.reading_status(1).parse(str(bits)) is status


@given(st.integers(0, 255))
def test_any_status_survives_its_way_as_text_and_tells_each_bit(bits: int) -> None:
    status = driver.reading_status(1).parse(f"{bits:03d}")

    assert status.value == bits
    assert len(set(status.sentences)) == bits.bit_count()


@given(setups, st.integers(1, 8))
def test_any_setup_survives_its_way_as_text(setup: InputSetup, number: int) -> None:
    line = driver.set_input_setup(number, setup)

    assert driver.input_setup(number).parse(line.removeprefix(f"INTYPE {number},")) == setup


def test_a_range_that_the_sensor_does_not_have_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match=r"0 to 0 \(1 kohm\)"):
        InputSetup(
            SensorType.PLATINUM,
            autorange=False,
            range=1,
            current_reversal=False,
            unit=DisplayUnit.KELVIN,
            enabled=True,
        )


@pytest.mark.parametrize(("model", "inputs"), [("240-2P", 2), ("240-8P", 8), ("MODEL240-8P", 8)])
def test_the_model_tells_the_number_of_inputs(model: str, inputs: int) -> None:
    assert Identity("LSCI", model, "1", "1.0").inputs == inputs


@pytest.mark.parametrize("model", ["MODEL218S", "240-4P", ""])
def test_another_model_is_refused(model: str) -> None:
    with pytest.raises(DeviceError, match="240-2P and 240-8P"):
        _ = Identity("LSCI", model, "1", "1.0").inputs


def test_a_name_with_a_comma_never_reaches_the_module() -> None:
    with pytest.raises(ParameterError):
        driver.set_input_name(1, "a,b")
