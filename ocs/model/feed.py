"""Feeds: what may be published together, checked where it is published.

A recorded feed carries blocks of co-sampled columns, as in OCS 0.12 (its feed module): all columns of a
block have the length of its time stamps, and a block keeps its fields for the life of the agent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from ocs.model.errors import NotSerialisableError, ParameterError, TooLargeError

_FIELD = re.compile(r"_*[A-Za-z][A-Za-z0-9_]*")
LONGEST_FIELD = 255
LONGEST_TEXT = 10_000
"""Characters that a text in a sample may have."""

LARGEST_ITEM = 8
"""Bytes of the largest number that every language reads."""

Column = list[Any]


@dataclass(frozen=True, slots=True)
class FeedInterface:
    """The declaration of one feed.

    Attributes:
        name: Last component of its topic.
        record: Whether archives keep it; its messages are then blocks.
        bulk: Whether blocks also go out as columns of bytes, its ordinary topic being a decimated view.
        doc: What it carries.
        batch_s: Samples wait at most this long, in s, before they are published; 0 sends each at once.
        batch_size: As many samples are published at once, at the latest.
        agg_params: Words to an OCS aggregator: `frame_length` in s, `fresh_time` in s, `exclude_aggregator`,
            `exclude_influx`.
        tags: Words to an OCS publisher to InfluxDB, by field: `_field`, the name there, and tags of one's own.
        units: Units of its fields, by name or pattern as `*_T`; the first that fits holds.
    """

    name: str
    record: bool = True
    bulk: bool = False
    doc: str = ""
    batch_s: float = 0.0
    batch_size: int = 1000
    agg_params: Mapping[str, Any] | None = None
    tags: Mapping[str, Mapping[str, Any]] | None = None
    units: Mapping[str, str] | None = None

    def unit_of(self, field: str) -> str:
        """Return the unit of a field; empty where none is declared."""
        return next((unit for name, unit in (self.units or {}).items() if fnmatchcase(field, name)), "")

    @property
    def archived(self) -> bool:
        """Whether archives take it: recorded, and not kept away from OCS's aggregator."""
        return self.record and not (self.agg_params or {}).get("exclude_aggregator")


FURTHEST_S = 9e9
"""Instants are so near to 1970, in s, that nanoseconds fit into 64 bits."""


def check_moment(time: float) -> float:
    """Return `time` if it can be a sample's instant.

    Raises:
        ParameterError: It is no finite number, or more than 285 years from 1970.
    """
    if not -FURTHEST_S < time < FURTHEST_S:
        raise ParameterError(
            f"{time!r} is no time of a sample; give POSIX seconds, as time.time() does", field="time", given=str(time)
        )
    return time


def check_field_name(name: str) -> str:
    """Return `name` if a feed's field may have it (the rule of OCS 0.12, made exact).

    Raises:
        ParameterError: It has other signs than letters, digits and _, or no letter first.
    """
    if not isinstance(name, str) or len(name) > LONGEST_FIELD or not _FIELD.fullmatch(name):
        raise ParameterError(
            f"{name!r} cannot name a field; use letters, digits and _, a letter first, at most 255",
            field=str(name), given=name,
        )  # fmt: skip
    return name


def plain_value(name: str, value: Any) -> Any:
    """Return one sample as a plain number, text or truth value, NumPy's scalars included.

    Raises:
        NotSerialisableError: It is none of these.
    """
    if isinstance(value, (bool, int, float, str)):
        known = value.item() if isinstance(value, np.generic) else value
        return known if isinstance(known, (bool, float)) else _sendable(name, known)
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return plain_value(name, value.item())
    raise NotSerialisableError(
        f"field {name} is {type(value).__name__}; a sample is a number, a text or a truth value",
        field=name, given=repr(value)[:80],
    )  # fmt: skip


def _sendable(name: str, value: int | str) -> int | str:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise TooLargeError(
                f"field {name} is a text of {len(value)} characters; a sample has at most {LONGEST_TEXT}",
                field=name, limit=LONGEST_TEXT,
            )  # fmt: skip
        told = value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
        return f"?{told[1:]}" if told.startswith("\0") else told  # to readers of JSON a zero sign announces bytes
    if not -(2**63) <= value < 2**64:
        raise NotSerialisableError(f"field {name} is an integer of more than 64 bits", field=name)
    return value


