"""`R.D.read` and `R.D.write`: names and patterns, sources, ages, history, and requests that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ocs.agent import Channel, Device
from ocs.model.errors import ErrorCode, OcsError, OutOfRangeError, ParameterError
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class Rack(Device):
    """A rack."""

    count = 0
    stuck = False

    temp_1 = Channel(float, unit="K", period_s=1.0)
    temp_2 = Channel(float, unit="K")
    Bias = Channel(float, unit="V", access="rw")
    only = Channel(float, unit="V", access="w")
    trace = Channel(np.float32, unit="V", max_x=4, access="rw")
    empty = Channel(float, unit="V")

    @temp_1.read
    def read_temp_1(self) -> float:
        if self.stuck:
            self.hosted().timing.sleep(7.0)
        self.count += 1
        return float(self.count)

    @temp_2.read
    def read_temp_2(self) -> float:
        self.count += 1
        return float(self.count)


@pytest.fixture
def rack(panel_of: PanelOf) -> Panel:
    return panel_of(Rack, "rack")


EVERY = ["State", "Status", "temp_1", "temp_2", "Bias", "only", "trace", "empty"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (None, EVERY),
        ("temp_1", ["temp_1"]),
        ("temp*", ["temp_1", "temp_2"]),
        ("TEMP_?", ["temp_1", "temp_2"]),
        (["temp_2", "temp_1"], ["temp_2", "temp_1"]),
        ("temp_2, Status", ["temp_2", "Status"]),
        ("bias", ["Bias"]),
        (["temp*", "temp_1"], ["temp_1", "temp_2"]),
        ("nothing*", []),
        ([], []),
    ],
)
def test_channels_are_read_by_name_or_pattern(rack: Panel, names: Any, found: list[str]) -> None:
    assert list(rack.read(names)) == found


def test_an_unknown_name_has_its_own_error_which_lists_the_known_ones(rack: Panel) -> None:
    readings = rack.read(["temp_2", "tmp_1"])

    error = readings["tmp_1"]["error"]
    assert (error["code"], error["field"], error["allowed"]) == ("not_found", "tmp_1", EVERY)
    assert readings["temp_2"]["value"] is not None


@pytest.mark.parametrize("names", [3, [3], {"temp_1": 1}, True])
def test_names_that_are_no_names_are_refused(rack: Panel, names: Any) -> None:
    with pytest.raises(ParameterError):
        rack.read(names)


@pytest.mark.parametrize(
    "options",
    [
        {"source": "memory"},
        {"source": 3},
        {"max_age_s": "long"},
        {"max_age_s": -1},
        {"max_age_s": True},
        {"max_age_s": float("nan")},
        {"history": "all"},
        {"history": -3},
        {"history": 1.5},
        {"history": [1]},
    ],
)
@pytest.mark.parametrize("names", ["temp_1", ["temp_1", "temp_2"]])
def test_options_that_make_no_sense_are_refused_with_a_typed_error(
    rack: Panel, names: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(OcsError) as caught:
        rack.read(names, **options)

    assert caught.value.code in {ErrorCode.OUT_OF_RANGE, ErrorCode.WRONG_TYPE}
    assert caught.value.field == next(iter(options))


# -- sources -----------------------------------------------------------------------------------------


def test_auto_takes_a_polled_reading_and_reads_what_is_not_polled(rack: Panel) -> None:
    rack.clock.advance(0.5)

    told = rack.read(["temp_1", "temp_2"])

    assert (told["temp_1"]["value"], told["temp_1"]["age_s"]) == (1.0, 0.5)
    assert (told["temp_2"]["value"], told["temp_2"]["age_s"]) == (2.0, 0.0)


def test_device_reads_whatever_there_is_in_the_cache(rack: Panel) -> None:
    rack.clock.advance(0.5)

    assert rack.reading("temp_1", source="device")["age_s"] == 0.0


def test_an_age_limits_what_may_come_from_the_cache(rack: Panel) -> None:
    rack.clock.advance(0.5)
    young = rack.reading("temp_1", max_age_s=0.5)
    fresh = rack.reading("temp_1", max_age_s=0.4)
    rack.value("temp_2")
    rack.clock.advance(100.0)
    old = rack.reading("temp_2", max_age_s=1000)
    any_age = rack.reading("temp_2", max_age_s=float("inf"))

    assert (young["age_s"], fresh["age_s"]) == (0.5, 0.0)
    assert old["age_s"] == any_age["age_s"] == pytest.approx(100.0)


def test_the_cache_of_a_channel_that_was_never_read_says_so(rack: Panel) -> None:
    error = rack.reading("temp_2", source="cache")["error"]

    assert error["code"] == ErrorCode.NO_DATA.value
    assert "temp_2 has no reading yet: it is not polled; set poll_period_s" in error["message"]


def test_the_cache_of_a_polled_channel_before_its_first_reading_says_try_again(panel_of: PanelOf) -> None:
    class Slow(Rack):
        """Slow to begin."""

        stuck = True

    slow = panel_of(Slow, "rack")

    error = slow.reading("temp_1", source="cache")["error"]
    slow.clock.advance(7.0)

    assert error["code"] == ErrorCode.NO_DATA.value
    assert "try again" in error["message"]
    assert error["retryable"]


def test_the_cache_of_an_unpolled_channel_is_its_last_reading_with_its_age(rack: Panel) -> None:
    rack.value("temp_2")
    rack.clock.advance(3.0)

    assert rack.reading("temp_2", source="cache")["age_s"] == pytest.approx(3.0)


def test_a_reading_older_than_four_periods_is_no_cache_any_more(rack: Panel) -> None:
    rack.clock.advance(1.5)
    rack.device.polling.stop()
    rack.clock.advance(3.5)
    last = rack.reading("temp_1", source="cache")
    rack.clock.advance(0.1)
    late = rack.reading("temp_1", source="cache")
    auto = rack.reading("temp_1")

    assert last["age_s"] == 4.0
    assert late["error"]["code"] == ErrorCode.NO_DATA.value
    assert "temp_1 is not updated any more: its newest reading is 4.1 s old" in late["error"]["message"]
    assert "four of its periods of 1 s" in late["error"]["message"]
    assert auto["age_s"] == 0.0


def test_a_channel_that_code_feeds_and_never_did_has_no_data(rack: Panel) -> None:
    for source in ("auto", "device", "cache"):
        error = rack.reading("empty", source=source)["error"]
        assert error["code"] == ErrorCode.NO_DATA.value, source


def test_a_channel_that_is_only_written_cannot_be_read(rack: Panel) -> None:
    rack.write({"only": 3.0})

    for source in ("auto", "device", "cache"):
        error = rack.reading("only", source=source)["error"]
        assert (error["code"], "write only" in error["message"]) == ("not_allowed", True)


# -- history -----------------------------------------------------------------------------------------


def test_history_gives_the_newest_readings_oldest_first(rack: Panel) -> None:
    rack.clock.advance(20.5)

    told = rack.read("temp*", history=3)
    everything = rack.read("temp_1", history=100)["temp_1"]

    assert [reading["value"] for reading in told["temp_1"]] == [19.0, 20.0, 21.0]
    assert told["temp_2"] == []
    assert len(everything) == 10
    assert everything[0]["age_s"] > everything[-1]["age_s"]


def test_history_of_an_unknown_channel_is_its_error(rack: Panel) -> None:
    told = rack.read(["nothing", "temp_1"], history=2)

    assert told["nothing"][0]["error"]["code"] == "not_found"


# -- write -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [None, {}, [], "Bias", 3])
def test_what_is_no_map_of_values_is_refused(rack: Panel, values: Any) -> None:
    with pytest.raises(ParameterError, match="values is a map of channels"):
        rack.write(values)


def test_channels_are_written_by_their_name_in_any_case(rack: Panel) -> None:
    written = rack.write({"bias": 3.0, "trace": [1.0, 2.0]})

    assert list(written) == ["Bias", "trace"]
    assert rack.value("Bias") == 3.0


def test_the_answer_has_the_order_of_the_request(rack: Panel) -> None:
    assert list(rack.write({"nothing": 1, "Bias": 1.0, "temp_1": 2.0, "only": 1.0})) == [
        "nothing", "Bias", "temp_1", "only",
    ]  # fmt: skip


def test_an_array_may_be_written_as_columns(rack: Panel) -> None:
    array = np.array([1.5, 2.5], dtype="<f4")

    written = rack.write({"trace": {"dtype": "<f4", "shape": [2], "data": array.tobytes()}})

    assert "error" not in written["trace"]
    assert rack.value("trace") == [1.5, 2.5]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([1.0] * 5, "out_of_range"),
        ([[1.0], [2.0]], "wrong_type"),
        (1.0, "wrong_type"),
        ([1.0, None], "wrong_type"),
        ([1.0, float("nan")], "out_of_range"),
        ({"dtype": "<f4", "shape": [3], "data": b"123"}, "wrong_type"),
        ({"dtype": "nonsense", "shape": [3], "data": b"123"}, "wrong_type"),
        ({"dtype": "O", "shape": [1], "data": b"12345678"}, "wrong_type"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(rack: Panel, value: Any, code: str) -> None:
    assert rack.write({"trace": value})["trace"]["error"]["code"] == code


def test_a_range_error_carries_what_was_given(rack: Panel) -> None:
    with pytest.raises(OutOfRangeError) as caught:
        rack.read("temp_1", max_age_s=-2)

    assert caught.value.given == -2
