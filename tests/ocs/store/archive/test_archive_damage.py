"""Whatever happens to one file of an archive: it opens, what it has is what was written, and gaps cover the rest."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ocs.store
from ocs.model.datatype import DataType
from ocs.model.errors import VersionError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.blocks.parquet import read_block
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.layout import Layout
from ocs.wire.archive import encode_batch
from tests.ocs.store.archive.filling import DAY, SECOND, START
from tests.ocs.store.archive.putting import ALL, Putting, answer
from tests.ocs.store.archive.shelf import FAR_AHEAD, LONG_AGO

FIELDS = {"x": FieldType(DataType.FLOAT64, unit="K"), "word": FieldType(DataType.STR)}
KEYS = [
    SeriesKey("lab/thermo-1", "_channels", "t.1"),
    SeriesKey("stage-1", "feed", "feed"),
    SeriesKey("late", "f", "b"),
]
TICK = SECOND // 100

Row = tuple[SeriesKey, int, int, float, str]
"""Series, time, number, value, text."""


@dataclass(frozen=True)
class Part:
    """Rows of a series, TICK after each other."""

    key: SeriesKey
    first: int
    count: int
    start: int

    @property
    def batch(self) -> Batch:
        numbers = np.arange(self.first, self.first + self.count)
        times = START + self.start + np.arange(self.count) * TICK
        columns = {"x": np.sqrt(numbers), "word": [f"{number:x}" for number in numbers]}
        return Batch(self.key, 7, self.first, times, FIELDS, columns)

    @property
    def rows(self) -> list[Row]:
        batch = self.batch
        numbers = range(self.first, self.first + self.count)
        values = zip(batch.times.tolist(), numbers, batch.columns["x"].tolist(), batch.columns["word"], strict=True)
        return [(self.key, *value) for value in values]


SEALED = [
    [Part(KEYS[0], 1, 1200, 0), Part(KEYS[1], 1, 5, 10)],
    [Part(KEYS[0], 1201, 1300, 5 * SECOND), Part(KEYS[1], 6, 5, DAY)],
    [Part(KEYS[0], 2501, 40, DAY - 20 * TICK)],
]
WAITING = [Part(KEYS[1], 11, 30, DAY + SECOND), Part(KEYS[2], 1, 4, DAY), Part(KEYS[0], 2541, 10, DAY + SECOND)]
PARTS = [part for parts in [*SEALED, WAITING] for part in parts]
ROWS = {row for part in PARTS for row in part.rows}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An archive with merged blocks, roll-ups and a journal: as its process left it in good order, and when killed."""
    folder = tmp_path_factory.mktemp("filled")
    with Putting(folder / "ended") as putting:
        for number, parts in enumerate(SEALED):
            for part in parts:
                assert putting.put(encode_batch(part.batch)) == answer(stored=part.count)
            assert putting.archive.seal()
            if number == 1:
                assert putting.archive.compact().before == 2
        for part in WAITING:
            putting.put(encode_batch(part.batch))
        shutil.copytree(folder / "ended", folder / "killed")
    return {name: folder / name for name in ("ended", "killed")}


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True)
class Harm:
    """What happens to one file."""

    state: str
    file: str
    action: str
    where: list[float]
    what: int

    def do(self, folder: Path) -> None:
        path = folder / self.file
        content = bytearray(path.read_bytes())
        if self.action == "remove":
            path.unlink()
        elif self.action == "truncate":
            os.truncate(path, int(self.where[0] * len(content)))
        else:
            for place in self.where if content else ():
                content[int(place * len(content))] ^= self.what
            path.write_bytes(content)


places = st.floats(0.0, 1.0, exclude_max=True)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_whatever_happens_to_one_file_each_row_is_there_once_or_a_gap_covers_it(
    filled: dict[str, Path], data: st.DataObject
) -> None:
    state = data.draw(st.sampled_from(sorted(filled)))
    harm = Harm(
        state, data.draw(st.sampled_from(files(filled[state]))),
        data.draw(st.sampled_from(["remove", "truncate", "flip"])),
        data.draw(st.lists(places, min_size=1, max_size=4)), data.draw(st.integers(1, 255)),
    )  # fmt: skip
    of_blocks = harm.file.startswith(("blocks", "rollups")) and harm.action != "remove"
    anew = of_blocks and data.draw(st.booleans())
    with TemporaryDirectory() as place:
        folder = Path(place) / "archive"
        shutil.copytree(filled[state], folder)
        harm.do(folder)
        if anew:
            for path in folder.glob("catalogue.sqlite*"):
                path.unlink()
        check_archive(folder, harm)


def check_archive(folder: Path, harm: Harm) -> None:
    putting = Putting(folder)
    try:
        putting.archive.open()
    except VersionError:  # it is left alone: a flipped bit made another version of a file's head
        assert harm.action == "flip"
        assert harm.file.endswith((".log", ".sqlite", "-wal"))
        return
    try:
        assert putting.archive.seal()
        putting.archive.check()
        found, gaps = rows_of(folder), putting.archive._catalogue.gaps()
        assert not [row for row, count in found.items() if count > 1]
        assert not set(found) - ROWS
        assert not [row for row in ROWS - set(found) if not any(covers(gap, row) for gap in gaps)]
        for part in PARTS:
            again = putting.put(encode_batch(part.batch))
            assert again["stored"] <= len([row for row in part.rows if row not in found])
            assert again == answer(stored=again["stored"], known=part.count - again["stored"])
        assert putting.archive.seal()
        found = rows_of(folder)
        assert not [row for row, count in found.items() if count > 1]
        assert not set(found) - ROWS
    finally:
        putting.archive.close()
    with ocs.store.open(folder) as reader:
        for key in KEYS:
            assert reader.history(f"{key.device}.*", *ALL).to_arrow().num_rows


def rows_of(folder: Path) -> Counter[Row]:
    """Return the rows that the catalogue leads to, and how many times."""
    found: Counter[Row] = Counter()
    with Catalogue(Layout(folder).catalogue) as catalogue:
        series = catalogue.series()
        for block in catalogue.blocks():
            table = read_block(folder / block.path, LONG_AGO, FAR_AHEAD)
            assert set(numbers_of(table, "epoch").tolist()) == {7}
            columns = (numbers_of(table, "time").tolist(), numbers_of(table, "seq").tolist(),
                       table["x"].to_pylist(), table["word"].to_pylist())  # fmt: skip
            found.update((series[block.series], *row) for row in zip(*columns, strict=True))
    return found


def covers(gap: Gap, row: Row) -> bool:
    key, time, *_ = row
    own = (gap.device, gap.feed, gap.block) == (key.device, key.feed, key.block)
    return own and gap.cause is GapCause.DAMAGED and gap.start <= time and (gap.end is None or gap.end >= time)
