from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.gap import Gap, GapCause
from ocs.model.series import FieldType, SeriesKey
from ocs.store.archive.catalogue.catalogue import Block, Catalogue, Change, Cursor, Rollup, Version
from ocs.store.archive.catalogue.file import DamagedCatalogueError

KEY = SeriesKey("thermo-1", "temperatures", "temperatures")
GAP = Gap("thermo-1", 5, None, GapCause.LINK_LOST)

numbers = st.integers(1, 4)
spans = st.tuples(numbers, numbers).map(lambda span: (3 * span[0], 3 * span[0] + span[1]))


def block(number: int) -> Block:
    return Block(1, 1, f"blocks/{number}", 3, number, number + 1, "2026-03-01", 100, number)


def rollup(number: int) -> Rollup:
    return Rollup(1, 1, "1s", f"rollups/{number}", 3, number, number + 1, "2026-03-01", 100)


changes: st.SearchStrategy[Callable[[Catalogue], object]] = st.one_of(
    numbers.map(lambda number: lambda catalogue: catalogue.add_series(SeriesKey("d", "f", str(number)))),
    numbers.map(
        lambda number: (
            lambda catalogue: catalogue.add_version(Version(1, number, {"x": FieldType(DataType.FLOAT64)}, number))
        )
    ),
    st.tuples(numbers, numbers).map(
        lambda both: (
            lambda catalogue: catalogue.change(
                Change(
                    [] if catalogue.blocks() else [block(both[0])],
                    [] if catalogue.rollups() else [rollup(both[0])],
                    [each.id for each in catalogue.blocks()],
                    [each.id for each in catalogue.rollups()],
                    [GAP],
                )
            )
        )
    ),
    st.tuples(numbers, spans).map(
        lambda both: lambda catalogue: catalogue.seal(both[0], Change(), {(1, 7): [both[1]]})
    ),
    numbers.map(lambda number: lambda catalogue: catalogue.add_gaps([Gap("d", number % 2, number, GapCause.PAUSED)])),
    numbers.map(lambda number: lambda catalogue: catalogue.set_cursor(str(number % 2), Cursor(number))),
    numbers.map(lambda number: lambda catalogue: catalogue.remove_cursor(str(number % 2))),
)


@given(st.lists(st.tuples(changes, st.booleans()), max_size=8))
@settings(max_examples=40, deadline=None)
def test_whatever_changes_the_rows_are_those_that_were_written(
    told: list[tuple[Callable[[Catalogue], object], bool]],
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.sqlite"
        with Catalogue(path) as one, Catalogue(path) as other:
            for change, by_other in told:
                change(other if by_other else one)

        Catalogue(path, verify=True).close()


CHANGES = [
    "UPDATE series SET device = 'thermo-2'",
    "UPDATE spans SET last = last + 1",
    "UPDATE blocks SET first = first - 1",
    "UPDATE meta SET value = '8' WHERE key = 'sealed'",
    "UPDATE meta SET value = value + 1 WHERE key = 'checksum'",
    "UPDATE gaps SET end = 9",
    "UPDATE versions SET fields = CAST(x'ff' AS TEXT)",
]


@pytest.mark.parametrize("order", CHANGES)
def test_rows_that_nobody_wrote_are_damage(tmp_path: Path, order: str) -> None:
    path = tmp_path / "catalogue.sqlite"
    with Catalogue(path) as catalogue:
        catalogue.add_series(KEY)
        catalogue.add_version(Version(1, 1, {"x": FieldType(DataType.FLOAT64)}, 1))
        catalogue.seal(1, Change([block(1)], gaps=[GAP]), {(1, 7): [(1, 3)]})
        Catalogue(path, verify=True).close()
        assert catalogue._connection.execute(order).rowcount == 1

    with pytest.raises(DamagedCatalogueError, match="its rows are not those that were written"):
        Catalogue(path, verify=True)


def test_a_catalogue_from_before_there_was_a_sum_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with Catalogue(path) as catalogue:
        catalogue.add_series(KEY)
        catalogue._connection.execute("DELETE FROM meta WHERE key = 'checksum'")

    Catalogue(path, verify=True).close()

    with Catalogue(path) as catalogue:
        catalogue._connection.execute("UPDATE series SET device = 'thermo-2'")
    with pytest.raises(DamagedCatalogueError):
        Catalogue(path, verify=True)
