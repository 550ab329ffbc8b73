"""Versions of series: which fields a batch has, and whether they are those of a version that is known."""

from __future__ import annotations

from ocs.model.datatype import DataType
from ocs.model.series import Batch, Fields, FieldType, SeriesKey
from ocs.store.archive.catalogue import Catalogue, Version
from ocs.store.archive.columns import with_fields


class Versions:
    """The versions of all series of an archive.

    Args:
        catalogue: Where they are kept.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._numbers: dict[SeriesKey, int] = {}
        self._known: dict[int, list[Version]] = {}

    def number(self, key: SeriesKey) -> int:
        """Return the number of a series; it gets one if it has none."""
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = self._catalogue.add_series(key)
        return found

    def fitting(self, batch: Batch) -> tuple[Version, Batch]:
        """Return the version that a batch belongs to, and the batch as that version has it.

        An equal version is used again; integers go into a float field of the newest; all else begins a new version.
        """
        series = self.number(batch.series)
        known = self._known.get(series)
        if known is None:
            known = self._known[series] = self._catalogue.versions(series)
        for version in reversed(known):
            if version.fields == batch.fields:
                return version, batch
        if known and _fits(batch.fields, known[-1].fields):
            return known[-1], with_fields(batch, known[-1].fields)
        version = Version(series, len(known) + 1, dict(batch.fields), int(batch.times[0]))
        self._catalogue.add_version(version)
        known.append(version)
        return version, batch


def _fits(given: Fields, known: Fields) -> bool:
    return given.keys() == known.keys() and all(_goes_into(kind, known[name]) for name, kind in given.items())


def _goes_into(given: FieldType, known: FieldType) -> bool:
    if given == known:
        return True
    whole = given.dtype.integer or given.dtype is DataType.BOOL
    same = given.unit == known.unit and not given.dims and not known.dims
    return whole and same and known.dtype is DataType.FLOAT64
