from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.errors import ConfigurationError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.store.archive.reading.history import STAMP, History, Part
from ocs.store.archive.reading.widening import valid

SECOND = 1_000_000_000
GAPS = [
    Gap("dev", SECOND, 2 * SECOND, GapCause.LINK_LOST, detail="no answer"),
    Gap("dev", 3 * SECOND, None, GapCause.PAUSED),
]


def history(gaps: list[Gap] | None = None, **columns: Any) -> History:
    rows = len(next(iter(columns.values())))
    table = pa.table({"time": pa.array(range(rows), STAMP), **columns})
    at = table.schema.get_field_index("x")
    if at >= 0:
        table = table.set_column(at, table.schema.field("x").with_metadata({"unit": "K"}), table["x"])
    return History([Part(SeriesKey("dev", "feed", "feed"), table)], gaps or [])


def array(values: list[Any], kind: Any) -> Any:
    return history(x=pa.array(values, kind)).to_numpy()["dev.x"]


def test_times_are_datetimes_of_nanoseconds() -> None:
    times = history(x=[1, 2]).to_numpy()["time"]

    assert times.dtype == np.dtype("datetime64[ns]")
    assert times.astype(np.int64).tolist() == [0, 1]


@pytest.mark.parametrize("kind", [pa.bool_(), pa.int8(), pa.uint64(), pa.float32(), pa.float64()])
def test_numbers_keep_their_type(kind: Any) -> None:
    values = array([True, False] if kind == pa.bool_() else [1, 0], kind)

    assert values.dtype == kind.to_pandas_dtype()
    assert values.tolist() == [1, 0]


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint64(), pa.float32(), pa.float64()])
def test_a_missing_number_is_nan(kind: Any) -> None:
    np.testing.assert_array_equal(array([1, None], kind), [1, np.nan])


@pytest.mark.parametrize(
    ("values", "kind"),
    [([True, None], pa.bool_()), (["a", None], pa.string()), (["a", "b"], pa.string()), ([b"\0", None], pa.binary())],
)
def test_what_is_no_number_is_an_object(values: list[Any], kind: Any) -> None:
    found = array(values, kind)

    assert found.dtype == object
    assert found.tolist() == values


def test_qualities_are_words() -> None:
    found = history(**{"x": [1, 2], "x:quality": valid(2)}).to_numpy()["dev.x:quality"]

    assert found.tolist() == ["VALID", "VALID"]


def test_arrays_of_one_shape_have_more_axes() -> None:
    row = array([[1, 2, 3], [4, None, 6]], pa.list_(pa.int16()))
    image = array([[[1.0, 2.0], [3.0, 4.0]]] * 3, pa.list_(pa.list_(pa.float64())))

    np.testing.assert_array_equal(row, [[1, 2, 3], [4, np.nan, 6]])
    np.testing.assert_array_equal(image, [[[1, 2], [3, 4]]] * 3)


def test_an_image_that_is_missing_now_and_then_is_an_array_where_it_is_there() -> None:
    first, missing, last = array([[[1, 2], [3, 4]], None, [[5, 6], [7, 8]]], pa.list_(pa.list_(pa.int64())))

    assert missing is None
    assert (first.dtype, first.shape, last.tolist()) == (np.int64, (2, 2), [[5, 6], [7, 8]])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[1], [2, 3]], pa.list_(pa.int64())),
        ([[1], None], pa.list_(pa.int64())),
        ([[[1], [2, 3]], [[4], [5, 6]]], pa.list_(pa.list_(pa.int64()))),
    ],
)
def test_arrays_of_unequal_shapes_are_objects(values: list[Any], kind: Any) -> None:
    found = array(values, kind)

    assert found.dtype == object
    assert found.shape == (2,)
    assert [None if each is None else [np.asarray(one).tolist() for one in each] for each in found] == values


@given(st.lists(st.lists(st.integers(-9, 9), min_size=2, max_size=2), max_size=20))
@settings(deadline=None)
def test_stacked_arrays_are_what_numpy_makes_of_them(rows: list[list[int]]) -> None:
    found = array(rows, pa.list_(pa.int64()))

    assert found.tolist() == rows


def test_a_data_frame_has_the_time_in_utc_as_index() -> None:
    frame = history(GAPS, **{"x": [0.5, None], "x:quality": valid(2), "word": ["a", "b"]}).to_pandas()

    assert list(frame.columns) == ["dev.x", "dev.x:quality", "dev.word"]
    assert str(frame.index.dtype) == "datetime64[ns, UTC]"
    assert frame.index.name == "time"
    assert frame["dev.word"].tolist() == ["a", "b"]
    assert frame["dev.x"].isna().tolist() == [False, True]


def test_a_data_frame_says_units_and_gaps_and_can_be_written_with_them(tmp_path: Any) -> None:
    frame = history(GAPS, x=[0.5], word=["a"]).to_pandas()
    frame.to_parquet(tmp_path / "frame.parquet")
    back = pd.read_parquet(tmp_path / "frame.parquet")

    assert back.attrs == frame.attrs
    assert json.loads(json.dumps(frame.attrs)) == {
        "units": {"dev.x": "K", "dev.word": ""},
        "gaps": [
            {
                "device": "dev", "feed": "", "start": "1970-01-01T00:00:01Z", "end": "1970-01-01T00:00:02Z",
                "cause": "link_lost", "why": "the device did not answer its agent: no answer",
            },
            {
                "device": "dev", "feed": "", "start": "1970-01-01T00:00:03Z", "end": None,
                "cause": "paused", "why": "archiving was paused",
            },
        ],
    }  # fmt: skip


def test_a_dataset_has_variables_along_time_with_their_units() -> None:
    dataset = history(
        GAPS, **{"x": [0.5, 1.5], "x:min": [0, 1], "x:count": [3, 4], "row": [[1, 2], [3, 4]]}
    ).to_xarray()

    assert dataset["dev.x"].dims == ("time",)
    assert dataset["dev.row"].dims == ("time", "dev.row_1")
    assert dataset["dev.x"].attrs == dataset["dev.x:min"].attrs == {"units": "K"}
    assert dataset["dev.x:count"].attrs == {}
    assert dataset["dev.x"].sel(time="1970-01-01T00:00:00.000000001").item() == 1.5
    assert dataset.attrs["gaps"] == [
        "dev 1970-01-01T00:00:01Z to 1970-01-01T00:00:02Z: the device did not answer its agent: no answer",
        "dev 1970-01-01T00:00:03Z to now: archiving was paused",
    ]


def test_an_empty_answer_can_be_converted() -> None:
    empty = history(x=pa.array([], pa.float64()), row=pa.array([], pa.list_(pa.int8())), word=pa.array([], pa.string()))

    assert list(empty.to_pandas().columns) == empty.names
    assert list(empty.to_xarray().data_vars) == empty.names
    assert {len(values) for values in empty.to_numpy().values()} == {0}


@pytest.mark.parametrize("library", ["pandas", "xarray"])
def test_without_the_library_it_says_what_to_install(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(
        ConfigurationError, match=rf"{library} is not installed.*pip install {library}.*ocs\[analysis\]"
    ):
        getattr(history(x=[1]), f"to_{library}")()
