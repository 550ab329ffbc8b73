from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ocs.model.datatype import DataType
from ocs.model.errors import ParameterError
from ocs.model.series import Batch, Fields, FieldType, SeriesKey
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.intake.schemas import Versions

KEY = SeriesKey("thermo-1", "temperatures", "temperatures")
FLOAT, INT = FieldType(DataType.FLOAT64, unit="K"), FieldType(DataType.INT32, unit="K")


def batch(fields: Fields, time: int = 5, **columns: Any) -> Batch:
    return Batch(KEY, 1, 1, np.array([time]), fields, {name: columns.get(name, np.ones(1)) for name in fields})


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue(tmp_path / "catalogue.sqlite") as made:
        yield made


@pytest.mark.parametrize(
    "changed",
    [
        {"x": FieldType(DataType.FLOAT64, unit="mK")},
        {"x": FieldType(DataType.FLOAT32, unit="K")},
        {"x": FieldType(DataType.FLOAT64, 1, unit="K")},
        {"x": FieldType(DataType.FLOAT64, unit="K", labels=("a",))},
        {"x": FLOAT, "y": FLOAT},
        {"y": FLOAT},
    ],
)
def test_whatever_changes_of_the_fields_begins_a_version(catalogue: Catalogue, changed: Fields) -> None:
    versions = Versions(catalogue)

    numbers = [versions.fitting(batch(fields))[0].number for fields in ({"x": FLOAT}, changed, {"x": FLOAT}, changed)]

    assert numbers == [1, 2, 1, 2]


def test_whole_numbers_go_into_a_float_of_the_same_unit(catalogue: Catalogue) -> None:
    versions = Versions(catalogue)
    versions.fitting(batch({"x": FLOAT}))

    version, fitted = versions.fitting(batch({"x": INT}, x=np.array([3], np.int32)))

    assert version.number == 1
    assert (fitted.fields, fitted.columns["x"].tolist()) == ({"x": FLOAT}, [3.0])


@pytest.mark.parametrize(
    ("dtype", "values", "number"),
    [
        (DataType.INT64, np.array([2**53, -(2**53)]), 1),
        (DataType.INT64, np.array([5, 2**53 + 1]), 2),
        (DataType.INT64, np.array([-(2**63), 5]), 2),
        (DataType.UINT64, np.array([2**64 - 1, 5], np.uint64), 2),
        (DataType.UINT64, np.array([7, 5], np.uint64), 1),
        (DataType.BOOL, np.array([True, False]), 1),
        (DataType.INT64, [None, 2**60 + 1], 2),
        (DataType.INT64, [None, 5], 1),
    ],
)
def test_whole_numbers_that_no_float_is_equal_to_do_not_change_but_begin_a_version(
    catalogue: Catalogue, dtype: DataType, values: Any, number: int
) -> None:
    versions = Versions(catalogue)
    versions.fitting(batch({"x": FLOAT}))
    fields = {"x": FieldType(dtype, unit="K")}

    version, fitted = versions.fitting(Batch(KEY, 1, 1, np.array([5, 6]), fields, {"x": values}))

    assert version.number == number
    assert int(fitted.columns["x"][1]) == int(values[1])


@pytest.mark.parametrize("known", [FieldType(DataType.FLOAT64, unit="mK"), FieldType(DataType.FLOAT64, 1, unit="K")])
def test_whole_numbers_do_not_go_into_anything_else(catalogue: Catalogue, known: FieldType) -> None:
    versions = Versions(catalogue)
    versions.fitting(batch({"x": known}))

    assert versions.fitting(batch({"x": INT}))[0].number == 2


def test_fields_in_another_order_are_put_into_that_of_their_version(catalogue: Catalogue) -> None:
    versions = Versions(catalogue)
    versions.fitting(batch({"x": FLOAT, "y": FLOAT}))

    version, fitted = versions.fitting(batch({"y": FLOAT, "x": FLOAT}, x=np.array([1.0]), y=np.array([2.0])))

    assert version.number == 1
    assert list(fitted.fields) == ["x", "y"]
    assert (fitted.columns["x"][0], fitted.columns["y"][0]) == (1.0, 2.0)


def test_what_is_new_counts_when_it_is_written(catalogue: Catalogue) -> None:
    versions = Versions(catalogue)
    version, _ = versions.fitting(batch({"x": FLOAT}, time=9))
    assert (catalogue.series(), catalogue.versions()) == ({}, [])

    versions.write()

    assert catalogue.series() == {version.series: KEY}
    assert catalogue.versions() == [version]
    assert version.since == 9
    assert Versions(catalogue).fitting(batch({"x": FLOAT}))[0] == version


def test_what_is_forgotten_is_new_again(catalogue: Catalogue) -> None:
    versions = Versions(catalogue)
    versions.fitting(batch({"x": FLOAT}))
    versions.forget()

    version, _ = versions.fitting(batch({"y": FLOAT}))
    versions.write()

    assert (version.number, catalogue.series()) == (1, {version.series: KEY})
    assert [list(each.fields) for each in catalogue.versions()] == [["y"]]


def test_versions_that_were_written_survive_that_later_ones_are_forgotten(catalogue: Catalogue) -> None:
    versions = Versions(catalogue)
    first, _ = versions.fitting(batch({"x": FLOAT}))
    versions.write()
    versions.fitting(batch({"y": FLOAT}))
    versions.forget()

    assert versions.fitting(batch({"x": FLOAT}))[0] == first
    assert versions.fitting(batch({"z": FLOAT}))[0].number == 2


@pytest.mark.parametrize("name", ["", "x:quality", "x$", "x[K]"])
def test_names_that_mean_something_else_in_the_archive_are_refused(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(ParameterError, match="a field cannot be called"):
        Versions(catalogue).fitting(batch({name: FLOAT}))


def test_a_series_whose_names_make_no_folder_gets_no_number(catalogue: Catalogue) -> None:
    versions = Versions(catalogue)

    with pytest.raises(ParameterError, match="give the device, feed or channel a shorter one"):
        versions.number(SeriesKey("d" * 300, "a", "a"))
    versions.write()

    assert catalogue.series() == {}
