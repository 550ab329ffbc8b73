"""The lines of the demonstration controller, and what is made of its answers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cryostat import driver
from agents.cryostat.driver import HeaterReading, HeaterStatus, Query, ReadingStatus, Temperature
from ocs.model.errors import DeviceError, OutOfRangeError


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (driver.identity(), "*IDN?"),
        (driver.temperature(2), "KRDG? 2;RDGST? 2"),
        (driver.heater(1), "HTR?;HTRSET?;HTRST?;KRDG? 1;RDGST? 1"),
        (driver.set_power(12.34567), "HTRSET 12.3457;HTRSET?"),
        (driver.set_watchdog(30), "WDOG 30.0;WDOG?"),
        (driver.reset(), "*RST;HTRST?"),
    ],
)
def test_what_is_sent(query: Query[object], text: str) -> None:
    assert query.text == text


@pytest.mark.parametrize(
    ("query", "reply", "value"),
    [
        (driver.identity(), "OCS,CRYOSTAT-4,SIM0001,1.0", "CRYOSTAT-4 SIM0001"),
        (driver.temperature(1), "4.0021;0", Temperature(4.0021, ReadingStatus(0))),
        (driver.temperature(1), " 0.0000 ; 128 ", Temperature(0.0, ReadingStatus.SENSOR_OPEN)),
        (
            driver.heater(1),
            "9.9;10.0;9;4.2;0",
            HeaterReading(
                9.9, 10.0, HeaterStatus.OPEN_LOAD | HeaterStatus.WATCHDOG, Temperature(4.2, ReadingStatus(0))
            ),
        ),
        (driver.set_power(3.0), "3.0000", 3.0),
        (driver.reset(), "4", HeaterStatus.CUT_OUT),
    ],
)
def test_what_answers_mean(query: Query[object], reply: str, value: object) -> None:
    assert query.parse(reply) == value


@pytest.mark.parametrize(
    ("query", "reply"),
    [
        (driver.identity(), "LSCI,MODEL336,1234567/1234567,1.2"),
        (driver.identity(), "CRYOSTAT-4"),
        (driver.temperature(1), "4.0021"),
        (driver.temperature(1), "nan;0"),
        (driver.temperature(1), "inf;0"),
        (driver.temperature(1), "4.0;-1"),
        (driver.temperature(1), "4.0;0;1"),
        (driver.heater(1), "1;1;0;4.2"),
        (driver.set_power(3.0), ""),
    ],
)
def test_what_is_no_answer_is_told(query: Query[object], reply: str) -> None:
    with pytest.raises(DeviceError, match=r"the controller answered .* expected was") as caught:
        query.parse(reply)

    assert caught.value.given == reply


@given(st.text(max_size=30))
def test_garbage_raises_nothing_else(reply: str) -> None:
    for query in (driver.identity(), driver.temperature(1), driver.heater(1), driver.reset()):
        try:
            query.parse(reply)
        except DeviceError:
            continue


@given(st.floats(0, driver.MAX_WATTS))
def test_every_power_of_the_range_is_sent_to_a_tenth_of_a_milliwatt(watts: float) -> None:
    sent = driver.set_power(watts).text.removeprefix("HTRSET ").removesuffix(";HTRSET?")

    assert driver.set_power(watts).parse(sent) == pytest.approx(watts, abs=5.1e-5)


@pytest.mark.parametrize("watts", [-0.001, 50.001, math.nan, math.inf])
def test_a_power_out_of_range_is_not_sent(watts: float) -> None:
    with pytest.raises(OutOfRangeError, match=r"power is .* W; allowed are 0 to 50 W") as caught:
        driver.set_power(watts)

    assert caught.value.allowed == [0.0, 50.0]


def test_a_watchdog_out_of_range_is_not_sent() -> None:
    with pytest.raises(OutOfRangeError, match="watchdog is 3601 s; allowed are 0 to 3600 s"):
        driver.set_watchdog(3601)


@pytest.mark.parametrize("number", [0, 5, -1])
def test_an_input_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(OutOfRangeError, match="allowed are 1 to 4"):
        driver.temperature(number)


@pytest.mark.parametrize("flag", [*ReadingStatus, *HeaterStatus])
def test_every_bit_has_a_sentence(flag: ReadingStatus | HeaterStatus) -> None:
    assert len(flag.sentences) == 1


def test_an_unknown_bit_is_told_by_its_number() -> None:
    assert (ReadingStatus(64) | ReadingStatus.SENSOR_OPEN).sentences == (
        "the sensor is open or not connected",
        "status bits 64 are set, whose meaning is not known here",
    )


def test_a_temperature_that_must_not_be_trusted_is_refused_with_the_reason() -> None:
    with pytest.raises(DeviceError, match="cannot be read: the sensor is open or not connected"):
        Temperature(0.0, ReadingStatus.SENSOR_OPEN).checked()

    assert Temperature(4.2, ReadingStatus(0)).checked() == 4.2
