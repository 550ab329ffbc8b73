"""Cutting what is published into messages that are not too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ocs.model.errors import ParameterError
from ocs.model.feed import FURTHEST_S, LARGEST_ITEM, Block, Column, check_field_name, plain_column
from ocs.wire.plain import LARGEST_MESSAGE

_BYTES_PER_VALUE = 9
_BYTES_PER_TEXT = 5


def cut_blocks(blocks: list[Block]) -> list[list[Block]]:
    """Return blocks in parts, each of them below the largest message when sent as lists."""
    sizes = [_row_bytes(block) for block in blocks]
    if sum(len(block) * size for block, size in zip(blocks, sizes, strict=True)) <= LARGEST_MESSAGE:
        return [blocks]
    return [[part] for block, size in zip(blocks, sizes, strict=True) for part in _cut(block, size)]


def _cut(block: Block, row_bytes: int) -> Iterator[Block]:
    rows = max(1, LARGEST_MESSAGE // row_bytes)
    for first in range(0, len(block), rows):
        cut = slice(first, first + rows)
        yield Block(
            block.name, block.fields, block.timestamps[cut], [column[cut] for column in block.columns], block.texts
        )


def _row_bytes(block: Block) -> int:
    if not block.texts:
        return _BYTES_PER_VALUE * (len(block.fields) + 1)
    return _BYTES_PER_VALUE + sum(_value_bytes(column) for column in block.columns)


def _value_bytes(column: Column) -> int:
    if not any(issubclass(kind, str) for kind in set(map(type, column))):
        return _BYTES_PER_VALUE
    texts = [len(value) if value.isascii() else 4 * len(value) for value in column if isinstance(value, str)]
    return max([_BYTES_PER_VALUE, *(length + _BYTES_PER_TEXT for length in texts)])


class Columns:
    """Columns that are published as bytes: arrays of numbers of any shape, and lists of texts.

    Args:
        times: The instants, POSIX s, UTC, shape (n,).
        data: Columns by field; the first axis of each has n entries.

    Raises:
        ParameterError: A name or a length is wrong, or the times are no numbers.
        NotSerialisableError: A column holds something else.
    """

    def __init__(self, times: Any, data: Mapping[str, Any]) -> None:
        try:
            self.times = np.asarray(times, dtype="<f8")
        except (TypeError, ValueError):
            raise ParameterError("the time stamps are POSIX seconds, a number for each sample") from None
        if self.times.ndim != 1:
            raise ParameterError(f"the time stamps have {self.times.ndim} dimensions; give a number for each sample")
        if len(self.times) and not (np.abs(self.times) < FURTHEST_S).all():
            raise ParameterError("a time stamp is not finite or too far away; give POSIX seconds, as time.time() does")
        if not data:
            raise ParameterError("a block needs at least one field")
        self.data = {check_field_name(field): _column(field, column) for field, column in data.items()}
        for field, column in self.data.items():
            if len(column) != len(self.times):
                raise ParameterError(
                    f"field {field} has {len(column)} values for {len(self.times)} time stamps", field=field
                )

    def __len__(self) -> int:
        return len(self.times)

    def parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield times and columns in parts, each of them below the largest message."""
        row_bytes = LARGEST_ITEM + sum(_row_of(column) for column in self.data.values())
        rows = max(1, LARGEST_MESSAGE // row_bytes)
        for first in range(0, len(self), rows):
            cut = slice(first, first + rows)
            yield self.times[cut], {field: column[cut] for field, column in self.data.items()}

    def last(self, name: str) -> Block | None:
        """Return the last sample of the fields that are single values, None when there is none."""
        single = {field: column for field, column in self.data.items() if np.ndim(column) == 1}
        if not single or not len(self):
            return None
        block = Block.of_fields(name, tuple(single))
        block.add_columns(self.times[-1:].tolist(), {field: column[-1:] for field, column in single.items()})
        return block


def _column(field: str, column: Any) -> Any:
    array = column if isinstance(column, np.ndarray) else np.asarray(plain_column(field, column))
    if array.ndim and array.dtype.kind in "biuf" and array.dtype.itemsize <= LARGEST_ITEM:
        return array
    return plain_column(field, column)


def _row_of(column: Any) -> int:
    if isinstance(column, np.ndarray):
        return max(1, column.nbytes // max(1, len(column)))
    return _value_bytes(column)
