from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.store.archive.blocks.files import Serial
from ocs.store.archive.catalogue.catalogue import Block
from ocs.store.archive.layout import Layout
from tests.ocs.store.archive.shelf import KEY

serials = st.builds(Serial, st.integers(0, 10**13), st.integers(1, 2000), st.integers(0, 2000))


@given(serials)
def test_a_serial_is_read_back_from_the_name_of_a_block_and_of_its_roll_ups(serial: Serial) -> None:
    layout = Layout(Path("/archive"))

    assert Serial.of(layout.block(KEY, "2026-03-01", str(serial))) == serial
    assert Serial.of(layout.relative(layout.rollup(KEY, "2026-03-01", str(serial), "1m"))) == serial


@pytest.mark.parametrize("name", ["notes.txt", "1-2.parquet", "a-1-0.parquet", "1-2-3-4.parquet", "-1-1-0.parquet", ""])
def test_other_names_have_no_serial(name: str) -> None:
    assert Serial.of(name) is None


@given(st.lists(st.integers(0, 5), min_size=2, max_size=60))
def test_a_name_never_comes_again(picks: list[int]) -> None:
    """Each step seals a journal file, or merges some of the blocks that are there."""
    there: list[Block] = []
    known: set[str] = set()
    for journal, pick in enumerate(picks, start=1):
        chosen = there[-pick:] if pick > 1 else []
        serial = Serial.merged(chosen) if len(chosen) > 1 else Serial(journal, 1)
        there = [block for block in there if block not in chosen] if len(chosen) > 1 else there
        assert str(serial) not in known
        known.add(str(serial))
        there.append(Block(1, 1, f"{serial}.parquet", 1, 0, 0, "2026-03-01", 1))
