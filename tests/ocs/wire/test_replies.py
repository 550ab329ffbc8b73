from __future__ import annotations

from typing import Any

import pytest

from ocs.model.errors import ErrorCode, OcsError, OutOfRangeError, make_error
from ocs.model.operation import ReplyCode
from ocs.testing.memory_codec import Codec, through
from ocs.wire.replies import decode_error, decode_reply, encode_error, refusal


@pytest.mark.parametrize("code", list(ErrorCode))
@pytest.mark.parametrize("codec", list(Codec))
def test_every_error_comes_back_as_its_own_class(code: ErrorCode, codec: Codec) -> None:
    error = make_error(code, "what happened", field="x", given=1.5, limit=2, allowed=["a"])

    back = decode_error(through(codec, encode_error(error)))

    assert type(back) is type(error)
    assert (back.code, back.message, back.field) == (code, "what happened", "x")
    assert (back.given, back.limit, back.allowed, back.retryable) == (1.5, 2, ["a"], error.retryable)


@pytest.mark.parametrize("given", [object(), float("inf"), "x" * 100_000, "half \ud800", {1: object()}])
def test_an_error_about_what_cannot_be_sent_can_be_sent(given: Any) -> None:
    encoded = encode_error(OutOfRangeError("half \ud800", field="half \ud800", given=given))

    assert len(str(through(Codec.JSON, encoded))) < 5000


def test_a_code_of_a_newer_version_is_internal() -> None:
    assert decode_error({"code": "too_blue", "message": "it is too blue"}).code is ErrorCode.INTERNAL


def test_a_refusal_shows_the_run_in_the_way() -> None:
    code, message, session = refusal(OutOfRangeError("too far"), {"status": "running"}).encode()

    assert (code, message, session["status"]) == (ReplyCode.ERROR.value, "too far", "running")
    assert session["refused"]["code"] == "out_of_range"


@pytest.mark.parametrize("answer", [None, 3, "ok", [], [0, "x"], {"a": 1}])
def test_what_is_no_reply_says_so(answer: Any) -> None:
    with pytest.raises(OcsError, match="no reply of an agent"):
        decode_reply(answer)
