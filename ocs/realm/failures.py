"""Errors on their way through the router: ours become `ocs.error.<code>`, and what comes back is ours again."""

from __future__ import annotations

from typing import Any

from autobahn.wamp.exception import ApplicationError, TransportLost

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
from ocs.wire.replies import decode_error, encode_error


def to_wire(error: BaseException, where: str) -> ApplicationError:
    """Return what a caller gets for an exception in a procedure."""
    if not isinstance(error, OcsError):
        error = OcsError(f"{where} failed with {type(error).__name__}: {error}", code=ErrorCode.INTERNAL)
    return ApplicationError(f"{uris.ERROR_PREFIX}{error.code.value}", encode_error(error))


def from_wire(error: BaseException, procedure: str) -> OcsError:
    """Return our exception for what the router or a callee answered to a call of `procedure`."""
    if isinstance(error, OcsError):
        return error
    if isinstance(error, TransportLost):
        return RouterLostError(f"the router went away during the call of {procedure}; try again", field=procedure)
    if not isinstance(error, ApplicationError):
        return OcsError(f"the call of {procedure} failed with {type(error).__name__}: {error}", field=procedure)
    return _from_application_error(error, procedure)


def _from_application_error(error: ApplicationError, procedure: str) -> OcsError:
    word = error.error
    told = str(error.args[0]) if error.args else word
    if word.startswith(uris.ERROR_PREFIX) and error.args and isinstance(error.args[0], dict):
        return decode_error(error.args[0])
    if word == ApplicationError.NO_SUCH_PROCEDURE:
        return NotFoundError(
            f"nobody answers at {procedure}: no such device, or its agent is not running (`ocs list` shows who is)",
            field=procedure,
        )
    if word == ApplicationError.CANCELED:
        return AgentLostError(f"the agent ended while it worked on {procedure}", field=procedure)
    if word == ApplicationError.NOT_AUTHORIZED:
        return DeniedError(f"the router does not allow this caller to use {procedure}", field=procedure)
    if word == ApplicationError.PROCEDURE_ALREADY_EXISTS:
        return DuplicateError(f"{procedure} is already registered by another agent", field=procedure)
    return OcsError(f"{procedure} answered {word}: {told}", code=ErrorCode.INTERNAL, field=procedure)


def details_of(details: Any) -> tuple[str, str, int | None]:
    """Return name, role and session of a caller; empty where the router does not disclose them."""
    return (details.caller_authid or "", details.caller_authrole or "", details.caller)
