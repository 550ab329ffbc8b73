from __future__ import annotations

import pytest

from ocs.model.errors import ErrorCode, OutOfRangeError
from ocs.wire import uris
from ocs.wire.failures import error_of
from ocs.wire.replies import encode_error


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("wamp.error.no_such_procedure", ErrorCode.NOT_FOUND),
        ("wamp.error.canceled", ErrorCode.AGENT_LOST),
        ("wamp.error.not_authorized", ErrorCode.DENIED),
        ("wamp.error.procedure_already_exists", ErrorCode.DUPLICATE),
        ("wamp.error.invalid_argument", ErrorCode.INTERNAL),
        ("com.example.error", ErrorCode.INTERNAL),
    ],
)
def test_words_of_the_router_are_codes_of_ours(word: str, code: ErrorCode) -> None:
    error = error_of(word, ["told"], "observatory.oven")

    assert error.code is code
    assert "observatory.oven" in error.message


def test_an_error_of_ours_keeps_its_details() -> None:
    sent = OutOfRangeError("too hot", field="target", limit=400)

    error = error_of(f"{uris.ERROR_PREFIX}out_of_range", [encode_error(sent)], "observatory.oven")

    assert isinstance(error, OutOfRangeError)
    assert (error.message, error.limit) == ("too hot", 400)


def test_an_error_of_ours_without_details_is_internal() -> None:
    assert error_of(f"{uris.ERROR_PREFIX}out_of_range", [], "observatory.oven").code is ErrorCode.INTERNAL
