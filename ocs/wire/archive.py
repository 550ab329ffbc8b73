"""What goes to the archiver and comes from it: batches of rows as columns of bytes, gaps, and answers.

A put carries a list of parts. A part with `columns` is a batch:
`{version, device, feed, block, epoch, seq, time, fields, columns, quality}`; one with `gap` is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgpack
import numpy as np

from ocs.model.datatype import DataType
from ocs.model.errors import ParameterError, VersionError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import QUALITIES, Batch, Fields, FieldType, SeriesKey
from ocs.wire.values import encode_array

VERSION = 1
"""Of the form of a batch; a higher one is refused."""

LONGEST_NAME = 255
"""Characters of a name in a gap."""

LONGEST_DETAIL = 1000
"""Characters of a gap's detail; what is longer is cut."""

_LARGEST = 2**63 - 1
_DTYPES = {kind: np.dtype(kind.value) for kind in DataType if kind.numeric or kind is DataType.BOOL}
_NAMES = ("feed", "block")
_NUMBERS = ("rows", "epoch", "first", "last")
_KEPT = (*_NAMES, "detail", *_NUMBERS)


def encode_batch(batch: Batch) -> dict[str, Any]:
    """Return rows as a part of a put."""
    series = batch.series
    told: dict[str, Any] = {
        "version": VERSION,
        "device": series.device,
        "feed": series.feed,
        "block": series.block,
        "epoch": batch.epoch,
        "seq": batch.seq,
        "time": encode_array(batch.times),
        "fields": {name: encode_field(kind) for name, kind in batch.fields.items()},
        "columns": {name: _encoded(column) for name, column in batch.columns.items()},
    }
    if batch.quality:
        told["quality"] = {name: encode_array(column) for name, column in batch.quality.items()}
    return told


