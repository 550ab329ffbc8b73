from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.store.archive.catalogue.catalogue import Catalogue, Change
from ocs.store.archive.intake.taken import TakenRows

spans = st.tuples(st.integers(1, 40), st.integers(0, 8)).map(lambda span: (span[0], sum(span)))
steps = st.lists(st.tuples(st.sampled_from(["stage", "keep", "forget", "seal"]), st.sampled_from([7, 8]), spans))


@given(steps)
@settings(max_examples=50)
def test_rows_count_from_when_they_are_staged_unless_they_are_forgotten(
    given_steps: list[tuple[str, int, tuple[int, int]]],
) -> None:
    kept: dict[int, set[int]] = {7: set(), 8: set()}
    staged: dict[int, set[int]] = {7: set(), 8: set()}
    with TemporaryDirectory() as folder, Catalogue(Path(folder) / "catalogue.sqlite") as catalogue:
        catalogue.seal(1, Change(), {(1, 7): [(1, 5)]})
        kept[7] = set(range(1, 6))
        taken = TakenRows(catalogue)
        for step, epoch, (first, last) in given_steps:
            missing = {number for a, b in taken.missing(1, epoch, first, last) for number in range(a, b + 1)}
            assert missing == set(range(first, last + 1)) - kept[epoch] - staged[epoch]
            if step == "stage":
                taken.stage(1, epoch, first, last)
                staged[epoch] |= set(range(first, last + 1))
            elif step == "keep":
                taken.keep()
                kept = {key: kept[key] | staged[key] for key in kept}
                staged = {7: set(), 8: set()}
            elif step == "forget":
                taken.forget()
                staged = {7: set(), 8: set()}


def test_series_do_not_share_numbers(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "catalogue.sqlite") as catalogue:
        taken = TakenRows(catalogue)
        taken.stage(1, 7, 1, 10)
        taken.keep()

        assert taken.missing(2, 7, 1, 10) == [(1, 10)]
        assert taken.missing(1, 7, 1, 12) == [(11, 12)]
