from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.link import ByteOrder, FixedLength, Framing, Lines, Prefixed
from ocs.model.errors import DeviceError, ParameterError

terminators = st.sampled_from([b"\r\n", b"\r", b"\n", b"\n\r", b"ab", b"aab"])
payloads = st.lists(st.binary(max_size=20), max_size=8)
cuts = st.lists(st.integers(min_value=1, max_value=9), max_size=60)


def chopped(stream: bytes, lengths: list[int]) -> list[bytes]:
    pieces = []
    for length in lengths:
        pieces.append(stream[:length])
        stream = stream[length:]
    return [*pieces, stream]


def fed(framing: Framing, pieces: list[bytes]) -> list[bytes]:
    return [frame for piece in pieces for frame in framing.feed(piece)]


@given(payloads, terminators, cuts)
def test_lines_are_the_same_however_the_stream_is_chopped(
    lines: list[bytes], terminator: bytes, lengths: list[int]
) -> None:
    stream = b"".join(line + terminator for line in lines)

    assert fed(Lines(terminator), chopped(stream, lengths)) == stream.split(terminator)[:-1]


@given(payloads, st.integers(min_value=1, max_value=4), st.sampled_from(ByteOrder), cuts)
def test_prefixed_frames_come_back_however_the_stream_is_chopped(
    frames: list[bytes], header: int, order: ByteOrder, lengths: list[int]
) -> None:
    framing = Prefixed(header, order)
    stream = b"".join(framing.frame(frame) for frame in frames)

    assert fed(framing, chopped(stream, lengths)) == frames


@given(st.binary(max_size=100), st.integers(min_value=1, max_value=9), cuts)
def test_frames_of_fixed_length_are_the_same_however_the_stream_is_chopped(
    stream: bytes, length: int, lengths: list[int]
) -> None:
    frames = fed(FixedLength(length), chopped(stream, lengths))

    assert b"".join(frames) == stream[: len(stream) // length * length]
    assert {len(frame) for frame in frames} <= {length}


def test_a_request_gets_the_terminator_of_its_direction() -> None:
    assert Lines(b"\r\n").frame(b"T?") == b"T?\r\n"
    assert Lines(b"\r\n", send=b"\r").frame(b"T?") == b"T?\r"
    assert Lines(b"\r\n", send=b"").frame(b"T?") == b"T?"


def test_a_line_may_be_as_long_as_the_limit() -> None:
    assert Lines(b"\n", limit=5).feed(b"12345\n") == [b"12345"]


@pytest.mark.parametrize("stream", [b"123456\n", b"1234567", b"12\n123456\n"])
def test_a_line_above_the_limit_is_refused_and_forgotten(stream: bytes) -> None:
    lines = Lines(b"\n", limit=5)

    with pytest.raises(DeviceError, match="more than 5 bytes"):
        lines.feed(stream)

    assert lines.feed(b"next\n") == [b"next"]


def test_an_incomplete_line_is_forgotten_at_reset() -> None:
    lines = Lines(b"\r\n")
    lines.feed(b"half\r")

    lines.reset()

    assert lines.feed(b"\nwhole\r\n") == [b"\nwhole"]


def test_incomplete_binary_frames_are_forgotten_at_reset() -> None:
    fixed, prefixed = FixedLength(4), Prefixed(1)
    fixed.feed(b"123")
    prefixed.feed(b"\x05123")

    fixed.reset()
    prefixed.reset()

    assert fixed.feed(b"abcd") == [b"abcd"]
    assert prefixed.feed(b"\x01a") == [b"a"]


def test_a_header_above_the_limit_is_refused_and_forgotten() -> None:
    framing = Prefixed(2, limit=10)

    with pytest.raises(DeviceError, match="frame of 258 bytes"):
        framing.feed(b"\x01\x02")

    assert framing.feed(b"\x00\x01a") == [b"a"]


def test_a_payload_above_the_limit_is_not_sent() -> None:
    with pytest.raises(ParameterError, match="300 bytes; at most 255"):
        Prefixed(1).frame(bytes(300))


@pytest.mark.parametrize("make", [lambda: Lines(b""), lambda: FixedLength(0), lambda: Prefixed(0), lambda: Prefixed(9)])
def test_impossible_framings_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ParameterError):
        make()
