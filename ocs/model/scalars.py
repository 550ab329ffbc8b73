"""One value of each data type, checked and made plain.

`scalar_check` makes the check of a declaration once, so that a call has little to decide: channels are read
much more often than they are declared.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from ocs.model.datatype import BOUNDS, DataType
from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.tango_state import TangoState

Check = Callable[[Any, str], Any]
"""Takes a value and the channel's name, returns the plain value or raises ParameterError."""

_LONGEST_SHOWN = 80
_FLOAT32 = struct.Struct("<f")
_NUMBER, _WHOLE = "a number", "a whole number"


def scalar_check(dtype: DataType, labels: Sequence[str] = (), members: type[Enum] | None = None) -> Check:
    """Make the check of one value.

    Args:
        dtype: Its type; all but RECORD.
        labels: Of an enum: the texts, in the order of their numbers.
        members: Of an enum: the author's class, whose members stand for the labels in order.

    Raises:
        KeyError: `dtype` has no single value.
    """
    if dtype in BOUNDS:
        return _integer_check(*BOUNDS[dtype])
    if dtype is DataType.ENUM:
        return _enum_check(tuple(labels), members)
    return _PLAIN[dtype]


def shown(value: Any) -> str:
    """Return `value` for a sentence, on one line of a terminal."""
    try:
        text = repr(value.item() if isinstance(value, np.generic) else value)
    except ValueError:  # Python refuses to print whole numbers of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def wrong_type(value: Any, name: str, expected: str) -> ParameterError:
    """Return the error of a value of a type that the channel `name` does not have."""
    if value is None:
        return ParameterError(f"{name} gave no value (None); it must be {expected}", field=name, allowed=expected)
    return ParameterError(
        f"{name} is {shown(value)} ({type(value).__name__}); it must be {expected}",
        field=name, given=shown(value), allowed=expected,
    )  # fmt: skip


def _item(value: Any) -> Any:
    """Return NumPy's scalars, and arrays without dimension, as Python's; everything else as it is."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value


def _check_float64(value: Any, name: str) -> float:
    if type(value) is float:
        return value
    plain = _item(value)
    if isinstance(plain, bool) or not isinstance(plain, (int, float, np.floating)):
        raise wrong_type(value, name, _NUMBER)
    try:
        return float(plain)
    except OverflowError:
        raise _too_large_float(plain, name, float(np.finfo(np.float64).max)) from None


def _check_float32(value: Any, name: str) -> float:
    wide = _check_float64(value, name)
    try:
        narrow: float = _FLOAT32.unpack(_FLOAT32.pack(wide))[0]
    except OverflowError:
        raise _too_large_float(wide, name, float(np.finfo(np.float32).max)) from None
    return narrow


def _too_large_float(value: Any, name: str, largest: float) -> OutOfRangeError:
    return OutOfRangeError(
        f"{name} is {shown(value)}; it must be {-largest:.8g} to {largest:.8g}",
        field=name, given=shown(value), limit=largest if value > 0 else -largest, allowed=[-largest, largest],
    )  # fmt: skip


def whole_number(value: Any, name: str) -> int:
    """Return `value` as an int; a float without fraction is one, a truth value is not.

    Raises:
        ParameterError: It is no whole number.
    """
    plain = _item(value)
    if isinstance(plain, int) and not isinstance(plain, bool):
        return int(plain)
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    raise wrong_type(value, name, _WHOLE)


def _integer_check(low: int, high: int) -> Check:
    def check(value: Any, name: str) -> int:
        number = value if type(value) is int else whole_number(value, name)
        if low <= number <= high:
            return number
        raise OutOfRangeError(
            f"{name} is {shown(number)}; it must be {low} to {high}",
            field=name, given=shown(number), limit=high if number > high else low, allowed=[low, high],
        )  # fmt: skip

    return check


def _check_bool(value: Any, name: str) -> bool:
    plain = _item(value)
    if isinstance(plain, bool):
        return plain
    raise wrong_type(value, name, "True or False")


def _check_str(value: Any, name: str) -> str:
    plain = _item(value)
    if isinstance(plain, str):
        return str.__str__(plain)  # also of an enum that is a text
    raise wrong_type(value, name, "a text")


def _check_bytes(value: Any, name: str) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise wrong_type(value, name, "bytes")


def _enum_check(labels: tuple[str, ...], members: type[Enum] | None) -> Check:
    known = frozenset(labels)
    ours = () if members is None else members
    by_member = {member.name: label for member, label in zip(members or (), labels, strict=False)}
    expected = f"a label ({', '.join(labels)}), its number, or a member"

    def check(value: Any, name: str) -> str:
        if type(value) is str and value in known:
            return value
        plain = _item(value)
        if isinstance(plain, Enum):
            # a client's own class with members of these names serves as well as the author's
            label = by_member.get(plain.name, "") if isinstance(plain, ours) else plain.name
        elif isinstance(plain, str):
            label = str(plain)
        elif isinstance(plain, (int, float)) and not isinstance(plain, bool):
            number = whole_number(plain, name)
            label = labels[number] if 0 <= number < len(labels) else ""
        else:
            raise wrong_type(value, name, expected)
        if label in known:
            return label
        raise _unknown_word(value, name, labels)

    return check


_STATES = tuple(state.name for state in TangoState)


def _check_state(value: Any, name: str) -> str:
    if isinstance(value, TangoState):
        return value.name
    plain = _item(value)
    if isinstance(plain, str) and plain.upper() in TangoState.__members__:
        return plain.upper()
    if isinstance(plain, str):
        raise _unknown_word(plain, name, _STATES)
    if isinstance(plain, bool) or not isinstance(plain, (int, float)):
        raise wrong_type(value, name, "a state, its word or its number")
    number = whole_number(plain, name)
    if 0 <= number < len(_STATES):
        return _STATES[number]
    raise _unknown_word(number, name, _STATES)


def _unknown_word(value: Any, name: str, words: Sequence[str]) -> OutOfRangeError:
    return OutOfRangeError(
        f"{name} is {shown(value)}; it must be one of {', '.join(words)} (0 to {len(words) - 1})",
        field=name, given=shown(value), allowed=list(words),
    )  # fmt: skip


_PLAIN: dict[DataType, Check] = {
    DataType.BOOL: _check_bool,
    DataType.FLOAT32: _check_float32,
    DataType.FLOAT64: _check_float64,
    DataType.STR: _check_str,
    DataType.STATE: _check_state,
    DataType.BYTES: _check_bytes,
}
