"""How channels look."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.cli.readings import printed, reading_document, show_history, show_readings, value_text, what_is_wrong
from ocs.client.readings import Reading
from ocs.model.channel import Access, ChannelInterface
from ocs.model.channel_config import ChannelConfig
from ocs.model.datatype import DataType
from ocs.model.errors import DeviceError
from ocs.model.quality import Quality
from ocs.model.valuetype import ValueType

VOLTAGE = ChannelInterface(
    "voltage", ValueType(DataType.FLOAT64), Access.READ_WRITE,
    ChannelConfig("voltage", unit="V", format="%.2f", max_alarm=25.0, max_warning=20.0, stale_after_s=5.0),
)  # fmt: skip


def reading(value: Any, quality: Quality = Quality.VALID, **more: Any) -> Reading:
    return Reading(value, quality, 1700000000.0, **more)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (3.14159, "%6.2f", "3.14"),
        (0.0004, "%6.2f", "0.0004"),
        (-0.0004, "%6.2f", "-0.0004"),
        (0.0, "%6.2f", "0.00"),
        (3, "%d", "3"),
        (math.nan, "%d", "nan"),
        (2.5, "scientific;setprecision(3)", "2.5"),
        (True, "%s", "yes"),
        (b"\x01\xff", "%s", "01ff"),
        (bytes(20), "%s", "00" * 16 + "... (20 bytes)"),
        ("FAST", "%s", "FAST"),
    ],
)
def test_an_element_is_printed_by_the_format_of_its_channel(value: Any, form: str, text: str) -> None:
    assert printed(value, form) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_but_0_looks_like_0(number: float) -> None:
    assert (float(printed(number, "%6.2f")) == 0) == (number == 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (5.0, "5.00 V"),
        (np.array([1.0, 2.0]), "[1.00, 2.00] V"),
        (np.array([]), "[] V"),
        (np.arange(100.0), "[100] 0.00..99.00 V"),
        (np.array([math.nan, *range(9)]), "[10] 0.00..8.00 (1 not finite) V"),
        (np.full(10, math.inf), "[10] (10 not finite) V"),
        (np.arange(12.0).reshape(3, 4), "[3 x 4] 0.00..11.00 V"),
        (np.array([True] * 7), "[7] 7 yes V"),
        (list("abcdefg"), "[7] a, b, c, d, e, f, ... V"),
        ([["a", "b"], ["c", "d"]], "a, b, c, d V"),
    ],
)
def test_a_value_has_its_unit_and_a_long_array_its_shape_and_range(value: Any, text: str) -> None:
    assert value_text(value, VOLTAGE.config) == text


@pytest.mark.parametrize(
    ("given_reading", "sentence"),
    [
        (reading(5.0), ""),
        (reading(21.0, Quality.WARNING), "voltage is 21 V, at or above its max_warning 20 V"),
        (reading(30.0, Quality.ALARM), "voltage is 30 V, at or above its max_alarm 25 V"),
        (reading(5.0, Quality.ALARM), "its quality is ALARM"),
        (reading(5.0, Quality.INVALID), "its quality is INVALID"),
        (reading(5.0, Quality.CHANGING), ""),
        (reading(5.0, age_s=5.1), "it is 5.1 s old, and should be at most 5 s"),
        (reading(5.0, settled=False), "it has not settled at its set point yet"),
        (reading(None, Quality.INVALID, error=DeviceError("nonsense")), "nonsense"),
    ],
)
def test_what_is_wrong_is_one_sentence(given_reading: Reading, sentence: str) -> None:
    assert what_is_wrong(VOLTAGE, given_reading) == sentence


def test_readings_are_a_table_and_what_is_wrong_stands_below(capsys: pytest.CaptureFixture[str]) -> None:
    show_readings([("voltage", VOLTAGE, reading(21.0, Quality.WARNING, setpoint=20.0, age_s=0.5))])

    assert capsys.readouterr().out.splitlines() == [
        "NAME     VALUE    SET POINT  QUALITY  AGE",
        "voltage  21.00 V  20.00 V    WARNING  0.5 s",
        "voltage: voltage is 21 V, at or above its max_warning 20 V",
    ]


def test_a_channel_that_does_not_exist_has_a_row_too(capsys: pytest.CaptureFixture[str]) -> None:
    show_readings([("gone", None, reading(None, Quality.INVALID, error=DeviceError("no such channel")))])

    assert capsys.readouterr().out.splitlines() == ["NAME  VALUE     QUALITY  AGE", "gone  no value  INVALID"]


def test_a_history_has_times_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    show_history(
        [
            ("voltage", VOLTAGE, reading(5.0)),
            ("voltage", VOLTAGE, reading(None, Quality.INVALID, error=DeviceError("nonsense"))),
        ]
    )

    assert capsys.readouterr().out.splitlines() == [
        "TIME (UTC)  NAME     VALUE   QUALITY",
        "22:13:20.0  voltage  5.00 V  VALID",
        "22:13:20.0  voltage          INVALID  nonsense",
    ]


def test_a_document_has_all_that_is_known() -> None:
    document = reading_document(reading(None, Quality.INVALID, error=DeviceError("nonsense")))

    assert document["error"]["code"] == "device_error"
    assert document["quality"] == "INVALID"
