"""Replies to requests on operations: the 3-list of OCS 0.12, with our error code in its third element."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ocs.model.errors import OcsError, make_error
from ocs.model.operation import ReplyCode
from ocs.wire.plain import plain, sendable
from ocs.wire.sessions import known_code


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a request: whether it was taken, a sentence, and the session it is about."""

    code: ReplyCode
    message: str
    session: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> list[Any]:
        """Return the 3-list."""
        return [self.code.value, self.message, self.session]


def refusal(error: OcsError, session: dict[str, Any] | None = None) -> Reply:
    """Return the reply to a request that was not taken; `session` is the run that stands in its way."""
    return Reply(ReplyCode.ERROR, sendable(error.message), {**(session or {}), "refused": encode_error(error)})


def encode_error(error: OcsError) -> dict[str, Any]:
    """Return an error as a map; values that cannot be sent are told as text."""

    def safe(value: Any) -> Any:
        try:
            return plain(value, limit=4096)
        except OcsError:
            return repr(value)[:80]

    return {
        "code": error.code.value,
        "message": sendable(error.message),
        "field": None if error.field is None else sendable(error.field),
        "given": safe(error.given),
        "limit": safe(error.limit),
        "allowed": safe(error.allowed),
        "retryable": error.retryable,
    }


def decode_error(encoded: dict[str, Any]) -> OcsError:
    """Return the exception that an encoded error stands for."""
    return make_error(
        known_code(encoded.get("code")),
        str(encoded.get("message", "")),
        field=encoded.get("field"),
        given=encoded.get("given"),
        limit=encoded.get("limit"),
        allowed=encoded.get("allowed"),
    )


def decode_reply(answer: Any) -> Reply:
    """Return the reply in a result of `R.D.ops`.

    Raises:
        OcsError: It is no 3-list: the other side is no agent.
    """
    if not isinstance(answer, (list, tuple)) or len(answer) != 3:  # noqa: PLR2004 - code, message, session
        raise make_error(known_code("internal"), f"the answer is no reply of an agent: {str(answer)[:80]}")
    code, message, session = answer
    return Reply(ReplyCode(code), str(message), session if isinstance(session, dict) else {})
