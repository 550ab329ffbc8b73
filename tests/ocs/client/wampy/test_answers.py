from __future__ import annotations

from typing import Any

import pytest

from ocs.client.wampy.answers import CallResult, WampError, error_parts, parts_of, value_of
from ocs.model.errors import ErrorCode, OutOfRangeError


@pytest.mark.parametrize(
    ("args", "kwargs", "value"),
    [
        ([], {}, None),
        ([None], {}, None),
        ([[1, 2]], {}, [1, 2]),
        ([1, 2], {}, [1, 2]),
        ([], {"a": 1}, {"a": 1}),
        ([1], {"a": 1}, CallResult([1], {"a": 1})),
        ([], {"message": "m"}, {"message": "m"}),
        ([7], {"message": 7, "meta": {"procedure_name": "p", "session_id": 1}}, 7),
    ],
)
def test_a_result_has_the_value_that_a_function_would_have(args: list[Any], kwargs: dict[str, Any], value: Any) -> None:
    assert value_of(args, kwargs) == value


@pytest.mark.parametrize("value", [None, 3, [1, 2], {"a": 1}, CallResult([1], {"a": 2})])
def test_what_a_function_returns_is_what_its_caller_gets(value: Any) -> None:
    assert value_of(*parts_of(value)) == value


def test_an_error_of_ours_crosses_the_router_with_its_code_and_details() -> None:
    error = OutOfRangeError("999 K; 0 to 400 K", field="target", given=999, limit=400)

    back = WampError("the call of x", *error_parts(error))

    assert (back.code, back.message, back.given, back.limit) == (error.code, error.message, 999, 400)


def test_a_foreign_error_tells_its_name_and_first_argument() -> None:
    error = WampError("the call of a.b", "x.error.cold", ["too cold"], {"by": 3})

    assert str(error) == "the call of a.b was answered with x.error.cold: too cold"
    assert error.code is ErrorCode.INTERNAL


def test_an_exception_of_a_function_is_a_runtime_error() -> None:
    uri, args, kwargs = error_parts(KeyError("port"))

    assert (uri, kwargs["exc_type"]) == ("wamp.error.runtime_error", "KeyError")
    assert WampError("the call", uri, args, kwargs).code is ErrorCode.FAILED
