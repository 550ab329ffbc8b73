from __future__ import annotations

import pytest

from ocs.model.errors import EXIT_CODES, RETRYABLE, ErrorCode, OcsError, make_error


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_an_exit_code_and_a_class(code: ErrorCode) -> None:
    error = make_error(code, "what happened")

    assert error.code is code
    assert error.exit_code is EXIT_CODES[code]
    assert error.retryable == (code in RETRYABLE)
    assert str(error) == error.message == "what happened"


def test_every_class_stands_for_its_own_code() -> None:
    assert all(made.code is code for code, made in OcsError.classes.items())