def decode_batch(told: Mapping[str, Any]) -> Batch:
    """Return the rows in a part of a put; arrays of numbers are views of the received bytes.

    Raises:
        VersionError: A newer agent made it.
        ParameterError: It is no batch, or its columns do not fit together; the sentence says what is wrong.
    """
    try:
        if told["version"] > VERSION:
            raise VersionError(
                f"the batch has version {told['version']}; this archiver knows {VERSION}: update it first"
            )
        times = _array(told["time"], "time")
        fields = _same_fields(told["fields"])
        columns = {name: _column(told["columns"][name], kind, name) for name, kind in fields.items()}
        if len(told["columns"]) > len(fields):
            raise ParameterError(f"columns without a field: {sorted(set(told['columns']) - set(fields))}")
        quality = {name: _quality(column, name) for name, column in told.get("quality", {}).items() if name in fields}
        epoch, seq = _whole(told["epoch"]), _whole(told["seq"])
        series = SeriesKey(_text(told["device"]), _text(told["feed"]), _text(told["block"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ParameterError(f"this is no batch of rows ({type(error).__name__}: {error})") from None
    batch = Batch(series, epoch, seq, times, fields, columns, quality)
    _check(batch)
    return batch


def _check(batch: Batch) -> None:
    series = batch.series
    if not series.device or not series.feed or not series.block or not batch.fields:
        raise ParameterError("a batch needs device, feed, block and at least one field")
    if batch.times.dtype != np.int64 or batch.times.ndim != 1 or not len(batch.times):
        raise ParameterError(f"the times of {series} are no int64 of at least one row", field="time")
    rows = len(batch.times)
    if batch.seq < 1 or batch.epoch < 0 or batch.last >= _LARGEST:  # who reads it counts one beyond the last
        raise ParameterError(f"{series}: rows are numbered from 1, epochs from 0; not {batch.seq}, {batch.epoch}")
    for name, column in [*batch.columns.items(), *batch.quality.items()]:
        if len(column) != rows:
            raise ParameterError(f"field {name} of {series} has {len(column)} values for {rows} times", field=name)


def encode_field(kind: FieldType) -> dict[str, Any]:
    """Return the type of a field; what is empty is left out."""
    told: dict[str, Any] = {"type": kind.dtype.value}
    if kind.dims:
        told["dims"] = kind.dims
    if kind.unit:
        told["unit"] = kind.unit
    if kind.labels:
        told["labels"] = list(kind.labels)
    return told


def decode_fields(told: Mapping[str, Any]) -> Fields:
    """Return the types of fields.

    Raises:
        KeyError: A part is missing.
        ValueError: A type is unknown, or a text is none that can be written down.
    """
    return {
        _text(name): FieldType(
            DataType(kind["type"]), int(kind.get("dims", 0)), _text(kind.get("unit", "")),
            tuple(_text(label) for label in kind.get("labels", ())),
        )
        for name, kind in told.items()
    }  # fmt: skip


def _same_fields(told: Mapping[str, Any]) -> Fields:
    """Return the types of fields, the same object each time for most: series tell theirs with each batch."""
    try:
        return _read_fields(msgpack.packb(told))
    except (TypeError, ValueError, OverflowError):  # it cannot be packed, or it is wrong and has to be told so
        return decode_fields(told)


@lru_cache(maxsize=1000)
def _read_fields(packed: bytes) -> Fields:
    return decode_fields(msgpack.unpackb(packed, strict_map_key=False))


def _encoded(column: Any) -> Any:
    return encode_array(column) if isinstance(column, np.ndarray) else list(column)


def _column(told: Any, kind: FieldType, name: str) -> Any:
    if isinstance(told, Mapping):
        array = _array(told, name)
        if array.dtype != _DTYPES.get(kind.dtype) or array.ndim != kind.dims + 1:
            raise ParameterError(
                f"field {name} is {kind.dtype.value} of {kind.dims} dimensions, its bytes are {array.dtype} "
                f"of shape {array.shape}",
                field=name,
            )
        return array
    if not isinstance(told, list):
        raise ParameterError(f"field {name} is neither a list nor columns of bytes", field=name)
    return told


def _quality(told: Any, name: str) -> Any:
    array = _array(told, name)
    if array.dtype != np.uint8 or array.ndim != 1 or (array >= len(QUALITIES)).any():
        raise ParameterError(f"the qualities of {name} are no numbers from 0 to {len(QUALITIES) - 1}", field=name)
    return array


def _text(told: Any) -> str:
    """Return a text; half a character, as JSON may carry, can be neither stored nor sent on: that is a ValueError."""
    text = str(told)
    text.encode()
    return text


def _name(told: Any) -> str:
    text = _text(told)
    if len(text) > LONGEST_NAME:
        raise ValueError(f"a name has {len(text)} characters, {LONGEST_NAME} are allowed")
    return text


def _whole(told: Any) -> int:
    number = int(told)
    if number != told:
        raise ValueError(f"{told!r} is no whole number")
    if abs(number) > _LARGEST:
        raise ValueError(f"{number} does not fit into 64 bits")
    return number


def _array(told: Mapping[str, Any], name: str) -> Any:
    try:
        array, shape = np.frombuffer(told["data"], dtype=told["dtype"]), told["shape"]
        return array if shape == [len(array)] else array.reshape(shape)
    except (TypeError, ValueError, KeyError) as error:
        raise ParameterError(f"the column of {name} is damaged: {error}", field=name) from None


def encode_gap(gap: Gap) -> dict[str, Any]:
    """Return a gap as a map; what is empty is left out."""
    told: dict[str, Any] = {"device": gap.device, "start": gap.start, "end": gap.end, "cause": gap.cause.value}
    return told | {key: getattr(gap, key) for key in _KEPT if getattr(gap, key)}


def decode_gap(told: Mapping[str, Any]) -> Gap:
    """Return the gap in a map.

    Raises:
        ParameterError: It is none.
    """
    try:
        end = told["end"]
        known: dict[str, Any] = {key: _name(told[key]) for key in _NAMES if key in told}
        known |= {key: _whole(told[key]) for key in _NUMBERS if key in told}
        known["detail"] = _text(told.get("detail", ""))[:LONGEST_DETAIL]
        cause = GapCause(told["cause"])
        return Gap(_name(told["device"]), _whole(told["start"]), None if end is None else _whole(end), cause, **known)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ParameterError(f"this is no gap ({type(error).__name__}: {error})") from None
