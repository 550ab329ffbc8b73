"""Random types of fields, values of them, and batches, for property tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ocs.model.datatype import BOUNDS, DataType
from ocs.model.series import TEXTS, Batch, Fields, FieldType, SeriesKey

KEY = SeriesKey("lab/thermo-1", "temperatures", "slow")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
records = st.dictionaries(texts, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts, max_size=3)
kinds = st.builds(
    FieldType,
    st.sampled_from(DataType).filter(lambda kind: kind is not DataType.RECORD),
    st.integers(0, 2),
    st.sampled_from(["", "K", "µm"]),
    st.just(()) | st.lists(texts, max_size=3).map(tuple),
) | st.just(FieldType(DataType.RECORD))


def element(kind: DataType) -> st.SearchStrategy[Any]:
    """Return values of a type."""
    if kind is DataType.BOOL:
        return st.booleans()
    if kind in BOUNDS:
        return st.integers(*BOUNDS[kind])
    if kind.floating:
        return st.floats(width=32 if kind is DataType.FLOAT32 else 64)
    return {DataType.BYTES: st.binary(max_size=8), DataType.RECORD: records}.get(kind, texts)


@st.composite
def columns(draw: Callable[..., Any], kind: FieldType, rows: int) -> Any:
    """Return a column of so many rows: an array where that can be, or a list in which values may be missing."""
    plain = kind.dtype not in {*TEXTS, DataType.BYTES, DataType.RECORD}
    if plain and draw(st.booleans()):
        shape = (rows, *draw(st.tuples(*[st.integers(0, 3)] * kind.dims)))
        return draw(npst.arrays(np.dtype(kind.dtype.value), shape, elements=element(kind.dtype)))
    value = element(kind.dtype)
    for _ in range(kind.dims):
        value = st.lists(value, max_size=3)
    return draw(st.lists(st.none() | value, min_size=rows, max_size=rows))


@st.composite
def batches(draw: Callable[..., Any], fields: Fields | None = None) -> Batch:
    """Return a batch of KEY with any times."""
    told = draw(st.dictionaries(st.sampled_from(["x", "y", "time", "epoch", "seq"]), kinds, min_size=1, max_size=3))
    fields = told if fields is None else fields
    rows = draw(st.integers(1, 5))
    times = draw(npst.arrays(np.int64, rows, elements=st.integers(-(2**63), 2**63 - 1)))
    quality = {
        name: draw(npst.arrays(np.uint8, rows, elements=st.integers(0, 4)))
        for name in fields
        if draw(st.integers(0, 3)) == 0
    }
    return Batch(
        KEY, draw(st.integers(0, 2**62)), draw(st.integers(1, 2**62)), times, fields,
        {name: draw(columns(kind, rows)) for name, kind in fields.items()}, quality,
    )  # fmt: skip


def plain(value: Any) -> Any:
    """Return a value as lists, in which NaN is a word, so that it can be compared."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(part) for part in value]
    return "nan" if isinstance(value, float) and math.isnan(value) else value
