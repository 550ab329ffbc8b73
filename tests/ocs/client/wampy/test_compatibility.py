from __future__ import annotations

from typing import Any

import pytest

from ocs.client.wampy.compatibility import LateError, wampy_answer
from ocs.client.wampy.door import Error, Result, WampyError, WampyTimeOutError
from ocs.model.errors import DeadlineError


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ([50, 1, {}], None),
        ([50, 1, {}, [3]], 3),
        ([50, 1, {}, [], {"a": 1}], {"a": 1}),
        ([50, 1, {}, None, None], None),
    ],
)
def test_a_result_of_wampy_has_a_value_for_every_shape(answer: list[Any], value: Any) -> None:
    result = wampy_answer(answer)

    assert isinstance(result, Result)
    assert result.value == value


def test_an_error_with_details_does_not_break_it() -> None:
    error = wampy_answer([8, 48, 1, {"callee": 3}, "x.error.cold", ["too cold"]])

    assert isinstance(error, Error)
    assert (error.error, error.args_list, error.kwargs_dict) == ("x.error.cold", ["too cold"], {})


def test_what_is_neither_result_nor_error_is_refused() -> None:
    with pytest.raises(WampyError):
        wampy_answer([33, 1, 5])


def test_a_late_answer_is_caught_as_ours_and_as_that_of_wampy() -> None:
    assert issubclass(LateError, DeadlineError)
    assert issubclass(LateError, WampyTimeOutError)
