"""Every way in which a request can fail: one enum, the single source for exceptions, replies and exit codes."""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar


class ErrorCode(Enum):
    """What went wrong, in one word that programs compare with."""

    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_PARAMETER = "unknown_parameter"
    MISSING_PARAMETER = "missing_parameter"
    WRONG_TYPE = "wrong_type"
    NOT_SERIALISABLE = "not_serialisable"
    TOO_LARGE = "too_large"
    NOT_FOUND = "not_found"
    NO_DATA = "no_data"
    NOT_ALLOWED = "not_allowed"
    NOT_RUNNING = "not_running"
    BUSY = "busy"
    RETRY_AFTER = "retry_after"
    LEASED = "leased"
    DENIED = "denied"
    TIMEOUT = "timeout"
    ABORTED = "aborted"
    FAILED = "failed"
    LINK_LOST = "link_lost"
    DEVICE_ERROR = "device_error"
    AGENT_LOST = "agent_lost"
    ROUTER_LOST = "router_lost"
    DUPLICATE = "duplicate"
    CONFIGURATION = "configuration"
    VERSION = "version"
    INTERNAL = "internal"


class ExitCode(Enum):
    """What a program of this system tells the shell when it ends."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    DUPLICATE = 4
    ROUTER = 5
    NOT_FOUND = 6
    REFUSED = 7
    TIMEOUT = 8
    INTERRUPTED = 130


RETRYABLE = frozenset(
    {
        ErrorCode.BUSY,
        ErrorCode.RETRY_AFTER,
        ErrorCode.LEASED,
        ErrorCode.TIMEOUT,
        ErrorCode.LINK_LOST,
        ErrorCode.AGENT_LOST,
        ErrorCode.ROUTER_LOST,
        ErrorCode.NO_DATA,
    }
)
"""Codes after which the same request may succeed later without any change."""

EXIT_CODES: dict[ErrorCode, ExitCode] = {
    ErrorCode.OUT_OF_RANGE: ExitCode.REFUSED,
    ErrorCode.UNKNOWN_PARAMETER: ExitCode.USAGE,
    ErrorCode.MISSING_PARAMETER: ExitCode.USAGE,
    ErrorCode.WRONG_TYPE: ExitCode.USAGE,
    ErrorCode.NOT_SERIALISABLE: ExitCode.FAILED,
    ErrorCode.TOO_LARGE: ExitCode.REFUSED,
    ErrorCode.NOT_FOUND: ExitCode.NOT_FOUND,
    ErrorCode.NO_DATA: ExitCode.FAILED,
    ErrorCode.NOT_ALLOWED: ExitCode.REFUSED,
    ErrorCode.NOT_RUNNING: ExitCode.REFUSED,
    ErrorCode.BUSY: ExitCode.REFUSED,
    ErrorCode.RETRY_AFTER: ExitCode.REFUSED,
    ErrorCode.LEASED: ExitCode.REFUSED,
    ErrorCode.DENIED: ExitCode.REFUSED,
    ErrorCode.TIMEOUT: ExitCode.TIMEOUT,
    ErrorCode.ABORTED: ExitCode.FAILED,
    ErrorCode.FAILED: ExitCode.FAILED,
    ErrorCode.LINK_LOST: ExitCode.FAILED,
    ErrorCode.DEVICE_ERROR: ExitCode.FAILED,
    ErrorCode.AGENT_LOST: ExitCode.FAILED,
    ErrorCode.ROUTER_LOST: ExitCode.ROUTER,
    ErrorCode.DUPLICATE: ExitCode.DUPLICATE,
    ErrorCode.CONFIGURATION: ExitCode.CONFIGURATION,
    ErrorCode.VERSION: ExitCode.CONFIGURATION,
    ErrorCode.INTERNAL: ExitCode.FAILED,
}
"""The exit code of a command that ends with each error."""


class OcsError(Exception):
    """A request that failed, told in one sentence for people and one code for programs.

    Args:
        message: What happened, with value and unit, what was allowed, what to do.
        code: The code, when it differs from the one of the class.
        field: Name of the parameter, channel or key that the error is about.
        given: The value that was refused.
        limit: The bound that it crossed.
        allowed: The values or names that would have been accepted.
    """

    code: ErrorCode = ErrorCode.INTERNAL
    classes: ClassVar[dict[ErrorCode, type[OcsError]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" in cls.__dict__:
            OcsError.classes.setdefault(cls.code, cls)

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | None = None,
        field: str | None = None,
        given: Any = None,
        limit: Any = None,
        allowed: Any = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.message = message
        self.field = field
        self.given = given
        self.limit = limit
        self.allowed = allowed

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.code in RETRYABLE

    @property
    def exit_code(self) -> ExitCode:
        """What a command that ends with this error tells the shell."""
        return EXIT_CODES[self.code]


class ParameterError(OcsError):
    """A parameter of an operation was refused before anything started."""

    code = ErrorCode.WRONG_TYPE


class OutOfRangeError(ParameterError):
    """A value lies outside the limits that its declaration gives."""

    code = ErrorCode.OUT_OF_RANGE


class UnknownParameterError(ParameterError):
    """A parameter was given that the operation does not have."""

    code = ErrorCode.UNKNOWN_PARAMETER


class MissingParameterError(ParameterError):
    """A parameter without default was not given."""

    code = ErrorCode.MISSING_PARAMETER


class NotSerialisableError(OcsError):
    """A value cannot be sent: it is no number, text, list, map or array."""

    code = ErrorCode.NOT_SERIALISABLE


class TooLargeError(OcsError):
    """A message would exceed the size that routers and clients accept."""

    code = ErrorCode.TOO_LARGE


class NotFoundError(OcsError):
    """No device, operation, feed or channel has this name."""

    code = ErrorCode.NOT_FOUND


class NoDataError(OcsError):
    """There is no value: none came yet, the newest is too old, or its device has none."""

    code = ErrorCode.NO_DATA


class NotAllowedError(OcsError):
    """The request makes no sense for this operation or in this state."""

    code = ErrorCode.NOT_ALLOWED


class NotRunningError(OcsError):
    """There is no run that could be stopped or aborted."""

    code = ErrorCode.NOT_RUNNING


class BusyError(OcsError):
    """The operation runs already."""

    code = ErrorCode.BUSY


class RetryAfterError(OcsError):
    """The request cannot be taken now; `limit` says after how many seconds to try again."""

    code = ErrorCode.RETRY_AFTER


class LeasedError(OcsError):
    """Another client holds the device."""

    code = ErrorCode.LEASED


class DeniedError(OcsError):
    """The caller's level is below the one that the operation asks for."""

    code = ErrorCode.DENIED


