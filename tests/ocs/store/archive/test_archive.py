from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ocs.store
from ocs.model.errors import DuplicateError, ParameterError, RetryAfterError, VersionError
from ocs.model.gap import Gap, GapCause
from ocs.store.archive.archive import ArchiveOptions
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.journal.journal import JournalWriter
from ocs.store.archive.layout import Layout
from ocs.wire.archive import encode_gap
from tests.ocs.store.archive import filling_up, killing
from tests.ocs.store.archive.filling import DEADLINE_S, START, feed_of
from tests.ocs.store.archive.putting import ALL, Putting, answer, numbers_in, part_of

GAP = Gap("thermo-1", START, START + 10, GapCause.PAUSED, detail="by the operator")


def test_a_put_is_stored_once_however_often_it_comes(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        assert putting.put(part_of(1, 10)) == answer(stored=10)
        assert putting.put(part_of(1, 10)) == answer(known=10)
        assert putting.put(part_of(11, 12), part_of(11, 12)) == answer(stored=2, known=2)

    assert numbers_in(tmp_path) == list(range(1, 13))


def test_late_rows_are_put_where_they_belong(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        for first, last in ((21, 30), (1, 10), (11, 20)):
            assert putting.put(part_of(first, last)) == answer(stored=10)

    assert numbers_in(tmp_path) == list(range(1, 31))


def test_a_new_process_of_an_agent_counts_anew(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        assert putting.put(part_of(1, 5, epoch=1), part_of(1, 5, epoch=2)) == answer(stored=10)


spans = st.tuples(st.integers(1, 40), st.integers(0, 15)).map(lambda span: (span[0], sum(span)))
puts = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 2), spans), min_size=1, max_size=4)
steps = st.lists(st.one_of(puts, st.sampled_from(["seal", "reopen", "kill"])), max_size=8)


torn_tails_are_told = pytest.mark.filterwarnings("ignore:.*at its end cannot be read")


