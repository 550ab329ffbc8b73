from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ocs.model.units import UNITS, Limits, Unit, check_unit


def test_symbols_are_ascii_and_named() -> None:
    assert all(symbol.isascii() and name for symbol, name in UNITS.items())


def test_an_unknown_unit_is_refused_with_a_near_one() -> None:
    with pytest.raises(ValueError, match="did you mean Hz"):
        check_unit("hz")


@pytest.mark.parametrize("kind", [int, float])
def test_limits_are_inclusive(kind: Any) -> None:
    adapter: TypeAdapter[float] = TypeAdapter(Annotated[kind, Limits(0, 4)])

    assert adapter.validate_python(0) == 0
    assert adapter.validate_python(4) == 4
    with pytest.raises(ValidationError):
        adapter.validate_python(5)


def test_limits_that_leave_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="leave no value"):
        Limits(4, 0)


def test_limits_of_a_text_are_refused() -> None:
    with pytest.raises(TypeError, match="goes with int and float"):
        TypeAdapter(Annotated[str, Limits(0, 4)])


def test_a_unit_stands_in_the_schema() -> None:
    assert TypeAdapter(Annotated[float, Unit("K"), Limits(0)]).json_schema() == {
        "type": "number", "minimum": 0, "unit": "K",
    }  # fmt: skip
