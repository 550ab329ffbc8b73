"""Errors on their way through the router: ours become `ocs.error.<code>`, and what comes back is ours again."""

from __future__ import annotations

from typing import Any

from autobahn.exception import PayloadExceededError
from autobahn.wamp.exception import ApplicationError, TransportLost

from ocs.model.errors import ErrorCode, NotFoundError, OcsError, RouterLostError, TooLargeError
from ocs.wire import uris
from ocs.wire.failures import error_of
from ocs.wire.replies import encode_error

NO_SUCH_SESSION = "wamp.error.no_such_session"
"""Answer of `wamp.session.get` for a session that left (WAMP, session meta API)."""


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
    if isinstance(error, PayloadExceededError):
        return TooLargeError(
            f"the arguments of {procedure} are larger than the 16 MiB of a message; send less at once", field=procedure
        )
    if not isinstance(error, ApplicationError):
        return OcsError(f"the call of {procedure} failed with {type(error).__name__}: {error}", field=procedure)
    if error.error == NO_SUCH_SESSION:
        return NotFoundError(f"the router has no such session ({procedure})", field=procedure)
    return error_of(error.error, error.args, procedure)


def details_of(details: Any) -> tuple[str, str, int | None]:
    """Return name, role and session of a caller; empty where the router does not disclose them."""
    return (details.caller_authid or "", details.caller_authrole or "", details.caller)