class DeadlineError(OcsError):
    """A wait ended at its deadline before what it waited for came."""

    code = ErrorCode.TIMEOUT


class AbortedError(OcsError):
    """The run ended because somebody aborted or stopped it."""

    code = ErrorCode.ABORTED


class OperationFailedError(OcsError):
    """The run ended with an error of its own."""

    code = ErrorCode.FAILED


class LinkLostError(OcsError):
    """The device does not answer, or its port is gone."""

    code = ErrorCode.LINK_LOST


class DeviceError(OcsError):
    """The device answered that it could not do what was asked, or answered nonsense."""

    code = ErrorCode.DEVICE_ERROR


class AgentLostError(OcsError):
    """The agent of the device ended while it worked on the request."""

    code = ErrorCode.AGENT_LOST


class RouterLostError(OcsError):
    """The router cannot be reached, or went away during the call."""

    code = ErrorCode.ROUTER_LOST


class DuplicateError(OcsError):
    """Another process already owns the name."""

    code = ErrorCode.DUPLICATE


class ConfigurationError(OcsError):
    """A file, an option or an environment variable is wrong."""

    code = ErrorCode.CONFIGURATION


class VersionError(OcsError):
    """The other side speaks a newer major version of the wire."""

    code = ErrorCode.VERSION


def make_error(
    code: ErrorCode,
    message: str,
    **details: Any,
) -> OcsError:
    """Make the exception of the class that belongs to `code`; `details` as in OcsError."""
    return OcsError.classes.get(code, OcsError)(message, code=code, **details)
