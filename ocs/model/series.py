"""What the archive keeps: rows of a block of a feed, numbered by the agent that took them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ocs.model.datatype import DataType
from ocs.model.errors import ParameterError
from ocs.model.quality import Quality

CHANNELS_FEED = "_channels"
"""Feed of channels that are archived by themselves, a block each; no author's feed can have this name."""

QUALITIES = tuple(Quality)
"""Qualities by their number in a batch; 0 is VALID."""

TEXTS = frozenset({DataType.STR, DataType.ENUM, DataType.STATE})
"""Types whose values are texts in the archive: of an enum the label, of a state the word."""


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """A series: rows that have the same fields and one numbering for each epoch.

    Attributes:
        device: Name of the device.
        feed: Name of its feed; `_channels` for channels that are archived by themselves.
        block: Name of the block, the feed's own for most; of such a channel its name.
    """

    device: str
    feed: str
    block: str

    def __str__(self) -> str:
        return f"{self.device}.{self.feed}" + ("" if self.block == self.feed else f".{self.block}")


@dataclass(frozen=True, slots=True)
class FieldType:
    """What the values of one field are.

    Attributes:
        dtype: Type of one element.
        dims: 0 for a value, 1 for a row of them, 2 for rows of rows.
        unit: Unit of the values; empty without one.
        labels: Texts of an enum, in the order of their numbers.
    """

    dtype: DataType
    dims: int = 0
    unit: str = ""
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dims not in {0, 1, 2}:
            raise ParameterError(f"a field has 0, 1 or 2 dimensions, not {self.dims}", given=self.dims)

    @property
    def numeric(self) -> bool:
        """Whether it has a smallest value, a largest and a mean."""
        return self.dims == 0 and (self.dtype.numeric or self.dtype is DataType.BOOL)


Fields = Mapping[str, FieldType]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one series, numbered without a hole.

    Attributes:
        series: Whose they are.
        epoch: Start of the agent's process, ns.
        seq: Number of the first row, from 1 in each epoch.
        times: The instants, ns since 1970 UTC, shape (n,), int64.
        fields: Type of each field, in order.
        columns: A column for each field: an array whose first axis has n entries; a list of n texts, bytes, maps or
            lists where no array will do. None stands for no value.
        quality: Numbers of the qualities (`QUALITIES`) of the fields that are not VALID throughout, uint8, shape (n,).
    """

    series: SeriesKey
    epoch: int
    seq: int
    times: np.ndarray[Any, np.dtype[np.int64]]
    fields: Fields
    columns: Mapping[str, Any]
    quality: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def last(self) -> int:
        """Number of the last row."""
        return self.seq + len(self.times) - 1

    def part(self, first: int, last: int) -> Batch:
        """Return the rows numbered `first` to `last`, both included."""
        cut = slice(first - self.seq, last - self.seq + 1)
        return replace(
            self, seq=first, times=self.times[cut],
            columns={name: column[cut] for name, column in self.columns.items()},
            quality={name: column[cut] for name, column in self.quality.items()},
        )  # fmt: skip


def widened(types: Sequence[DataType]) -> DataType:
    """Return a type that holds the values of all: integers and floats become float64, all else text."""
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    if all(kind.integer or kind is DataType.BOOL for kind in kinds) and DataType.UINT64 not in kinds:
        return DataType.INT64
    if all(kind.numeric or kind is DataType.BOOL for kind in kinds):
        return DataType.FLOAT64
    return DataType.STR
