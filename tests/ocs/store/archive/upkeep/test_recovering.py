"""What the journal tells at a start, of series, too, that a catalogue from an earlier time has not."""

from __future__ import annotations

from ocs.model.spans import Spans
from ocs.store.archive.catalogue.catalogue import Catalogue, Version
from ocs.store.archive.journal.journal import JournalWriter
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep.recovering import recovered
from tests.ocs.store.archive.sealed import FIELDS, KEYS, PARTS, write_journal
from tests.ocs.store.archive.shelf import START


def as_lists(spans: dict[tuple[int, int], Spans]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    return {series: list(numbers) for series, numbers in spans.items()}


def test_the_rows_of_all_files_are_told_by_series_and_epoch(catalogue: Catalogue, layout: Layout) -> None:
    files = [write_journal(layout, PARTS), write_journal(layout, [(1, 2, 9, [START], False)], 2)]

    assert as_lists(recovered(catalogue, files)) == {(1, 1): [(1, 3100)], (2, 1): [(1, 3)], (2, 2): [(9, 9)]}


def test_rows_that_were_left_out_on_purpose_count_as_well(catalogue: Catalogue, layout: Layout) -> None:
    journal = JournalWriter(layout.journal(1))
    journal.leave_out(1, KEYS[0], 5, 1, 10)
    journal.flush()
    journal.close()

    assert as_lists(recovered(catalogue, [layout.journal(1)])) == {(1, 5): [(1, 10)]}


def test_series_and_versions_that_the_catalogue_has_not_are_in_it_afterwards(layout: Layout) -> None:
    path = write_journal(layout, PARTS)

    with Catalogue(layout.catalogue) as catalogue:
        recovered(catalogue, [path])

        assert catalogue.series() == {1: KEYS[0], 2: KEYS[1]}
        assert list(catalogue.versions()) == [Version(1, 1, FIELDS, START), Version(2, 1, FIELDS, START + 3)]
