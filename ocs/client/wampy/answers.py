"""What a call gives back: the value of a result, or the exception of an error."""

from __future__ import annotations

from typing import Any, NamedTuple

from ocs.model.errors import ErrorCode, OcsError
from ocs.wire import uris
from ocs.wire.failures import error_of as error_of_wire
from ocs.wire.replies import decode_error, encode_error

RUNTIME_ERROR = "wamp.error.runtime_error"

_CODES = {
    "wamp.error.no_such_realm": ErrorCode.NOT_FOUND,
    "wamp.error.authorization_failed": ErrorCode.DENIED,
    "wamp.error.authentication_failed": ErrorCode.DENIED,
    "wamp.error.no_auth_method": ErrorCode.DENIED,
    RUNTIME_ERROR: ErrorCode.FAILED,
}
"""Codes of errors that are no answer to a call of an agent; `ocs.wire.failures` knows the others."""


class CallResult(NamedTuple):
    """A result with positional *and* keyword parts; a registered function may return one too."""

    args: list[Any]
    kwargs: dict[str, Any]


class WampError(OcsError):
    """The router or the other side answered a request with an error.

    Args:
        what: The request, for the sentence: "the call of a.b".
        uri: The error's name; `ocs.error.<code>` brings the code and details of our own errors.
        args: Its positional arguments.
        kwargs: Its keyword arguments.

    Attributes:
        uri: As given.
        args_: The positional arguments (`args` is what every exception has).
        kwargs_: The keyword arguments.
    """

    def __init__(self, what: str, uri: str, args: list[Any], kwargs: dict[str, Any]) -> None:
        first = args[0] if args else kwargs.get("message", kwargs or "")
        if uri.startswith(uris.ERROR_PREFIX) and isinstance(first, dict):
            told = decode_error(first)
            super().__init__(
                told.message,
                code=told.code,
                field=told.field,
                given=told.given,
                limit=told.limit,
                allowed=told.allowed,
            )
        else:
            text = f": {first}" if first else ""
            code = _CODES.get(uri) or error_of_wire(uri, args, what).code
            super().__init__(f"{what} was answered with {uri}{text}", code=code)
        self.uri = uri
        self.args_ = args
        self.kwargs_ = kwargs


def value_of(args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return the value of a result, as a Python function would have returned it.

    Returns:
        None for an empty result, the one positional value, the list of several, the dict of
        keywords, a CallResult when there are both. What wampy's own callees send beside
        the value (keywords `message` and `meta`) is taken off.
    """
    if _is_wampy_style(kwargs):
        return kwargs["message"]
    if args and kwargs:
        return CallResult(args, kwargs)
    if kwargs:
        return kwargs
    if len(args) > 1:
        return args
    return args[0] if args else None


def result_of(answer: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments and keyword arguments of a RESULT (type, number, details, ...)."""
    return _rest(answer[3:])


def error_of(answer: list[Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """Return name, arguments and keyword arguments of an ERROR (type, request type, number, details, name ...)."""
    return answer[4], *_rest(answer[5:])


def parts_of(value: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and keyword parts in which a registered function's value is sent."""
    if isinstance(value, CallResult):
        return list(value.args), dict(value.kwargs)
    return [value], {}


def error_parts(error: BaseException) -> tuple[str, list[Any], dict[str, Any]]:
    """Return name and arguments under which an exception of a registered function is sent."""
    if isinstance(error, WampError):
        return error.uri, error.args_, error.kwargs_
    if isinstance(error, OcsError):
        return f"{uris.ERROR_PREFIX}{error.code.value}", [encode_error(error)], {}
    return RUNTIME_ERROR, [str(error)], {"exc_type": type(error).__name__, "message": str(error)}


def _rest(parts: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    args, kwargs = [*parts, None, None][:2]
    return args or [], kwargs or {}


def _is_wampy_style(kwargs: dict[str, Any]) -> bool:
    meta = kwargs.get("meta")
    return kwargs.keys() == {"message", "meta"} and isinstance(meta, dict) and "procedure_name" in meta
