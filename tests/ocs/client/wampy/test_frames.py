from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.client.wampy.frames import CONTROL_LIMIT, Frame, FrameParser, Opcode, encode, mask
from ocs.model.errors import RouterLostError

LENGTHS = st.sampled_from([0, 1, 125, 126, 127, 128, 32_767, 32_768, 65_535, 65_536, 65_537]) | st.integers(0, 70_000)
KEYS = st.none() | st.binary(min_size=4, max_size=4)
LIMIT = 1 << 20


def payload_of(size: int) -> bytes:
    return bytes(index % 251 for index in range(size))


@given(LENGTHS, KEYS, st.sampled_from([Opcode.TEXT, Opcode.BINARY]))
def test_a_frame_comes_out_as_it_went_in(size: int, key: bytes | None, opcode: Opcode) -> None:
    frame = Frame(opcode, payload_of(size))

    assert list(FrameParser(LIMIT).feed(encode(frame, key))) == [frame]


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (127, b"\x81\x7e\x00\x7f"),
        (32_767, b"\x81\x7e\x7f\xff"),
        (32_768, b"\x81\x7e\x80\x00"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_the_shortest_length_is_used_and_it_is_unsigned(size: int, head: bytes) -> None:
    assert encode(Frame(Opcode.TEXT, payload_of(size)), None) == head + payload_of(size)


def test_the_examples_of_the_rfc() -> None:
    """RFC 6455, section 5.7."""
    assert encode(Frame(Opcode.TEXT, b"Hello"), None) == b"\x81\x05Hello"
    masked = bytes.fromhex("818537fa213d7f9f4d5158")
    assert encode(Frame(Opcode.TEXT, b"Hello"), bytes.fromhex("37fa213d")) == masked
    assert list(FrameParser(LIMIT).feed(b"\x01\x03Hel\x80\x02lo")) == [Frame(Opcode.TEXT, b"Hello")]
    assert list(FrameParser(LIMIT).feed(b"\x89\x05Hello")) == [Frame(Opcode.PING, b"Hello")]


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_masking_is_the_exclusive_or_of_each_byte(payload: bytes, key: bytes) -> None:
    assert mask(payload, key) == bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


@given(LENGTHS, st.binary(min_size=4, max_size=4))
def test_masking_twice_changes_nothing(size: int, key: bytes) -> None:
    assert mask(mask(payload_of(size), key), key) == payload_of(size)


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=5), st.lists(st.integers(1, 200), min_size=1), KEYS)
def test_the_pieces_in_which_bytes_arrive_do_not_matter(
    payloads: list[bytes], cuts: list[int], key: bytes | None
) -> None:
    frames = [Frame(Opcode.TEXT, each) for each in payloads]
    stream = b"".join(encode(each, key) for each in frames)
    out: list[Frame] = []
    parser, start = FrameParser(LIMIT), 0

    for index in range(len(stream)):
        if start < len(stream):
            size = cuts[index % len(cuts)]
            out += parser.feed(stream[start : start + size])
            start += size

    assert out == frames


@given(st.lists(st.binary(max_size=200), min_size=2, max_size=6), st.binary(max_size=CONTROL_LIMIT), KEYS)
def test_fragments_are_joined_and_a_ping_between_them_comes_out_at_once(
    parts: list[bytes], ping: bytes, key: bytes | None
) -> None:
    first, *rest = parts
    stream = encode(Frame(Opcode.TEXT, first, final=False), key) + encode(Frame(Opcode.PING, ping), key)
    for index, part in enumerate(rest):
        stream += encode(Frame(Opcode.CONTINUATION, part, final=index == len(rest) - 1), key)

    assert list(FrameParser(LIMIT).feed(stream)) == [Frame(Opcode.PING, ping), Frame(Opcode.TEXT, b"".join(parts))]


@pytest.mark.parametrize("opcode", [Opcode.CLOSE, Opcode.PING, Opcode.PONG])
def test_a_control_frame_is_short(opcode: Opcode) -> None:
    assert list(FrameParser(LIMIT).feed(encode(Frame(opcode, bytes(125)), None))) == [Frame(opcode, bytes(125))]
    with pytest.raises(ValueError, match="125 are allowed"):
        encode(Frame(opcode, bytes(126)), None)


@pytest.mark.parametrize(
    "data",
    [
        b"\xc1\x00",  # a reserved bit
        b"\x83\x00",  # an unknown kind
        b"\x80\x00",  # the rest of nothing
        b"\x01\x00\x81\x00",  # a message within another
        b"\x09\x00",  # a ping in parts
        b"\x89\x7e\x00\x7e",  # a long ping
        b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff",  # more than anybody has
    ],
)
def test_bytes_that_break_the_protocol_are_refused(data: bytes) -> None:
    with pytest.raises(RouterLostError):
        list(FrameParser(LIMIT).feed(data))


def test_the_limit_holds_for_the_sum_of_the_fragments() -> None:
    parser = FrameParser(100)
    list(parser.feed(encode(Frame(Opcode.TEXT, bytes(60), final=False), None)))

    with pytest.raises(RouterLostError, match="120 bytes; 100 are accepted"):
        list(parser.feed(encode(Frame(Opcode.CONTINUATION, bytes(60)), None)))
