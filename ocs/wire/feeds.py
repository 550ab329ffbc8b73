"""Feed messages: blocks as lists for everyone, and as columns of bytes for bulk feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ocs.model.feed import Block

_LITTLE = {"b": "|b1", "i": "<i8", "u": "<u8", "f": "<f8"}


Tags = Mapping[str, Mapping[str, Any]]


def encode_block(block: Block, tags: Tags | None = None) -> dict[str, Any]:
    """Return a block as lists, with the keys of OCS 0.12; `tags` go along when each of its fields has some."""
    tagged = tags is not None and all(field in tags for field in block.fields)
    return {
        "block_name": block.name,
        "data": dict(zip(block.fields, block.columns, strict=True)),
        "timestamps": block.timestamps,
        "influxdb_tags": {field: dict(tags[field]) for field in block.fields} if tags and tagged else None,
    }


def encode_message(blocks: Sequence[Block], tags: Tags | None = None) -> dict[str, Any]:
    """Return the message of a recorded feed: a map of its blocks that are not empty."""
    return {block.name: encode_block(block, tags) for block in blocks if len(block)}


def encode_columns(block: Block) -> dict[str, Any]:
    """Return a block as columns of little-endian bytes: {dtype, shape, data} each; texts stay lists."""
    return {
        "block_name": block.name,
        "timestamps": _bytes(np.asarray(block.timestamps, dtype="<f8")),
        "data": {name: _column(column) for name, column in zip(block.fields, block.columns, strict=True)},
    }


def encode_arrays(name: str, timestamps: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return arrays that need no check of each value as columns of bytes; see `encode_columns`."""
    return {
        "block_name": name,
        "timestamps": _bytes(np.asarray(timestamps, dtype="<f8")),
        "data": {field: _column(column) for field, column in data.items()},
    }


def _column(column: Any) -> Any:
    array = np.asarray(column)
    if array.dtype.kind not in _LITTLE:
        return list(column)
    if isinstance(column, np.ndarray):
        return _bytes(array)
    return _bytes(array.astype(_LITTLE[array.dtype.kind], copy=False))


def _bytes(array: Any) -> dict[str, Any]:
    little, name = _little(array.dtype)
    return {"dtype": name, "shape": list(array.shape), "data": array.astype(little, copy=False).tobytes()}


@lru_cache(maxsize=64)
def _little(kind: Any) -> tuple[Any, str]:
    """Return a type of numbers in little-endian order, and its name on the wire."""
    little = kind.newbyteorder("<")
    return little, little.str


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of one block as they arrive at a client.

    Attributes:
        block: Name of the block.
        timestamps: POSIX seconds, UTC, shape (n,), float64.
        data: One column a field, each of length n: lists, or arrays from a bulk feed.
    """

    block: str
    timestamps: Any
    data: dict[str, Any]


def decode_columns(encoded: Mapping[str, Any]) -> Samples:
    """Return the samples in a message of a `blocks.` topic as NumPy arrays."""
    return Samples(
        block=encoded["block_name"],
        timestamps=_array(encoded["timestamps"]),
        data={name: _array(column) for name, column in encoded["data"].items()},
    )


def _array(column: Any) -> Any:
    if not isinstance(column, Mapping):
        return column
    return np.frombuffer(column["data"], dtype=column["dtype"]).reshape(column["shape"])


def decode_message(message: Any) -> list[Samples]:
    """Return the samples in a message of a recorded feed; empty for any other message."""
    if not isinstance(message, Mapping):
        return []
    return [
        Samples(block=name, timestamps=block["timestamps"], data=dict(block["data"]))
        for name, block in message.items()
        if isinstance(block, Mapping) and "timestamps" in block and "data" in block
    ]
