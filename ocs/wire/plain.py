"""Any value as what every serialiser and every client can carry: numbers, texts, lists, maps, bytes.

Nothing an operation puts into its data may make a reply fail (OCS 0.12 becomes unreachable by one
infinity): NaN and the infinities become null, and the path of each infinity is told beside the value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
from pydantic import BaseModel

from ocs.model.errors import NotSerialisableError, TooLargeError

LARGEST_MESSAGE = 1_000_000
"""Bytes that a message may have at most; larger data go into parts or feeds."""

_DEEPEST = 64
_SCALAR_BYTES = 9


class _Walk:
    """One pass over a value: converts it, adds up its size, notes its infinities."""

    __slots__ = ("infinities", "left", "what")

    def __init__(self, what: str, limit: int) -> None:
        self.what = what
        self.left = limit
        self.infinities: list[str] = []

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise TooLargeError(
                f"{self.what} is larger than {LARGEST_MESSAGE / 1e6:g} MB; send it in parts or as a feed",
                limit=LARGEST_MESSAGE, field=self.what,
            )  # fmt: skip

    def convert(self, value: Any, path: str, depth: int = 0) -> Any:  # noqa: PLR0911 - a type, a return
        if value is None or (isinstance(value, (bool, int)) and not isinstance(value, Enum)):
            self.spend(_SCALAR_BYTES)
            return self.integer(value, path)
        if isinstance(value, float):
            self.spend(_SCALAR_BYTES)
            return self.number(float(value), path)
        if isinstance(value, str) and not isinstance(value, Enum):
            self.spend(len(value))
            return sendable(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            self.spend(len(value))
            return bytes(value)
        if depth > _DEEPEST:
            raise NotSerialisableError(f"{self.what} is nested deeper than {_DEEPEST} at {path}", field=path)
        self.spend(_SCALAR_BYTES)
        if isinstance(value, Mapping):
            return {self.key(key): self.convert(item, f"{path}.{key}", depth + 1) for key, item in list(value.items())}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.convert(item, f"{path}.{index}", depth + 1) for index, item in enumerate(list(value))]
        return self.convert(self.unwrap(value, path), path, depth + 1)

    def key(self, key: Any) -> str:
        text = sendable(str(key.value if isinstance(key, Enum) else key))
        self.spend(len(text))
        return text

    def integer(self, value: Any, path: str) -> Any:
        if value is None or isinstance(value, bool) or -(2**63) <= value < 2**64:
            return value
        raise NotSerialisableError(f"{path} is an integer of more than 64 bits", field=path)

    def number(self, value: float, path: str) -> float | None:
        if math.isfinite(value):
            return value
        if math.isinf(value):
            self.infinities.append(path)
        return None

    def unwrap(self, value: Any, path: str) -> Any:
        if isinstance(value, np.ndarray):
            self.spend(value.nbytes // 8)
        try:
            return _unwrapped(value)
        except Exception as error:  # noqa: BLE001 - whatever an author's object does when it is looked at
            kind = type(value).__name__
            why = "" if isinstance(error, _UnknownKindError) else f", and gave {type(error).__name__} when it was read"
            raise NotSerialisableError(
                f"{path} is {kind}{why}; only numbers, texts, lists, maps, bytes and arrays can be sent",
                field=path, given=kind,
            ) from None  # fmt: skip


class _UnknownKindError(Exception):
    """There is no way to send it."""


def _unwrapped(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, BaseModel):
        return value.model_dump()
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: getattr(value, entry.name) for entry in fields(value)}
    if isinstance(value, datetime):
        return value.timestamp()
    raise _UnknownKindError


def sendable(text: str) -> str:
    """Return `text` as every peer can read it: what it cannot becomes a question mark.

    Half a surrogate pair is no UTF-8; a zero sign at the beginning announces bytes to JSON's readers (WAMP,
    "Binary conversion of JSON strings").
    """
    told = str(text) if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
    return f"?{told[1:]}" if told.startswith("\0") else told


def plain(value: Any, what: str = "value", *, limit: int = LARGEST_MESSAGE) -> Any:
    """Return `value` as plain data.

    Args:
        value: NumPy's scalars and arrays, enums, dataclasses and pydantic models are converted.
        what: Its name in an error.
        limit: Bytes that it may have at most, estimated.

    Raises:
        NotSerialisableError: Something in it cannot be sent; the error names its path.
        TooLargeError: It is too large.
    """
    return None if value is None else _Walk(what, limit).convert(value, what)


def plain_with_infinities(value: Any, what: str) -> tuple[Any, list[str]]:
    """Return `value` as plain data, and the paths at which an infinity became null.

    Another thread may be changing the value: a map that changes while it is read is read again.

    Raises:
        NotSerialisableError: Something in it cannot be sent.
        TooLargeError: It is too large.
    """
    for _ in range(10):
        walk = _Walk(what, LARGEST_MESSAGE)
        try:
            return walk.convert(value, what), walk.infinities
        except RuntimeError:
            continue
    raise NotSerialisableError(f"{what} changes faster than it can be read", field=what)
