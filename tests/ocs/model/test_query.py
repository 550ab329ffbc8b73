from __future__ import annotations

from typing import ClassVar

import pytest

from ocs.model.errors import DeviceError
from ocs.model.query import Query


class Oven(Query[float]):
    who: ClassVar[str] = "the oven"


def test_an_answer_is_read_as_a_typed_value() -> None:
    assert Oven("T?", float, "a number").parse(" 4.2 ") == 4.2


def test_an_answer_that_makes_no_sense_is_told_with_question_and_expectation() -> None:
    with pytest.raises(DeviceError) as caught:
        Oven("T?", float, "a number").parse("warm")

    assert caught.value.message == (
        "the oven answered 'warm' to 'T?'; expected was a number; check cable, baud rate and model"
    )
    assert caught.value.given == "warm"