def plain_column(name: str, values: Any) -> Column:
    """Return a column as a list of plain values; a one-dimensional array becomes a list at once.

    Raises:
        NotSerialisableError: A value is no number, text or truth value, or the array has more dimensions.
    """
    if isinstance(values, np.ndarray):
        if values.ndim == 1 and values.dtype.kind in "biuf" and values.dtype.itemsize <= LARGEST_ITEM:
            column: Column = values.tolist()
            return column
        if values.ndim == 1 and values.dtype.kind == "U":
            return [plain_value(name, value) for value in values.tolist()]
        raise NotSerialisableError(
            f"field {name} is an array of shape {values.shape} and type {values.dtype}; "
            "a column has one dimension of numbers or texts",
            field=name,
        )
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise NotSerialisableError(
            f"field {name} is {type(values).__name__}; a column is a list or an array, as long as the time stamps",
            field=name,
        )
    return [plain_value(name, value) for value in values]


def _moments(times: Column) -> Column:
    try:
        if all(-FURTHEST_S < time < FURTHEST_S for time in times):
            return times
    except TypeError:
        pass
    raise ParameterError("a time stamp is no number or too far away; give POSIX seconds, as time.time() does")


def _may_hold_text(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return bool(values.dtype.kind not in "biuf")
    return any(issubclass(kind, str) for kind in set(map(type, values)))


@dataclass(slots=True)
class Block:
    """Samples of one block that wait to be published: a column a field, and their times (POSIX s, UTC).

    `texts` tells whether a text may be among the values; without one every value has the same size.
    """

    name: str
    fields: tuple[str, ...]
    timestamps: list[float]
    columns: list[Column]
    texts: bool = False

    @classmethod
    def of_fields(cls, name: str, fields: Sequence[str]) -> Block:
        """Make an empty block.

        Raises:
            ParameterError: A name is not allowed, or there is no field.
        """
        checked = tuple(check_field_name(field) for field in fields)
        if not checked:
            raise ParameterError(f"a sample of block {name} needs at least one field", field=name)
        return cls(check_field_name(name), checked, [], [[] for _ in checked])

    def __len__(self) -> int:
        return len(self.timestamps)

    def add_sample(self, timestamp: float, sample: Mapping[str, Any]) -> list[Any]:
        """Add one value for each field; return them in the order of the fields.

        Raises:
            ParameterError: The fields are not those of the block's first message.
            NotSerialisableError: A value is no number, text or truth value.
        """
        self.check_fields(sample)
        values = [plain_value(field, sample[field]) for field in self.fields]
        self.texts = self.texts or _may_hold_text(values)
        self.timestamps.append(timestamp)
        for column, value in zip(self.columns, values, strict=True):
            column.append(value)
        return values

    def add_columns(self, timestamps: Sequence[float], data: Mapping[str, Any]) -> tuple[Column, list[Column]]:
        """Add a column for each field, each as long as `timestamps`; return the plain times and columns.

        Raises:
            ParameterError: The fields or a length differ.
            NotSerialisableError: A value is no number, text or truth value.
        """
        self.check_fields(data)
        times = _moments(plain_column("timestamps", timestamps))
        columns = [plain_column(field, data[field]) for field in self.fields]
        for field, column in zip(self.fields, columns, strict=True):
            if len(column) != len(times):
                raise ParameterError(
                    f"field {field} of block {self.name} has {len(column)} values for {len(times)} time stamps",
                    field=field,
                )
        self.texts = self.texts or any(_may_hold_text(data[field]) for field in self.fields)
        self.timestamps.extend(times)
        for kept, column in zip(self.columns, columns, strict=True):
            kept.extend(column)
        return times, columns

    def take(self) -> Block:
        """Return what waits and become empty."""
        taken = Block(self.name, self.fields, self.timestamps, self.columns, self.texts)
        self.timestamps, self.columns, self.texts = [], [[] for _ in self.fields], False
        return taken

    def check_fields(self, data: Mapping[str, Any]) -> None:
        """Make sure that `data` has the block's fields.

        Raises:
            ParameterError: It has others.
        """
        if len(data) == len(self.fields) and all(field in data for field in self.fields):
            return
        missing = [field for field in self.fields if field not in data]
        extra = [str(field) for field in data if field not in self.fields]
        told = "; ".join(
            part
            for part in (
                f"missing: {', '.join(missing)}" if missing else "",
                f"new: {', '.join(extra)}" if extra else "",
            )
            if part
        )
        raise ParameterError(
            f"block {self.name} keeps the fields of its first message ({told}); use another block name for others",
            field=self.name, allowed=list(self.fields),
        )  # fmt: skip
