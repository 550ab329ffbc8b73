from __future__ import annotations

import dataclasses
import datetime as dt
from enum import Enum
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import BaseModel, Field, TypeAdapter

from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.records import RecordForm, check_plain
from ocs.model.units import Unit


class Kind(Enum):
    NTC = "ntc"


class Curve(BaseModel):
    name: str
    points: list[float] = Field(default=[], max_length=3)
    gain: Annotated[float, Field(ge=0)] = 1.0
    kind: Kind = Kind.NTC
    made: dt.date = dt.date(2024, 1, 2)


@dataclasses.dataclass
class Position:
    x: Annotated[float, Unit("mm")]


def test_a_model_or_a_map_becomes_the_same_plain_data() -> None:
    form = RecordForm(Curve)
    expected = {"name": "a", "points": [1.0], "gain": 1.0, "kind": "ntc", "made": "2024-01-02"}

    assert form.check({"name": "a", "points": [1]}, "curve") == expected
    assert form.check(Curve(name="a", points=[1]), "curve") == expected


def test_the_authors_model_is_made_again_from_the_plain_data() -> None:
    form, curve = RecordForm(Curve), Curve(name="a", points=[1, 2])

    assert form.make(form.check(curve, "curve"), "curve") == curve


@pytest.mark.parametrize(
    ("maker", "value"),
    [(Position, Position(1.0)), (TypeAdapter(Position), {"x": 1}), (dict[str, int], {"a": 1})],
)
def test_dataclasses_maps_and_adapters_make_records(maker: Any, value: Any) -> None:
    assert isinstance(RecordForm(maker).check(value, "position"), dict)


def test_a_form_that_cannot_be_checked_is_refused_when_it_is_declared() -> None:
    class Odd:
        pass

    with pytest.raises(TypeError, match="cannot be a record"):
        RecordForm(dict[str, Odd])


def test_the_schema_tells_units() -> None:
    assert RecordForm(Position).schema["properties"]["x"]["unit"] == "mm"


def test_the_part_that_is_missing_is_named() -> None:
    with pytest.raises(ParameterError, match=r"^curve\.name is needed"):
        RecordForm(Curve).check({}, "curve")


def test_the_part_that_is_wrong_is_named() -> None:
    with pytest.raises(ParameterError, match=r"^curve\.points\.1 is 'x'"):
        RecordForm(Curve).check({"name": "a", "points": [1, "x"]}, "curve")


def test_a_part_beyond_its_bound_is_out_of_range() -> None:
    with pytest.raises(OutOfRangeError, match=r"^curve\.gain is -1") as refused:
        RecordForm(Curve).check({"name": "a", "gain": -1}, "curve")

    assert (refused.value.given, refused.value.limit) == (-1, 0)


@pytest.mark.parametrize("wrong", [None, 5, "text", [1]])
def test_what_is_no_record_is_refused(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="curve"):
        RecordForm(Curve).check(wrong, "curve")
    with pytest.raises(ParameterError, match="curve"):
        check_plain(wrong, "curve")


def test_bytes_that_are_no_text_need_a_form_that_says_how_they_are_sent() -> None:
    class Block(BaseModel):
        data: bytes

    with pytest.raises(ParameterError, match="block cannot be sent"):
        RecordForm(Block).check({"data": b"\xff"}, "block")


def test_a_map_without_form_is_made_plain_to_its_depths() -> None:
    given = {
        "number": np.float32(1), "array": np.arange(2), "pair": (1, np.True_), "kind": Kind.NTC, "none": None,
        "inner": {"block": bytearray(b"x")},
    }  # fmt: skip

    plain = check_plain(given, "info")

    assert plain == {
        "number": 1.0, "array": [0, 1], "pair": [1, True], "kind": "ntc", "none": None, "inner": {"block": b"x"},
    }  # fmt: skip
    assert [type(part) for part in (plain["number"], plain["array"], plain["pair"])] == [float, list, list]


def test_models_and_dataclasses_serve_without_form_too() -> None:
    assert check_plain(Position(2.0), "info") == {"x": 2.0}
    assert check_plain(Curve(name="a"), "info")["kind"] == "ntc"


def test_a_part_that_cannot_be_sent_is_named() -> None:
    with pytest.raises(ParameterError, match=r"^info\.a\[1\] is <object"):
        check_plain({"a": [1, object()]}, "info")


def test_the_keys_of_a_record_are_texts() -> None:
    with pytest.raises(ParameterError, match="a key of info is 1"):
        check_plain({1: 2}, "info")
