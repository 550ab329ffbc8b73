"""Exceptions of an author's code as errors with a code and one sentence."""

from __future__ import annotations

from collections.abc import Container

from ocs.agent.calling.execution import place_of
from ocs.model.errors import ErrorCode, OcsError


def as_error(error: BaseException, what: str) -> OcsError:
    """Return an exception as one of ours; of another kind it tells type, text and place.

    Args:
        error: What was raised.
        what: The channel, command or transition that it was raised in.
    """
    if isinstance(error, OcsError):
        return error
    place = place_of(error)
    where = f" in {place}" if place else ""
    return OcsError(f"{what} failed with {type(error).__name__}: {error}{where}", code=ErrorCode.FAILED, field=what)


def told_of(error: BaseException, properties: Container[str] = ()) -> str:
    """Return type and text of an exception, and the raw value that it is about; `properties` are the device's."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, OcsError) and error.field is not None and error.given is not None:
        kind = "property " if error.field in properties else ""
        return f"{text} ({kind}{error.field} is {error.given!r})"
    return text
