"""Spectra and images, checked and made exact: number of dimensions, size, and each element's type.

An array of numbers or truth values becomes a NumPy array of its own, in C order and with the declared type;
texts, labels and states become lists. Arrays are copied: what a driver does to its buffer later does not
change a reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ocs.model.datatype import DataType, Format
from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.scalars import Check, wrong_type

_WORDS = frozenset({DataType.STR, DataType.ENUM, DataType.STATE})
_LISTS = (list, tuple, range)
_NDIM = {Format.SPECTRUM: 1, Format.IMAGE: 2}
_DESCRIBED = {
    Format.SPECTRUM: "a list or an array of one dimension",
    Format.IMAGE: "a list of rows or an array of two dimensions",
}


def array_check(dtype: DataType, format: Format, max_x: int, max_y: int, element: Check) -> Check:  # noqa: A002 - Tango's word
    """Make the check of a spectrum, shape (x,), or an image, shape (y, x).

    Args:
        dtype: Type of the elements.
        format: SPECTRUM or IMAGE.
        max_x: Most elements of a spectrum, or columns of an image.
        max_y: Most rows of an image.
        element: The check of one element, for what NumPy does not do by itself.
    """
    ndim = _NDIM[format]
    convert = _words(element, ndim) if dtype in _WORDS else _numbers(np.dtype(dtype.value), element, ndim)

    def check(value: Any, name: str) -> Any:
        given = _nested(value, name, format)
        _check_size(given, name, ndim, max_x, max_y)
        return convert(given, name)

    return check


def _nested(value: Any, name: str, format: Format) -> Any:  # noqa: A002 - Tango's word
    """Return `value` as a NumPy array, a list, or a list of lists of one length."""
    if not isinstance(value, (np.ndarray, *_LISTS)):
        if not hasattr(value, "__array__") or isinstance(value, np.generic):
            raise wrong_type(value, name, _DESCRIBED[format])
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        return _check_ndim(value, name, format)
    if format is Format.IMAGE:
        return _check_rows(value, name)
    if value and (isinstance(value[0], _LISTS) or (isinstance(value[0], np.ndarray) and value[0].ndim)):
        raise _wrong_dimensions(name, 2, format)
    return value


def _check_ndim(value: np.ndarray[Any, Any], name: str, format: Format) -> np.ndarray[Any, Any]:  # noqa: A002
    if value.ndim == _NDIM[format] or (format is Format.IMAGE and value.shape == (0,)):
        return value
    raise _wrong_dimensions(name, value.ndim, format)


def _check_rows(value: Sequence[Any], name: str) -> list[Any]:
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in value]
    for number, row in enumerate(rows):
        if not isinstance(row, _LISTS):
            raise wrong_type(row, f"{name}[{number}]", "a row: a list of values")
        if len(row) != len(rows[0]):
            raise ParameterError(
                f"row {number} of {name} has {len(row)} values and row 0 has {len(rows[0])}; all rows have one length",
                field=name, given=len(row), allowed=len(rows[0]),
            )  # fmt: skip
    return rows


def _wrong_dimensions(name: str, ndim: int, format: Format) -> ParameterError:  # noqa: A002 - Tango's word
    return ParameterError(
        f"{name} has {ndim} {'dimension' if ndim == 1 else 'dimensions'}; it must be {_DESCRIBED[format]}",
        field=name, given=ndim, allowed=_NDIM[format],
    )  # fmt: skip


def _check_size(given: Any, name: str, ndim: int, max_x: int, max_y: int) -> None:
    if ndim == 1:
        _at_most(len(given), max_x, name, "values")
        return
    _at_most(len(given), max_y, name, "rows")
    if len(given):
        _at_most(len(given[0]), max_x, name, "columns")


def _at_most(count: int, most: int, name: str, what: str) -> None:
    if count > most:
        raise OutOfRangeError(
            f"{name} has {count} {what}; it holds at most {most}",
            field=name, given=count, limit=most, allowed=[0, most],
        )  # fmt: skip


def _words(element: Check, ndim: int) -> Check:
    def convert(given: Any, name: str) -> Any:
        return _each(given.tolist() if isinstance(given, np.ndarray) else given, name, element, ndim)

    return convert


def _each(given: Iterable[Any], name: str, element: Check, ndim: int) -> list[Any]:
    """Check one element after the other; slow, and exact in what it says of the first one that is wrong."""
    if ndim == 1:
        return [element(one, f"{name}[{number}]") for number, one in enumerate(given)]
    return [_each(row, f"{name}[{number}]", element, 1) for number, row in enumerate(given)]


_DIRECT = {"b": frozenset({bool}), "i": frozenset({int}), "u": frozenset({int}), "f": frozenset({int, float})}
"""By kind of NumPy's type: the Python types that a list may hold for NumPy to convert it as a whole."""


def _numbers(target: np.dtype[Any], element: Check, ndim: int) -> Check:
    whole = np.dtype(np.float64) if target.kind == "f" else target

    def convert(given: Any, name: str) -> np.ndarray[Any, Any]:
        if not isinstance(given, np.ndarray) and _types(given, ndim) <= _DIRECT[target.kind]:
            with suppress(OverflowError):  # the check of each element then says which one
                given = np.array(given, dtype=whole)
        if isinstance(given, np.ndarray) and _fits(given, target):
            exact = np.array(given, dtype=target, order="C")
        else:
            listed = given.tolist() if isinstance(given, np.ndarray) else given
            exact = np.array(_each(listed, name, element, ndim), dtype=target)
        return exact if exact.ndim == ndim else exact.reshape(0, 0)

    return convert


def _types(given: Sequence[Any], ndim: int) -> set[type]:
    return set(map(type, given)) if ndim == 1 else set().union(*(map(type, row) for row in given))


def _fits(array: np.ndarray[Any, Any], target: np.dtype[Any]) -> bool:
    """Whether every element keeps its value, up to the precision of a float, as `target`."""
    kind = array.dtype.kind
    if kind == target.kind and (np.can_cast(array.dtype, target) or not array.size):
        return True
    if target.kind == "b" or kind not in "iuf":
        return False
    if target.kind == "f":
        largest = np.finfo(target).max
        return kind != "f" or not bool(np.any(np.isfinite(array) & (np.abs(array) > largest)))
    bounds = np.iinfo(target)
    return kind != "f" and bool(array.size) and bounds.min <= int(array.min()) and int(array.max()) <= bounds.max
