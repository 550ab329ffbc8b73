"""What the SMC100 is asked, and how its answers are read."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.smc100.driver import (
    Axis,
    CommandError,
    Condition,
    ControllerState,
    PositionerError,
    Query,
    Status,
    motion_time,
)
from ocs.model.errors import DeviceError, OutOfRangeError

AXIS = Axis(1)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (AXIS.home(), "1OR"),
        (AXIS.move_to(5.0), "1PA5"),
        (AXIS.move_to(-0.0000001), "1PA0"),
        (AXIS.move_by(-1.25), "1PR-1.25"),
        (AXIS.stop(), "1ST"),
        (AXIS.enable(), "1MM1"),
        (AXIS.disable(), "1MM0"),
        (AXIS.reset(), "1RS"),
        (AXIS.set_velocity(2.5), "1VA2.5"),
        (AXIS.set_acceleration(10), "1AC10"),
        (AXIS.set_negative_limit(-25), "1SL-25"),
        (AXIS.set_positive_limit(25), "1SR25"),
        (AXIS.enter_configuration(), "1PW1"),
        (AXIS.leave_configuration(), "1PW0"),
        (AXIS.configuration(), "1ZT"),
        (Axis(12).home(), "12OR"),
    ],
)
def test_a_command_is_written_as_the_controller_reads_it(command: str, line: str) -> None:
    assert command == line


@pytest.mark.parametrize(
    ("query", "line", "reply", "value"),
    [
        (AXIS.position(), "1TP", "1TP1.2345", 1.2345),
        (AXIS.demanded_position(), "1TH", "1TH-0.5", -0.5),
        (AXIS.target(), "1PA?", "1PA5", 5.0),
        (AXIS.velocity(), "1VA?", "1VA8.0", 8.0),
        (AXIS.acceleration(), "1AC?", "1AC40", 40.0),
        (AXIS.jerk_time(), "1JR?", "1JR0.04", 0.04),
        (AXIS.negative_limit(), "1SL?", "1SL-25", -25.0),
        (AXIS.positive_limit(), "1SR?", "1SR25", 25.0),
        (AXIS.home_velocity(), "1OH?", "1OH4", 4.0),
        (AXIS.home_timeout(), "1OT?", "1OT20.5", 20.5),
        (AXIS.time_of(10), "1PT10", "1PT1.45", 1.45),
        (AXIS.stage(), "1ID?", "1IDTRA25CC", "TRA25CC"),
        (AXIS.version(), "1VE", "1VE SMC100CC 1.0", "SMC100CC 1.0"),
        (AXIS.last_error(), "1TE", "1TE@", CommandError.NONE),
        (AXIS.last_error(), "1TE", "1TEG\r", CommandError.OUT_OF_LIMITS),
        (
            AXIS.error_text(CommandError.NOT_ALLOWED),
            "1TBD",
            "1TBD Execution not allowed",
            "Execution not allowed",
        ),
        (
            AXIS.status(),
            "1TS",
            "1TS000032",
            Status(PositionerError(0), Condition.READY_FROM_HOMING),
        ),
        (
            AXIS.status(),
            "1TS",
            "1TS00203D",
            Status(PositionerError.FOLLOWING_ERROR, Condition.DISABLE_FROM_MOVING),
        ),
    ],
)
def test_a_reply_is_read_as_a_value(query: Query[Any], line: str, reply: str, value: Any) -> None:
    assert query.text == line
    assert query.parse(reply) == value


@pytest.mark.parametrize(
    ("query", "reply"),
    [
        (AXIS.position(), ""),
        (AXIS.position(), "1TP"),
        (AXIS.position(), "1TPnan"),
        (AXIS.position(), "1TP1e999"),
        (AXIS.position(), "1TH1.0"),
        (AXIS.position(), "2TP1.0"),
        (AXIS.position(), "11TP1.0"),
        (AXIS.position(), "1.0"),
        (AXIS.stage(), "1VE SMC100CC"),
        (AXIS.version(), "2VE SMC100CC"),
        (AXIS.last_error(), "1TE?"),
        (AXIS.error_text(CommandError.NONE), "1TB!what"),
        (AXIS.status(), "1TS00032"),
        (AXIS.status(), "1TS000099"),
        (AXIS.status(), "1TS0000G2"),
    ],
)
def test_nonsense_is_refused_with_the_text_that_offends(query: Query[Any], reply: str) -> None:
    with pytest.raises(DeviceError) as refused:
        query.parse(reply)

    assert repr(reply) in refused.value.message
    assert repr(query.text) in refused.value.message


@given(st.integers(0, 0xFFFF), st.sampled_from(Condition))
def test_any_status_survives_its_way_as_text(bits: int, condition: Condition) -> None:
    status = AXIS.status().parse(f"1TS{bits:04X}{condition.value:02X}")

    assert status == Status(PositionerError(bits), condition)
    assert len(status.errors.sentences) == bits.bit_count()


@given(st.floats(-1000, 1000), st.integers(1, 31))
def test_any_position_is_sent_to_a_nanometre(position: float, address: int) -> None:
    line = Axis(address).move_to(position)

    assert float(line.removeprefix(f"{address}PA")) == pytest.approx(position, abs=1e-6)
    assert "e" not in line


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_not_sent(value: float) -> None:
    with pytest.raises(OutOfRangeError, match="finite"):
        AXIS.move_to(value)


@pytest.mark.parametrize("address", [0, 32])
def test_an_address_outside_the_chain_is_refused(address: int) -> None:
    with pytest.raises(OutOfRangeError, match="1 to 31"):
        Axis(address)


def test_a_state_is_read_without_its_history() -> None:
    assert AXIS.status().parse("1TS000028").state is ControllerState.MOVING


def test_the_configuration_is_read_line_by_line() -> None:
    lines = ["1PW1", "1AC40", "1HT0", "1IDTRA25CC", "1QIL0.4", "1PW0"]

    assert AXIS.parse_configuration(lines) == {"AC": "40", "HT": "0", "ID": "TRA25CC", "QIL": "0.4"}
    assert [AXIS.is_configuration_end(line) for line in lines] == [False] * 5 + [True]


@pytest.mark.parametrize("line", ["", "2AC40", "1 40"])
def test_a_line_that_is_no_parameter_is_refused(line: str) -> None:
    with pytest.raises(DeviceError, match="amid its parameters"):
        AXIS.parse_configuration([line])


@pytest.mark.parametrize(("distance", "time_s"), [(0.0, 0.0), (16.0, 2.2), (-16.0, 2.2), (0.4, 0.2), (1.6, 0.4)])
def test_the_time_of_a_move_is_that_of_a_trapezoid(distance: float, time_s: float) -> None:
    assert motion_time(distance, 8.0, 40.0) == pytest.approx(time_s)


def test_smoothing_lengthens_a_move_by_the_jerk_time() -> None:
    assert motion_time(16.0, 8.0, 40.0, jerk_time_s=0.04) == pytest.approx(2.24)
