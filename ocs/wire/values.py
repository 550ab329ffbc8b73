"""Values of channels on the wire: plain scalars, arrays as lists or as little-endian bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ocs.wire.plain import sendable

SPECIAL = {math.inf: "inf", -math.inf: "-inf"}
_NUMBERS = {word: number for number, word in SPECIAL.items()} | {"nan": math.nan}


def special(value: Any) -> str | None:
    """Return the word for a float that JSON cannot carry: nan, inf or -inf; None for every other value."""
    if type(value) is not float or math.isfinite(value):
        return None
    return SPECIAL.get(value, "nan")


def encode_value(value: Any, *, columns: bool) -> Any:
    """Return a channel's value as every serialiser carries it.

    Args:
        value: Canonical, as of the channel's type: a scalar, text, bytes, list, map or array.
        columns: Whether arrays go as `{dtype, shape, data}` with little-endian bytes in C order; else as lists, in
            which NaN and the infinities are null, as they are in records.
    """
    if isinstance(value, np.ndarray):
        return encode_array(value) if columns else _listed(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is str:
        return sendable(value)
    if kind is list:
        return [_plain(part) for part in value]
    if kind is dict:
        return {sendable(key): _plain(part) for key, part in value.items()}
    return value


def encode_array(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return an array as `{dtype, shape, data}`, its bytes little-endian in C order."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {"dtype": little.dtype.str, "shape": list(little.shape), "data": little.tobytes()}


def decode_value(encoded: Any, word: str | None = None) -> Any:
    """Return the value that was encoded; `word` is the one of `special` that came beside it."""
    if word is not None:
        return _NUMBERS.get(word, math.nan)
    if isinstance(encoded, Mapping) and encoded.keys() == {"dtype", "shape", "data"}:
        try:
            return np.frombuffer(encoded["data"], dtype=encoded["dtype"]).reshape(encoded["shape"])
        except (TypeError, ValueError):  # a record with parts of these names
            return encoded
    return encoded


def _listed(array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        told = array.astype(object)
        told[~np.isfinite(array)] = None
        return told.tolist()
    return array.tolist()
