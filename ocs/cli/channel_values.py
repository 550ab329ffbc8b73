"""Values of channels and of their configuration as words of a command line: `setpoint=4.2 slope=1,2,3 mode=FAST`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ocs.cli.values import TRUTH
from ocs.model.channel_config import CONFIG_KEYS
from ocs.model.datatype import DataType, Format
from ocs.model.errors import ParameterError
from ocs.model.valuetype import ValueType

TEXT_KEYS = frozenset({"label", "description", "unit", "standard_unit", "display_unit", "format"})
RESET_WORDS = {"not specified": "Not specified", "nan": "NaN", "": ""}
"""Words that put a key back, by how they may be written (Tango, attribute properties)."""

_EXPECTED = {
    DataType.BOOL: "yes or no",
    DataType.BYTES: "bytes in hexadecimal, as 01ff",
    DataType.RECORD: "a map in JSON, as '{\"a\": 1}'",
}
_LISTS = {DataType.BOOL: "yes,no", DataType.BYTES: "01,ff"}


def read_channel_value(name: str, text: str, kind: ValueType, unit: str = "") -> Any:
    """Return the value that a word means for a channel; the channel itself checks limits and labels.

    Args:
        name: Name of the channel.
        text: The word; a spectrum is written `1,2,3` or as a list in JSON, an image as a list of rows in JSON.
        kind: Type of the channel.
        unit: Unit of the channel.

    Raises:
        ParameterError: It means none.
    """
    if kind.format is Format.RECORD:
        return _structure(name, text, dict, _EXPECTED[DataType.RECORD])
    element, amount = _element_of(kind.dtype), f" in {unit}" if unit else ""
    if kind.format is Format.SCALAR:
        return _scalar(name, text, element, _EXPECTED.get(kind.dtype) or _number(kind.dtype) + amount)
    if not text.lstrip().startswith("["):
        if kind.format is Format.IMAGE:
            raise _unfit(name, text, "a list of rows in JSON, as '[[1, 2], [3, 4]]'")
        words = [word.strip() for word in text.split(",")] if text.strip() else []
        expected = f"a list of {_plural(kind.dtype)}{amount}, as {_LISTS.get(kind.dtype, '1,2,3')}"
        return [_scalar(name, word, element, expected) for word in words]
    return _structure(name, text, list, "a list in JSON, as '[1, 2]'")


def read_setting(key: str, text: str) -> Any:
    """Return the value that a word means for a key of a channel's configuration.

    Args:
        key: The key; what the device does not know it refuses.
        text: `Not specified` for the library's default, nothing for the code's, `NaN` for what holds without this;
            for a threshold a number, or `down,up`, where `inf` is never; labels with commas between.
    """
    word = RESET_WORDS.get(text.strip().casefold())
    if word is not None:
        return word
    if key in TEXT_KEYS or key not in CONFIG_KEYS:
        return text
    if key == "enum_labels":
        return [label.strip() for label in text.strip("[]").split(",")]
    parts = [part.strip() for part in text.strip("[]()").split(",")]
    try:
        # JSON, and so some clients' messages, have no infinity: a side that never counts is null.
        numbers = [None if part.casefold() in {"inf", "none", "null"} else float(part) for part in parts]
    except ValueError:
        raise ParameterError(
            f"{key} is {text!r}; it must be a number, or one of the words 'Not specified', 'NaN' and ''",
            field=key, given=text,
        ) from None  # fmt: skip
    return numbers[0] if len(numbers) == 1 else numbers


def _element_of(dtype: DataType) -> Callable[[str], Any]:
    if dtype is DataType.BOOL:
        return lambda text: TRUTH[text.casefold()]
    if dtype is DataType.BYTES:
        return bytes.fromhex
    if dtype.integer:
        return lambda text: int(text, 0)
    if dtype.floating:
        return float
    return str


def _scalar(name: str, text: str, element: Callable[[str], Any], expected: str) -> Any:
    try:
        return element(text)
    except (ValueError, KeyError):
        raise _unfit(name, text, expected) from None


def _structure(name: str, text: str, kind: type, expected: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise _unfit(name, text, expected) from None
    if not isinstance(value, kind):
        raise _unfit(name, text, expected)
    return value


def _unfit(name: str, text: str, expected: str) -> ParameterError:
    return ParameterError(f"{name} is {text!r}; it must be {expected}", field=name, given=text)


def _number(dtype: DataType) -> str:
    return "a whole number" if dtype.integer else "a number"


def _plural(dtype: DataType) -> str:
    words = {DataType.BOOL: "yes and no", DataType.BYTES: "bytes in hexadecimal"}
    return words.get(dtype, "whole numbers" if dtype.integer else "numbers")