@torn_tails_are_told
@given(steps=steps, torn=st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_each_row_is_there_once_whatever_comes_in_which_order_and_whenever_it_is_killed(
    steps: list[Any], torn: int
) -> None:
    with TemporaryDirectory() as place:
        story = Story(Path(place))
        for step in steps:
            if isinstance(step, str):
                getattr(story, step)(torn)
            else:
                story.put(step)
        story.close()

        for device in "ab":
            wanted = sorted(number for name, _, number in story.rows if name == device)
            assert story.found(device) == wanted


class Story:
    """An archive that is put into, sealed, opened again and killed, and the rows that it should have."""

    def __init__(self, place: Path) -> None:
        self.rows: set[tuple[str, int, int]] = set()
        self._place = place
        self._lives = 0
        self._folder = place / "0"
        self._putting = Putting(self._folder).__enter__()

    def put(self, parts: list[tuple[str, int, tuple[int, int]]]) -> None:
        """Put, and see that the answer is right."""
        new, count = set(), 0
        for device, epoch, (first, last) in parts:
            new |= {(device, epoch, number) for number in range(first, last + 1)}
            count += last - first + 1
        stored = len(new - self.rows)
        told = [part_of(*span, series=feed_of(device), epoch=epoch) for device, epoch, span in parts]
        assert self._putting.put(*told) == answer(stored=stored, known=count - stored)
        self.rows |= new

    def seal(self, _: int) -> None:
        """Make blocks."""
        assert self._putting.archive.seal()

    def reopen(self, _: int) -> None:
        """End in good order and begin again."""
        self.close()
        self._putting = Putting(self._folder).__enter__()

    def kill(self, torn: int) -> None:
        """Go on with what a killed process would have left, in the middle of a write."""
        assert self._putting.archive._upkeep.wait_sealed(DEADLINE_S)
        being_written = self._putting.archive._journal is not None
        self._lives += 1
        folder = self._place / str(self._lives)
        shutil.copytree(self._folder, folder)
        numbers = Layout(folder).journal_numbers()
        if being_written:
            with Layout(folder).journal(numbers[-1]).open("ab") as file:
                file.write((b"\x40\x01\0\0" + b"torn" * 100)[:torn])
        self.close()
        self._folder = folder
        self._putting = Putting(folder).__enter__()

    def close(self) -> None:
        """End in good order."""
        self._putting.archive.close()
        assert self._putting.troubles == []

    def found(self, device: str) -> list[float]:
        """Return the values of a device that a reader finds."""
        with ocs.store.open(self._folder) as reader:
            if not any(info.key.device == device for info in reader.series()):
                return []
        return sorted(numbers_in(self._folder, device, f"{device}.x"))


@torn_tails_are_told
def test_a_killed_archive_has_what_it_answered_and_takes_the_rest_again(tmp_path: Path) -> None:
    answered = 0
    for puts_answered in (1, 7, 20):
        command = [sys.executable, "-m", killing.__name__, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(puts_answered + answered // killing.ROWS):
                answered = max(answered, int(process.stdout.readline()))
            process.kill()
            rest = process.stdout.read().splitlines()
        answered = max([answered, *map(int, rest[:-1])])
        assert numbers_in(tmp_path)[:answered] == list(range(1, answered + 1))

    with Putting(tmp_path) as putting:
        told = putting.put(part_of(1, answered + 100))

    assert told["known"] >= answered
    assert numbers_in(tmp_path) == list(range(1, answered + 101))


def test_a_full_disk_refuses_for_now_and_nothing_is_lost(tmp_path: Path) -> None:
    command = ["unshare", "-Urm", sys.executable, "-m", filling_up.__name__, str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout, done.returncode) == ("good\n", 0), done.stderr


def test_a_process_that_was_killed_before_its_first_write_has_damaged_nothing(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        putting.archive.record_gap(GAP).result(DEADLINE_S)
        JournalWriter(Layout(tmp_path).journal(7)).close()
        JournalWriter(Layout(tmp_path).journal(8)).close()
        with ocs.store.open(tmp_path) as reader:
            assert reader.series() == []

    with Putting(tmp_path) as putting:
        assert putting.put(part_of(1, 3)) == answer(stored=3)
        assert putting.archive.seal()
        assert sealed_files(putting) == [9]


def test_two_processes_cannot_have_one_archive(tmp_path: Path) -> None:
    script = "import sys; from tests.ocs.store.archive.putting import Putting; Putting(sys.argv[1]).archive.open()"
    with Putting(tmp_path) as putting:
        command = [
            sys.executable,
            "-c",
            script.replace("sys.argv[1]", f"__import__('pathlib').Path({str(tmp_path)!r})"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        with pytest.raises(DuplicateError):
            Putting(tmp_path).archive.open()
        assert putting.put(part_of(1, 2)) == answer(stored=2)

    assert f"DuplicateError: the archive {tmp_path} runs already as process {os.getpid()}" in done.stderr


def test_an_archive_that_cannot_be_opened_leaves_it_to_others(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "catalogue.sqlite") as catalogue:
        catalogue.set_meta("schema_version", "99")
    with pytest.raises(VersionError):
        Putting(tmp_path).archive.open()
    (tmp_path / "catalogue.sqlite").unlink()

    with Putting(tmp_path) as putting:
        assert putting.put(part_of(1, 2)) == answer(stored=2)


def test_an_archive_with_a_journal_of_a_newer_ocs_is_not_opened_and_nothing_of_it_changes(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        putting.put(part_of(1, 10))
    path = Layout(tmp_path).journal(1)
    known = path.read_bytes()
    path.write_bytes(known.replace(b"OCSLOG1", b"OCSLOG2", 1))

    with pytest.raises(VersionError, match="update OCS: the file is left as it is"):
        Putting(tmp_path).archive.open()

    path.write_bytes(known)
    with Putting(tmp_path) as putting:
        assert putting.put(part_of(1, 12)) == answer(known=10, stored=2)


def test_a_file_of_the_journal_that_somebody_deleted_is_told_and_its_number_is_not_used_again(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        putting.put(part_of(1, 10))
    Layout(tmp_path).journal(1).unlink()

    with Putting(tmp_path) as putting:
        assert putting.put(part_of(1, 5)) == answer(stored=5)
        assert putting.archive.seal()
        (gap,) = putting.archive._catalogue.gaps()
        assert (gap.cause, gap.device, gap.first, gap.last, gap.rows) == (GapCause.DAMAGED, "thermo-1", 1, 10, 10)
        assert sealed_files(putting) == [2]
        assert list((tmp_path / "journal").iterdir()) == []
        assert ["gaps tell of what" in trouble for trouble in putting.troubles] == [True]


def test_many_threads_put_at_the_same_time(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        answers: list[dict[str, Any]] = []

        def work(number: int) -> None:
            series = feed_of(f"device-{number % 3}")
            answers.extend(putting.put(part_of(first, first + 9, series=series)) for first in range(1, 200, 10))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE_S)

        assert sum(each["stored"] for each in answers) == sum(each["known"] for each in answers) == 600
        assert putting.archive.figures.rows == 600
        assert putting.archive.figures.puts == 120
        assert putting.archive.figures.duplicates == 600


def test_puts_that_wait_are_answered_when_it_is_closed(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        waiting = [putting.archive.put([part_of(first, first + 9)]) for first in range(1, 3000, 10)]

    assert [each.result(0) for each in waiting] == [answer(stored=10)] * 300
    with Putting(tmp_path) as putting:
        assert putting.put(part_of(1, 3000)) == answer(known=3000)


def test_a_closed_archive_takes_nothing(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        pass

    for given_job in (putting.archive.put([part_of(1, 2)]), putting.archive.record_gap(GAP)):
        with pytest.raises(RetryAfterError, match="the archive is closed"):
            given_job.result(DEADLINE_S)


@pytest.mark.parametrize("parts", ["text", b"bytes", {"device": "a"}, 5, None])
def test_a_put_that_is_no_list_is_refused(tmp_path: Path, parts: Any) -> None:
    with Putting(tmp_path) as putting:
        with pytest.raises(ParameterError, match="a put carries a list of parts"):
            putting.archive.put(parts)

        assert putting.put(part_of(1, 2)) == answer(stored=2)


def test_a_caller_who_gives_up_stops_nobody(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        for first in range(1, 100, 2):
            putting.archive.put([part_of(first, first + 1)]).cancel()

        assert putting.put(part_of(1, 100)) == answer(known=100)


def test_gaps_are_recorded_from_parts_and_from_this_process(tmp_path: Path) -> None:
    other = Gap("stage-1", START, None, GapCause.AGENT_DOWN)
    with Putting(tmp_path) as putting:
        assert putting.put({"gap": encode_gap(GAP)}, part_of(1, 2)) == answer(stored=2)
        putting.archive.record_gap(other).result(DEADLINE_S)

    with Putting(tmp_path) as putting:
        assert putting.archive._catalogue.gaps() == [other, GAP] or putting.archive._catalogue.gaps() == [GAP, other]
        assert putting.archive.seal()
    with ocs.store.open(tmp_path) as reader:
        assert set(reader.gaps("*", *ALL)) == {GAP, other}


LOST = Gap("dev", 10, None, GapCause.LINK_LOST)
BACK = Gap("dev", 10, 20, GapCause.LINK_LOST, detail="back")
STARTED = Gap("dev", 30, 40, GapCause.PROCESS_KILLED)
OTHERS = Gap("other", 5, 15, GapCause.PROCESS_STOPPED)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("told", list(permutations([LOST, BACK, STARTED, OTHERS])), ids=range(24))
def test_a_link_that_came_back_is_lost_no_more_in_whichever_order_that_is_told(
    tmp_path: Path,
    told: tuple[Gap, ...],
    together: bool,  # noqa: FBT001 - a parameter
) -> None:
    with Putting(tmp_path) as putting:
        parts = [{"gap": encode_gap(gap)} for gap in told]
        for parts_of_put in [parts] if together else [[part] for part in parts]:
            putting.put(*parts_of_put)

        assert putting.archive._catalogue.gaps() == [OTHERS, BACK, STARTED]


@pytest.mark.parametrize("told", list(permutations([LOST, STARTED, OTHERS])), ids=range(6))
def test_what_an_old_process_left_open_ends_with_the_start_of_the_new_one(
    tmp_path: Path, told: tuple[Gap, ...]
) -> None:
    with Putting(tmp_path) as putting:
        for gap in told:
            putting.put({"gap": encode_gap(gap)})

        assert putting.archive._catalogue.gaps() == [OTHERS, replace(LOST, end=40), STARTED]


def sealed_files(putting: Putting) -> list[int]:
    return sorted({block.journal for block in putting.archive._catalogue.blocks()})


def test_a_large_file_of_the_journal_is_closed_and_becomes_blocks(tmp_path: Path) -> None:
    with Putting(tmp_path, options=ArchiveOptions(seal_s=10_000, seal_bytes=10_000)) as putting:
        for first in range(1, 3001, 300):
            putting.put(part_of(first, first + 299))
        assert putting.archive.seal()
        files = sealed_files(putting)

        assert len(files) > 2
        assert Layout(tmp_path).journal_numbers() == []
        assert putting.archive.figures.journal_bytes == 0

    assert numbers_in(tmp_path) == list(range(1, 3001))


def test_an_old_file_of_the_journal_is_closed_without_another_put(tmp_path: Path) -> None:
    with Putting(tmp_path, options=ArchiveOptions(seal_s=0.2)) as putting:
        putting.put(part_of(1, 10))
        wait_until(lambda: Layout(tmp_path).journal_numbers() == [])
        assert sealed_files(putting) == [1]
        assert putting.put(part_of(1, 20)) == answer(stored=10, known=10)

    assert numbers_in(tmp_path) == list(range(1, 21))


def wait_until(condition: Callable[[], bool]) -> None:
    never, deadline = threading.Event(), 1500
    while not condition():
        assert deadline, "it did not come to pass within 30 s"
        deadline -= 1
        never.wait(0.02)


def test_what_an_earlier_process_left_in_the_journal_becomes_blocks(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        putting.put(part_of(1, 10))
    with Putting(tmp_path) as putting:
        assert putting.archive._upkeep.wait_sealed(DEADLINE_S)
        assert sealed_files(putting) == [1]


def test_a_file_that_cannot_be_sealed_is_kept_and_told_and_those_after_it_wait(tmp_path: Path) -> None:
    (tmp_path / "blocks").write_text("in the way")
    with Putting(tmp_path) as putting:
        putting.put(part_of(1, 10))
        putting.archive.seal(wait=False)
        wait_until(lambda: bool(putting.troubles))
        putting.put(part_of(11, 20))
        putting.archive.seal(wait=False)
        assert "could not be made into blocks" in putting.troubles[0]
        assert numbers_in(tmp_path) == list(range(1, 21))
    (tmp_path / "blocks").unlink()

    with Putting(tmp_path) as putting:
        assert putting.archive.seal()
        assert sealed_files(putting) == [1, 2]

    assert numbers_in(tmp_path) == list(range(1, 21))


def test_after_a_failed_sync_the_rows_are_refused_and_go_into_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Putting(tmp_path) as putting:
        putting.put(part_of(1, 10))
        with monkeypatch.context() as broken:
            broken.setattr(os, "fdatasync", _failing)
            for _ in range(2):
                with pytest.raises(RetryAfterError, match="the disk failed"):
                    putting.put(part_of(11, 20))
        assert putting.put(part_of(11, 20)) == answer(stored=10)
        (trouble,) = putting.troubles
        assert trouble == (
            f"the disk of the archive {tmp_path} refuses ([Errno 5] the disk failed); the spools keep the data"
        )
        assert putting.archive.seal()
        assert sealed_files(putting) == [1, 3]

    assert numbers_in(tmp_path) == list(range(1, 21))


def test_rows_that_a_failing_disk_kept_although_their_sender_was_sent_away_are_in_blocks_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Putting(tmp_path) as putting:
        putting.put(part_of(1, 10))
        with monkeypatch.context() as broken:
            broken.setattr(os, "fdatasync", _failing)
            broken.setattr(os, "truncate", lambda *_: _failing(0))
            with pytest.raises(RetryAfterError, match="the disk failed"):
                putting.put(part_of(11, 20))
        assert putting.put(part_of(11, 20), part_of(21, 30)) == answer(stored=20)
        assert putting.archive.seal()
        assert sum(block.rows for block in putting.archive._catalogue.blocks()) == 30

    assert numbers_in(tmp_path) == list(range(1, 31))


def _failing(_: int) -> None:
    raise OSError(errno.EIO, "the disk failed")
