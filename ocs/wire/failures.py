"""Errors of the router and of callees, by their WAMP URI, as our exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ocs.model.errors import (
    AgentLostError,
    DeniedError,
    DuplicateError,
    ErrorCode,
    NotFoundError,
    OcsError,
    RouterLostError,
)
from ocs.wire import uris
from ocs.wire.replies import decode_error


def error_of(word: str, args: Sequence[Any], procedure: str) -> OcsError:
    """Return our exception for the error `word` that a call of `procedure` was answered with.

    The words are those of the WAMP basic profile (section "Predefined URIs") and our own `ocs.error.<code>`.
    """
    if word.startswith(uris.ERROR_PREFIX) and args and isinstance(args[0], dict):
        return decode_error(args[0])
    if word.startswith("wamp.close."):  # the session ended under the call, with the router or by its order
        return RouterLostError(f"the router went away during the call of {procedure}; try again", field=procedure)
    told = str(args[0]) if args else word
    known: dict[str, OcsError] = {
        "wamp.error.no_such_procedure": NotFoundError(
            f"nobody answers at {procedure}: no such device, or its agent is not running (`ocs list` shows who is)",
            field=procedure,
        ),
        "wamp.error.canceled": AgentLostError(f"the agent ended while it worked on {procedure}", field=procedure),
        "wamp.error.not_authorized": DeniedError(
            f"the router does not allow this caller to use {procedure}", field=procedure
        ),
        "wamp.error.procedure_already_exists": DuplicateError(
            f"{procedure} is already registered by another agent", field=procedure
        ),
    }
    return known.get(word) or OcsError(f"{procedure} answered {word}: {told}", code=ErrorCode.INTERNAL, field=procedure)
