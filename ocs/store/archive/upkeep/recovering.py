"""What the journal has of earlier processes: which rows are there, and series that the catalogue may not know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from ocs.model.spans import Spans
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.catalogue.catalogue import Catalogue, Version
from ocs.store.archive.journal.journal import LeftOut, Rows, read_journal


def recovered(catalogue: Catalogue, journals: Iterable[Path]) -> dict[tuple[int, int], Spans]:
    """Return the numbers of the rows in these files by series and epoch; the catalogue knows their series then.

    It does not where it is from an earlier time, such as when its `-wal` file was lost. A number of a series that is
    in the journal must not go to another one.

    Raises:
        VersionError: A newer OCS wrote one of the files.
        OSError: The disk refuses.
    """
    spans: dict[tuple[int, int], Spans] = defaultdict(Spans)
    with catalogue.transaction():
        numbers = set(catalogue.series())
        versions = {(version.series, version.number) for version in catalogue.versions()}
        for path in journals:
            for item in read_journal(path):
                series, key = (
                    (item.series, item.key) if isinstance(item, LeftOut) else (item.form.series, item.form.key)
                )
                spans[series, item.epoch].add(item.first, item.last)
                if series not in numbers:
                    numbers.add(series)
                    catalogue.add_series(key, series)
                if isinstance(item, Rows) and (series, item.form.version) not in versions:
                    versions.add((series, item.form.version))
                    catalogue.add_version(_version(item))
    return spans


def _version(rows: Rows) -> Version:
    form = rows.form
    since = int(numbers_of(rows.table(), "time").min()) if rows.batch.num_rows else 0
    return Version(form.series, form.version, form.fields, since)
