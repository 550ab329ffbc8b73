"""The type of a channel's value: what a reader may return, what a client may write, and what others see of it."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any

import numpy as np

from ocs.model.arrays import array_check
from ocs.model.datatype import DataType, Format
from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.records import RecordForm, check_plain
from ocs.model.scalars import Check, scalar_check
from ocs.model.tango_state import TangoState


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a channel's value.

    Attributes:
        dtype: Type of one element.
        format: One element, a row of them, rows and columns, or named parts.
        max_x: Most elements of a spectrum, or columns of an image; 1 else.
        max_y: Most rows of an image; 0 else.
        labels: Texts of an enum, in the order of their numbers from 0.
        schema: JSON schema of a record.
        maker: The author's class: of an enum, or of a record (pydantic model, dataclass or `TypeAdapter`).
    """

    dtype: DataType
    format: Format = Format.SCALAR
    max_x: int = 1
    max_y: int = 0
    labels: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    maker: Any = field(default=None, compare=False, repr=False)
    _check: Check = field(init=False, compare=False, repr=False)
    _form: RecordForm | None = field(init=False, compare=False, repr=False, default=None)

    def __post_init__(self) -> None:
        # made once here, because values are checked at each poll
        if self.format is Format.RECORD or self.dtype is DataType.RECORD:
            form = None if self.maker is None else RecordForm(self.maker)
            object.__setattr__(self, "_form", form)
            object.__setattr__(self, "_check", check_plain if form is None else form.check)
            return
        members = self.maker if self.dtype is DataType.ENUM else None
        element = scalar_check(self.dtype, self.labels, members)
        if self.format is not Format.SCALAR:
            element = array_check(self.dtype, self.format, self.max_x, self.max_y, element)
        object.__setattr__(self, "_check", element)

    def check(self, value: Any, name: str) -> Any:
        """Return `value` in the one form in which it is kept, compared and sent.

        Scalars: bool, int, float, str, bytes; an enum's label, a state's word. Numbers and truth values of a
        spectrum, shape (x,), or image, shape (y, x): a NumPy array of its own, C order, exact type; texts, labels
        and states: lists. A record: a dict of plain data. NaN and infinities pass (see `refuse_nan`).

        Args:
            value: What a reader returned or a client wants to write; NumPy's scalars and arrays, lists and tuples
                included; of an enum a member, label or number; of a state a `TangoState`, word or number.
            name: Name of the channel, for the sentence.

        Raises:
            ParameterError: It is None, has another type or another number of dimensions.
            OutOfRangeError: It does not fit the width, has too many elements, or is no known label or state.
        """
        return self._check(value, name)

    def to_author(self, value: Any) -> Any:
        """Return a checked value as the author declared it: member of the enum, model of the record; else as it is."""
        if self._form is not None:
            return self._form.make(value, "the record")
        if self.maker is None or self.dtype is not DataType.ENUM:
            return value
        members = dict(zip(self.labels, self.maker, strict=False))
        if self.format is Format.SCALAR:
            return members[value]
        if self.format is Format.SPECTRUM:
            return [members[label] for label in value]
        return [[members[label] for label in row] for row in value]

    def dims(self, value: Any) -> tuple[int, int]:
        """Return the dimensions (x, y) of a checked value as Tango counts them: y is 0 but for an image."""
        if self.format is Format.SPECTRUM:
            return len(value), 0
        if self.format is Format.IMAGE:
            if isinstance(value, np.ndarray):
                return value.shape[1], value.shape[0]
            return (len(value[0]), len(value)) if value else (0, 0)
        return 1, 0

    def with_labels(self, labels: Sequence[str]) -> ValueType:
        """Return the same enum with other texts.

        Raises:
            ParameterError: It is no enum, or the labels are not as many as before, empty or not unique.
        """
        if self.dtype is not DataType.ENUM:
            raise ParameterError(f"a value of type {self.dtype.value} has no labels", field="enum_labels")
        reason = _wrong_labels(labels)
        if not reason and len(labels) != len(self.labels):
            reason = f"there are {len(labels)} labels; the enum has {len(self.labels)} values"
        if reason:
            raise ParameterError(f"{reason} (now {', '.join(self.labels)})", field="enum_labels", given=list(labels))
        return dataclasses.replace(self, labels=tuple(labels))


def refuse_nan(value: Any, name: str) -> None:
    """Refuse a checked value that is, or contains, NaN or an infinity: nothing can be set to that.

    Raises:
        OutOfRangeError: It does.
    """
    if type(value) is float:
        bad = None if math.isfinite(value) else value
    elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
        finite = np.isfinite(value)
        bad = None if finite.all() else float(value[~finite][0])
    else:
        return
    if bad is not None:
        what = "is" if type(value) is float else "contains"
        raise OutOfRangeError(f"{name} {what} {bad}; it must be a finite number", field=name, given=str(bad))


