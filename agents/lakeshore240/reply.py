"""How a reply of the module is read, and which numbers and names a request may carry."""

from __future__ import annotations

import math
import re
from typing import ClassVar, TypeVar

from ocs.model import query
from ocs.model.errors import OutOfRangeError, ParameterError

T = TypeVar("T")

INPUTS = 8
"""Inputs of the largest module; the 240-2P has two."""
NAME_LENGTH = 15
"""Characters that the name of a module, an input or a curve may have."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


class Query(query.Query[T]):
    """One question to the module and the reader of its answer."""

    who: ClassVar[str] = "the thermometer"


def number(text: str) -> float:
    """Read a finite decimal number; raises ValueError for anything else, `nan` and `inf` too."""
    if not _NUMBER.fullmatch(text.strip()) or not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def whole(text: str) -> int:
    """Read a decimal integer; raises ValueError for anything else."""
    if not _WHOLE.fullmatch(text.strip()):
        raise ValueError(text)
    return int(text)


def fields(text: str, count: int) -> list[str]:
    """Split a reply at its commas; raises ValueError unless it has `count` fields."""
    found = [field.strip() for field in text.split(",")]
    if len(found) != count:
        raise ValueError(text)
    return found


def checked_input(number: int) -> int:
    """Return the input's number, 1 to 8.

    Raises:
        OutOfRangeError: No module of the series has such an input.
    """
    if not 1 <= number <= INPUTS:
        raise OutOfRangeError(
            f"there is no input {number}; allowed are 1 to {INPUTS}",
            field="input",
            given=number,
            limit=INPUTS,
        )
    return number


def checked_name(text: str, length: int = NAME_LENGTH) -> str:
    """Return a name that the module can keep: printable ASCII without comma, at most `length` long.

    Raises:
        ParameterError: The name has other characters, or is longer.
    """
    if len(text) > length or not text.isascii() or not text.isprintable() or "," in text:
        raise ParameterError(
            f"{text!r} cannot be a name: allowed are at most {length} printable ASCII characters without comma",
            field="name",
            given=text,
        )
    return text
