"""Errors across the router."""

import pytest
from autobahn.wamp.exception import ApplicationError, TransportLost

from ocs.model.errors import EXIT_CODES, ErrorCode, OcsError, OutOfRangeError, RouterLostError, make_error
from ocs.realm.failures import from_wire, to_wire


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_survives_the_router(code: ErrorCode) -> None:
    error = make_error(code, "the oven is 500 K", field="target", given=500.0, limit=400.0, allowed=[0, 400])

    back = from_wire(to_wire(error, "R.D.ops"), "R.D.ops")

    assert type(back) is type(error)
    assert (back.code, back.message, back.field, back.given, back.limit, back.allowed) == (
        code, "the oven is 500 K", "target", 500.0, 400.0, [0, 400],
    )  # fmt: skip


def test_an_error_that_is_none_of_ours_is_told_in_one_sentence_without_a_trace() -> None:
    back = from_wire(to_wire(KeyError("x"), "R.D"), "R.D")

    assert back.code is ErrorCode.INTERNAL
    assert back.message == "R.D failed with KeyError: 'x'"


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (ApplicationError.NO_SUCH_PROCEDURE, ErrorCode.NOT_FOUND),
        (ApplicationError.CANCELED, ErrorCode.AGENT_LOST),
        (ApplicationError.NOT_AUTHORIZED, ErrorCode.DENIED),
        (ApplicationError.PROCEDURE_ALREADY_EXISTS, ErrorCode.DUPLICATE),
        ("wamp.error.no_such_session", ErrorCode.NOT_FOUND),
        ("wamp.error.runtime_error", ErrorCode.INTERNAL),
    ],
)
def test_the_words_of_the_router_become_our_codes(word: str, code: ErrorCode) -> None:
    assert from_wire(ApplicationError(word, "text"), "R.D.ops").code is code


def test_a_lost_transport_is_a_lost_router() -> None:
    assert isinstance(from_wire(TransportLost(), "R.D"), RouterLostError)


def test_our_own_errors_pass_unchanged() -> None:
    error = OutOfRangeError("too hot")

    assert from_wire(error, "R.D") is error


def test_every_code_has_an_exit_code() -> None:
    assert EXIT_CODES.keys() == set(ErrorCode)
    assert all(OcsError("x", code=code).exit_code.value for code in ErrorCode)
