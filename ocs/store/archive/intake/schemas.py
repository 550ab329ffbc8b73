"""Versions of series: which fields a batch has, and whether they are those of a version that is known."""

from __future__ import annotations

from dataclasses import replace

from ocs.model.datatype import DataType
from ocs.model.errors import ParameterError
from ocs.model.series import Batch, Fields, FieldType, SeriesKey
from ocs.store.archive.catalogue.catalogue import Catalogue, Version
from ocs.store.archive.journal.columns import exact_as_floats, with_fields
from ocs.store.archive.layout import check_name
from ocs.store.archive.naming import MARK

_MARKS = frozenset({MARK, ":", "["})
"""Signs by which columns of the archive are told from fields."""


class Versions:
    """The versions of all series of an archive; new ones count when they are written, many in one transaction.

    Args:
        catalogue: Where they are kept.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._numbers: dict[SeriesKey, int] = {key: number for number, key in catalogue.series().items()}
        self._next = max(self._numbers.values(), default=0) + 1
        self._known: dict[int, list[Version]] = {}
        self._new_series: list[SeriesKey] = []
        self._new_versions: list[Version] = []

    def number(self, key: SeriesKey) -> int:
        """Return the number of a series; it gets one if it has none.

        Raises:
            ParameterError: Its names are too long.
        """
        found = self._numbers.get(key)
        if found is None:
            check_name(key)
            found = self._numbers[key] = self._next
            self._next += 1
            self._new_series.append(key)
        return found

    def fitting(self, batch: Batch) -> tuple[Version, Batch]:
        """Return the version that a batch belongs to, and the batch as that version has it.

        An equal version is used again, whatever the order of its fields; integers go into a float field of the newest,
        unless one of them is so large that it would change; all else begins a new version.

        Raises:
            ParameterError: A field has a name that the archive cannot keep.
        """
        series = self.number(batch.series)
        known = self._known.get(series)
        if known is None:
            known = self._known[series] = self._catalogue.versions(series)
        for version in reversed(known):
            if version.fields == batch.fields:
                return version, _ordered(batch, version.fields)
        if known and _fits(batch.fields, known[-1].fields) and exact_as_floats(batch, known[-1].fields):
            return known[-1], with_fields(batch, known[-1].fields)
        _check_names(batch.fields)
        number = known[-1].number + 1 if known else 1
        version = Version(series, number, dict(batch.fields), int(batch.times[0]))
        known.append(version)
        self._new_versions.append(version)
        return version, batch

    def write(self) -> None:
        """Have the catalogue know of what is new.

        Raises:
            sqlite3.Error: The disk refuses.
        """
        if not self._new_series and not self._new_versions:
            return
        with self._catalogue.transaction():
            for key in self._new_series:
                self._catalogue.add_series(key, self._numbers[key])
            for version in self._new_versions:
                self._catalogue.add_version(version)
        self._new_series.clear()
        self._new_versions.clear()

    def forget(self) -> None:
        """Forget what is new and was not written."""
        for key in self._new_series:
            del self._numbers[key]
        for version in self._new_versions:
            self._known.pop(version.series, None)
        self._new_series.clear()
        self._new_versions.clear()


def _ordered(batch: Batch, fields: Fields) -> Batch:
    return batch if [*batch.fields] == [*fields] else replace(batch, fields=fields)


def _check_names(fields: Fields) -> None:
    for name in fields:
        if not name or not _MARKS.isdisjoint(name):
            raise ParameterError(
                f"a field cannot be called {name!r}: in the archive {' '.join(sorted(_MARKS))} have meanings of their "
                "own; give it a name of letters, digits and _",
                field=name, given=name,
            )  # fmt: skip


def _fits(given: Fields, known: Fields) -> bool:
    return given.keys() == known.keys() and all(_goes_into(kind, known[name]) for name, kind in given.items())


def _goes_into(given: FieldType, known: FieldType) -> bool:
    if given == known:
        return True
    whole = given.dtype.integer or given.dtype is DataType.BOOL
    same = given.unit == known.unit and not given.dims and not known.dims
    return whole and same and known.dtype is DataType.FLOAT64
