"""Influx line protocol: a line for each row, as OCS's publisher to InfluxDB forms it.

`observatory.thermo-1,feed=temperatures channel_00=293.15,valid=true 1795170036770000000`

The measurement is the device's address, the tag `feed` its feed. A feed with several blocks has the tag `block` where
the block has a name of its own. `<field>:quality` is there where the value was not VALID, the number of its quality.
A line is always one line of text; servers differ in what they make of more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ocs.model.datatype import DataType
from ocs.model.series import TEXTS, Batch, FieldType, SeriesKey

LONGEST_TEXT = 16_000
"""Characters of a text that are sent; InfluxDB documents 64 kB, in UTF-8, as the most that it takes."""

_NEVER = {"\n": r"\ ", "\r": r"\ ", "\t": r"\ ", "\\": "/"}  # cannot stand in a name, however it is escaped
_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "} | _NEVER)
_NAME = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\="} | _NEVER)
_TEXT = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\\n", "\r": r"\\r"})

_Cells = Sequence[str]
_Format = Callable[[Any], str]


def encode_lines(batch: Batch, root: str = "") -> list[str]:
    """Return a line for each row that has a value; without line ends.

    Integers have an `i`; those of 64 bits without sign go as floats, because servers know no such integers. A missing
    value, NaN and infinities are left out, for the protocol has no word for them; so are arrays and bytes.

    Args:
        batch: Rows; the values of a record are its JSON text.
        root: Address root in front of the device's name; none if empty.
    """
    told = {name: kind for name, kind in batch.fields.items() if not kind.dims and kind.dtype is not DataType.BYTES}
    if not told:
        return []
    cells = [_cells(name, kind, batch.columns[name]) for name, kind in told.items()]
    cells += [_quality_cells(name, batch.quality[name]) for name in told if name in batch.quality]
    head = _head(batch.series, root)
    rows = (",".join(filter(None, row)) for row in zip(*cells, strict=True))
    return [f"{head} {row} {time}" for row, time in zip(rows, batch.times.tolist(), strict=True) if row]


def _head(series: SeriesKey, root: str) -> str:
    device = f"{root}.{series.device}" if root else series.device
    block = "" if series.block == series.feed else f",block={series.block.translate(_NAME)}"
    return f"{device.translate(_MEASUREMENT)}{block},feed={series.feed.translate(_NAME)}"


def _cells(name: str, kind: FieldType, column: Any) -> _Cells:
    """Return `name=value` for each row, an empty text where there is none."""
    key = f"{name.translate(_NAME)}="
    form = _form(kind.dtype)
    values = column.tolist() if isinstance(column, np.ndarray) else column
    return ["" if value is None else f"{key}{text}" if (text := form(value)) else "" for value in values]


def _quality_cells(name: str, column: Any) -> _Cells:
    key = f"{name.translate(_NAME)}:quality="
    return [f"{key}{number}i" if number else "" for number in np.asarray(column).tolist()]


def _form(dtype: DataType) -> _Format:
    if dtype is DataType.BOOL:
        return _boolean
    if dtype in TEXTS or dtype is DataType.RECORD:
        return _text
    return _integer if dtype.integer and dtype is not DataType.UINT64 else _float


def _float(value: float) -> str:
    number = float(value)
    return repr(number) if math.isfinite(number) else ""


def _integer(value: int) -> str:
    return f"{value}i"


def _boolean(value: object) -> str:
    return "true" if value else "false"


def _text(value: str) -> str:
    return f'"{value[:LONGEST_TEXT].translate(_TEXT)}"'
