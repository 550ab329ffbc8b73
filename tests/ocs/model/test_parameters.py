from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import (
    MissingParameterError,
    OcsError,
    OutOfRangeError,
    ParameterError,
    UnknownParameterError,
)
from ocs.model.parameters import Parameters, Result, described
from ocs.model.units import Limits, Unit


class Filter(Enum):
    RED = "red"
    BLUE = "blue"


def observe(  # noqa: PLR0917 - one of each kind
    session: Any,
    exposure: Annotated[float, Unit("s"), Limits(0, 3600)],
    filter_name: Filter = Filter.RED,
    frames: int = 1,
    mode: Literal["fast", "slow"] = "fast",
    targets: list[str] = [],  # noqa: B006 - defaults are copied
    bias: float | None = None,
) -> None:
    """Observe.

    Args:
        exposure: How long, and a line
            that goes on.
        filter_name: Which filter.
    """


PARAMETERS = Parameters(observe)


def test_defaults_are_filled_in() -> None:
    assert PARAMETERS.check({"exposure": 3}) == {
        "exposure": 3.0, "filter_name": Filter.RED, "frames": 1, "mode": "fast", "targets": [], "bias": None,
    }  # fmt: skip


def test_defaults_are_nobody_elses() -> None:
    first = PARAMETERS.check({"exposure": 3})
    first["targets"].append("M31")

    assert PARAMETERS.check({"exposure": 3})["targets"] == []


def test_defaults_of_a_function_with_nothing_else_are_nobody_elses_either() -> None:
    def look(session: Any, targets: list[str] = []) -> None:  # noqa: B006 - defaults are copied
        """Look."""

    parameters = Parameters(look)
    parameters.check(None)["targets"].append("M31")

    assert parameters.check({}) == {"targets": []}


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({}, MissingParameterError, "parameter exposure is needed: How long, and a line that goes on."),
        ({"exposure": 1, "exposures": 2}, UnknownParameterError, "no parameter exposures; did you mean exposure?"),
        ({"exposure": 1, "zzz": 2}, UnknownParameterError, "it takes exposure, filter_name"),
        ({"exposure": -1}, OutOfRangeError, "exposure is -1 s; it must be at least 0 s"),
        ({"exposure": 1e9}, OutOfRangeError, "at most 3600 s"),
        ({"exposure": float("nan")}, ParameterError, "exposure is nan"),
        ({"exposure": float("inf")}, OcsError, "exposure is inf"),
        ({"exposure": "3"}, ParameterError, "exposure is '3'"),
        ({"exposure": True}, ParameterError, "exposure is True"),
        ({"exposure": 1, "frames": 1.0}, ParameterError, "frames is 1.0"),
        ({"exposure": 1, "frames": True}, ParameterError, "frames is True"),
        ({"exposure": 1, "filter_name": "green"}, ParameterError, "filter_name is 'green'"),
        ({"exposure": 1, "mode": "medium"}, ParameterError, "mode is 'medium'"),
        ({"exposure": 1, "targets": "M31"}, ParameterError, "targets is 'M31'"),
        ({"exposure": 1, "targets": [3]}, ParameterError, "targets.0 is 3"),
        ([1], ParameterError, "by name, as a map"),
    ],
)
def test_a_refusal_is_one_sentence_with_the_field(given: Any, error: type[OcsError], told: str) -> None:
    with pytest.raises(error) as caught:
        PARAMETERS.check(given)

    assert told in caught.value.message


def test_choices_are_taken_by_their_value() -> None:
    assert PARAMETERS.check({"exposure": 1, "filter_name": "blue"})["filter_name"] is Filter.BLUE


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*PARAMETERS.names, "other"]), junk) | junk)
def test_nothing_gets_through_but_what_fits(given: Any) -> None:
    try:
        checked = PARAMETERS.check(given)
    except OcsError as error:
        assert error.message  # noqa: PT017 - either end is right
        return
    assert checked.keys() == set(PARAMETERS.names)
    assert 0 <= checked["exposure"] <= 3600
    assert type(checked["frames"]) is int


def test_the_schema_tells_unit_limits_and_help() -> None:
    entry = PARAMETERS.schema["properties"]["exposure"]

    assert entry["unit"] == "s"
    assert (entry["minimum"], entry["maximum"]) == (0, 3600)
    assert entry["description"] == "How long, and a line that goes on."


def test_a_parameter_without_annotation_cannot_be_declared() -> None:
    def move(session: Any, position) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - what the test is about
        """Move."""

    with pytest.raises(TypeError, match="parameter position needs an annotation"):
        Parameters(move)


def test_arbitrary_keywords_cannot_be_declared() -> None:
    def move(session: Any, **positions: float) -> None:
        """Move."""

    with pytest.raises(TypeError, match="positions cannot be published"):
        Parameters(move)


def test_help_is_read_from_the_docstring() -> None:
    told = described(
        "Do.\n\nArgs:\n    a: First.\n    b (int): Second,\n        more.\n\nReturns:\n    c: No parameter.\n"
    )

    assert told == {"a": "First.", "b": "Second, more."}


@pytest.mark.parametrize(("value", "kept"), [(3, 3.0), (2.5, 2.5)])
def test_a_result_is_checked_against_its_annotation(value: float, kept: float) -> None:
    def measure(session: Any) -> Annotated[float, Unit("K")]:
        """Measure."""
        return value

    result = Result(measure)

    assert result.check(value) == kept
    assert result.schema == {"type": "number", "unit": "K"}
    with pytest.raises(ParameterError, match="the operation declares another type"):
        result.check("warm")
