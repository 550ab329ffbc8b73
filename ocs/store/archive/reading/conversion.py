"""Tables of an answer as NumPy arrays, pandas data frames and xarray datasets."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ocs.model.errors import ConfigurationError
from ocs.model.gap import Gap
from ocs.model.time_span import iso_time


def to_numpy(table: pa.Table) -> dict[str, Any]:
    """Return an array for each column."""
    return {name: _array(table[name].combine_chunks()) for name in table.column_names}


def to_pandas(table: pa.Table, units: Mapping[str, str], gaps: Sequence[Gap]) -> Any:
    """Return a data frame with the time as index; its `attrs` can be written with it.

    Raises:
        ConfigurationError: pandas is not installed.
    """
    _optional("pandas")
    frame = table.to_pandas().set_index("time")
    frame.attrs["units"] = dict(units)
    frame.attrs["gaps"] = [
        {
            "device": gap.device,
            "feed": gap.feed,
            "start": iso_time(gap.start),
            "end": None if gap.end is None else iso_time(gap.end),
            "cause": gap.cause.value,
            "why": gap.sentence,
        }
        for gap in gaps
    ]
    return frame


def to_xarray(table: pa.Table, units: Mapping[str, str], gaps: Sequence[Gap]) -> Any:
    """Return a dataset; its attributes can be written with it.

    Raises:
        ConfigurationError: xarray is not installed.
    """
    xarray = _optional("xarray")
    arrays = to_numpy(table)
    times = arrays.pop("time")
    variables = {}
    for name, values in arrays.items():
        axes = ["time", *(f"{name}_{axis}" for axis in range(1, values.ndim))]
        unit = "" if name.endswith((":count", ":quality")) else units.get(name.partition(":")[0], "")
        variables[name] = (axes, values, {"units": unit} if unit else {})
    return xarray.Dataset(variables, coords={"time": times}, attrs={"gaps": [told(gap) for gap in gaps]})


def told(gap: Gap) -> str:
    """Return a gap as a sentence for people."""
    what = gap.device + (f".{gap.feed}" if gap.feed else "")
    until = "now" if gap.end is None else iso_time(gap.end)
    rows = f" ({gap.rows} rows)" if gap.rows else ""
    return f"{what} {iso_time(gap.start)} to {until}{rows}: {gap.sentence}"


def _array(array: Any) -> Any:
    kind = array.type
    if pa.types.is_timestamp(kind):
        return array.cast(pa.int64()).to_numpy().view("datetime64[ns]")
    if pa.types.is_list(kind):
        stacked = _stacked(array)
        return _one_by_one(array) if stacked is None else stacked
    if pa.types.is_integer(kind) and array.null_count:
        array = array.cast(pa.float64(), safe=False)
    values = array.to_numpy(zero_copy_only=False)
    return values if values.dtype.kind in "biuf" else values.astype(object)


def _stacked(array: Any) -> Any:
    """Return lists of one length as an array with an axis for them, None if they are not."""
    lengths = array.value_lengths().to_numpy(zero_copy_only=False)
    if array.null_count or not len(array) or (lengths != lengths[0]).any():
        return None
    inner = array.flatten()
    values = _stacked(inner) if pa.types.is_list(inner.type) else _array(inner)
    return None if values is None else values.reshape(len(array), int(lengths[0]), *values.shape[1:])


def _one_by_one(array: Any) -> Any:
    """Return lists as an array of objects: arrays where those that are there have one length, None for the others."""
    stacked = _stacked(array.drop_null())
    if stacked is None:
        return array.to_numpy(zero_copy_only=False)
    rows = np.full(len(array), None, dtype=object)
    for place, row in zip(np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False)), stacked, strict=True):
        rows[place] = row
    return rows


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ConfigurationError(
            f"{name} is not installed; install it (pip install {name}), or the tools of analysis with OCS "
            "(pip install 'ocs[analysis]'); to_arrow and to_numpy need neither",
            field=name,
        ) from None