_TYPES: dict[Any, DataType] = {
    bool: DataType.BOOL,
    int: DataType.INT64,
    float: DataType.FLOAT64,
    str: DataType.STR,
    bytes: DataType.BYTES,
    np.bool_: DataType.BOOL,
    TangoState: DataType.STATE,
    **{getattr(np, dtype.value): dtype for dtype in DataType if dtype.numeric},
}


def value_type(annotation: Any, *, max_x: int = 0, max_y: int = 0, labels: Sequence[str] = ()) -> ValueType:
    """Return the type that an annotation declares.

    Args:
        annotation: bool, int (64 bit), float (64 bit), str, bytes, a NumPy integer or float, `TangoState`, an Enum
            class (its member names are the labels), dict, a pydantic model or dataclass; or
            `Annotated` with one of them.
        max_x: More than 0 makes it a spectrum of at most so many elements, or an image of so many columns.
        max_y: More than 0 makes it an image of at most so many rows.
        labels: Make an enum of texts.

    Raises:
        TypeError: This makes no sense.
    """
    base = typing.get_args(annotation)[0] if typing.get_origin(annotation) is Annotated else annotation
    reason = _wrong_sizes(max_x, max_y)
    if reason:
        raise TypeError(reason)
    if labels and base is not str:
        raise TypeError(f"labels go with str, not with {_named(base)}")
    scalar = _scalar_type(base, labels)
    if not max_x:
        return scalar
    if scalar.dtype in {DataType.RECORD, DataType.BYTES}:
        raise TypeError(f"a {scalar.dtype.value} value stands alone; leave max_x out")
    return dataclasses.replace(scalar, format=Format.IMAGE if max_y else Format.SPECTRUM, max_x=max_x, max_y=max_y)


def _scalar_type(base: Any, labels: Sequence[str]) -> ValueType:
    if labels:
        reason = _wrong_labels(labels)
        if reason:
            raise TypeError(reason)
        return ValueType(DataType.ENUM, labels=tuple(labels))
    if isinstance(base, typing.Hashable) and base in _TYPES:
        return ValueType(_TYPES[base])
    if isinstance(base, type) and issubclass(base, Enum):
        members = tuple(member.name for member in base)
        if not members:
            raise TypeError(f"{_named(base)} has no members")
        return ValueType(DataType.ENUM, labels=members, maker=base)
    if base is dict:
        return ValueType(DataType.RECORD, Format.RECORD, schema={"type": "object"})
    if _is_record(base):
        return ValueType(DataType.RECORD, Format.RECORD, schema=RecordForm(base).schema, maker=base)
    raise TypeError(
        f"a channel cannot have the type {_named(base)}; use bool, int, float, str, bytes, a NumPy integer or float, "
        "TangoState, an Enum, dict, a pydantic model or a dataclass, and max_x= for several of them"
    )


def _is_record(base: Any) -> bool:
    if isinstance(base, types.GenericAlias):
        return base.__origin__ is dict
    if not isinstance(base, type):
        return False
    return dataclasses.is_dataclass(base) or hasattr(base, "model_validate")


def _wrong_sizes(max_x: int, max_y: int) -> str:
    if max_x < 0 or max_y < 0:
        return f"max_x is {max_x} and max_y is {max_y}; they are sizes, 0 or more"
    if max_y and not max_x:
        return f"max_y is {max_y} without max_x; an image needs both"
    return ""


def _wrong_labels(labels: Sequence[str]) -> str:
    if not isinstance(labels, (list, tuple)) or not all(isinstance(label, str) for label in labels):
        return f"labels are a list of texts, not {labels!r}"
    if not labels or not all(label.strip() for label in labels):
        return "a label is empty"
    doubled = {label for label in labels if list(labels).count(label) > 1}
    return f"the label {min(doubled)} is there more than once" if doubled else ""


def _named(base: Any) -> str:
    return getattr(base, "__name__", None) or repr(base)


def unit_of(annotation: Any) -> str:
    """Return the symbol of the `Unit` in an annotation; empty without one."""
    from ocs.model.units import Unit

    return next((extra.symbol for extra in getattr(annotation, "__metadata__", ()) if isinstance(extra, Unit)), "")


def limits_of(annotation: Any) -> tuple[float | None, float | None]:
    """Return the bounds of the `Limits` in an annotation; None for a side that is open."""
    from ocs.model.units import Limits

    for extra in getattr(annotation, "__metadata__", ()):
        if isinstance(extra, Limits):
            return extra.low, extra.high
    return None, None
