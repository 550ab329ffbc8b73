"""A file of frames: what was written whole is read whole, and nothing else, whatever happened to the file."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.store.framed_log import HEAD, LARGEST_FRAME, FramedLog, LogReport, check, frame_end, scan

PAYLOADS = [b"first", b"x" * 300, b"the third"]
FRAME = 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.log"


def written(path: Path, payloads: list[bytes]) -> list[int]:
    log = FramedLog(path)
    offsets = log.append(payloads)
    log.close()
    return offsets


def read(path: Path, offset: int = 0) -> list[bytes]:
    return [frame.payload for frame in scan(path, offset)]


@given(groups=st.lists(st.lists(st.binary(min_size=1, max_size=40), max_size=4), max_size=4))
@settings(max_examples=50, deadline=None)
def test_what_is_appended_is_read(tmp_path_factory: pytest.TempPathFactory, groups: list[list[bytes]]) -> None:
    path = tmp_path_factory.mktemp("log") / "a.log"
    log = FramedLog(path)
    offsets = [offset for group in groups for offset in log.append(group)]
    log.sync()
    log.close()

    frames = list(scan(path))

    assert [frame.payload for frame in frames] == [payload for group in groups for payload in group]
    assert [frame.offset for frame in frames] == offsets
    assert check(path) == LogReport(len(frames), log.size, 0, damaged=False)
    assert log.size == path.stat().st_size


def test_a_payload_may_come_in_pieces_and_as_a_view(path: Path) -> None:
    log = FramedLog(path)

    log.append([(b"in ", memoryview(b"pieces")), memoryview(b"12345678").cast("I"), b"whole"])

    assert read(path) == [b"in pieces", b"12345678", b"whole"]


def test_reading_begins_at_any_offset_of_a_frame(path: Path) -> None:
    offsets = written(path, PAYLOADS)

    assert [read(path, offset) for offset in offsets] == [PAYLOADS, PAYLOADS[1:], PAYLOADS[2:]]
    assert check(path, offsets[1]).frames == 2


def test_a_file_that_is_there_is_not_overwritten(path: Path) -> None:
    written(path, PAYLOADS)

    with pytest.raises(FileExistsError):
        FramedLog(path)
    assert read(path) == PAYLOADS


def test_a_file_cut_at_any_byte_has_its_whole_frames_and_a_torn_tail(path: Path) -> None:
    offsets = written(path, PAYLOADS)
    data = path.read_bytes()
    ends = [len(HEAD), *offsets[1:], len(data)]

    for size in range(len(data)):
        path.write_bytes(data[:size])
        whole = sum(end <= size for end in ends[1:])
        good = max((end for end in ends if end <= size), default=0)

        assert read(path) == PAYLOADS[:whole]
        assert check(path) == LogReport(whole, good, size - good, damaged=False)


def test_any_changed_byte_costs_only_what_follows_it(path: Path) -> None:
    offsets = written(path, PAYLOADS)
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        whole = sum(end <= at for end in [*offsets[1:], len(data)])

        assert read(path) == PAYLOADS[:whole]
        report = check(path)
        assert report.frames == whole
        assert report.damaged or report.torn_bytes


@pytest.mark.parametrize("zeros", [1, 7, 8, 9, 5000])
def test_zeros_at_the_end_are_no_frames(path: Path, zeros: int) -> None:
    written(path, PAYLOADS)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + bytes(zeros))

    assert read(path) == PAYLOADS
    assert check(path) == LogReport(3, size, zeros if zeros < FRAME else 0, damaged=zeros >= FRAME)


@pytest.mark.parametrize("content", [b"SQLite format 3\0" * 20, bytes(100), b"OCSLOG2\n", HEAD[1:]])
def test_a_file_of_another_kind_has_no_frames_and_is_damaged(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert read(path) == []
    assert check(path) == LogReport(0, 0, 0, damaged=True)


def test_an_empty_file_is_one_whose_writer_was_killed(path: Path) -> None:
    path.touch()

    assert check(path) == LogReport(0, 0, 0, damaged=False)


def test_a_monstrous_length_is_damage_and_allocates_nothing(path: Path) -> None:
    path.write_bytes(HEAD + struct.pack("<II", 0xFFFFFFFF, 1) + b"abc")

    assert read(path) == []
    assert check(path) == LogReport(0, len(HEAD), 0, damaged=True)


@given(data=st.binary(max_size=200), headed=st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, *, data: bytes, headed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.log"
    path.write_bytes(HEAD * headed + data)

    report = check(path)

    assert report.frames == len(read(path))
    assert report.good_bytes + report.torn_bytes <= path.stat().st_size


def test_a_frame_that_is_appended_later_is_found_by_going_on(path: Path) -> None:
    log = FramedLog(path)
    log.append([b"one"])
    (one,) = scan(path)

    log.append([b"two"])

    assert read(path, one.end) == [b"two"]


def test_a_torn_file_is_gone_on_with_from_its_good_end(path: Path) -> None:
    written(path, PAYLOADS)
    path.write_bytes(path.read_bytes()[:-3])
    good = check(path).good_bytes

    log = FramedLog(path, keep=good)
    log.append([b"new"])

    assert read(path) == [*PAYLOADS[:2], b"new"]
    assert check(path).torn_bytes == 0


def test_a_cleared_file_has_only_what_came_after(path: Path) -> None:
    log = FramedLog(path)
    log.append(PAYLOADS)
    log.clear()
    assert check(path) == LogReport(0, len(HEAD), 0, damaged=False)

    log.append([b"after"])

    assert read(path) == [b"after"]


def test_a_payload_that_no_reader_would_take_is_not_written(path: Path) -> None:
    log = FramedLog(path)
    log.append([b"before"])

    with pytest.raises(OSError, match="too many") as refused:
        log.append([b"with it", bytes(LARGEST_FRAME + 1)])
    with pytest.raises(ValueError, match="empty"):
        log.append([b""])

    assert refused.value.errno == errno.EFBIG
    assert read(path) == [b"before"]
    assert log.size == path.stat().st_size


def test_after_closing_nothing_is_written(path: Path) -> None:
    log = FramedLog(path)
    log.close()
    log.close()

    with pytest.raises(OSError, match="descriptor"):
        log.append([b"late"])
    assert read(path) == []


def test_where_a_frame_ends_is_known_by_its_head_though_it_is_damaged(path: Path) -> None:
    first, second, third = written(path, PAYLOADS)
    content = bytearray(path.read_bytes())
    content[second + FRAME + 5] ^= 1
    path.write_bytes(content)

    assert [frame_end(path, offset) for offset in (first, second)] == [second, third]
    assert frame_end(path, len(content)) == len(content) + FRAME
