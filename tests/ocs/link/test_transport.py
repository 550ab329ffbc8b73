from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from ocs.link.transport import DescriptorTransport
from ocs.model.errors import DeadlineError, LinkLostError
from tests.ocs.link.fakes import DEADLINE_S, Outcome


@pytest.fixture
def pair() -> Iterator[tuple[DescriptorTransport, socket.socket]]:
    near, far = socket.socketpair()
    transport = DescriptorTransport(near, "the test port", write_s=0.01)
    yield transport, far
    transport.close()
    far.close()


Pair = tuple[DescriptorTransport, socket.socket]


def test_bytes_go_both_ways(pair: Pair) -> None:
    transport, far = pair

    transport.write(b"question")
    far.sendall(b"answer")

    assert far.recv(100) == b"question"
    assert transport.read(DEADLINE_S) == b"answer"


def test_a_read_ends_empty_when_its_time_is_over(pair: Pair) -> None:
    transport, _ = pair

    assert transport.read(0.001) == b""


def test_a_waiting_read_is_woken(pair: Pair) -> None:
    transport, _ = pair
    reading = Outcome(lambda: transport.read(DEADLINE_S * 10))

    transport.wake()

    assert reading.join().value == b""


def test_a_wake_before_the_read_is_not_lost_and_works_once(pair: Pair) -> None:
    transport, far = pair
    transport.wake()
    transport.wake()

    assert transport.read(DEADLINE_S * 10) == b""

    reading = Outcome(lambda: transport.read(DEADLINE_S))
    far.sendall(b"data")
    assert reading.join().value == b"data"


def test_a_wake_does_not_hide_bytes_that_wait(pair: Pair) -> None:
    transport, far = pair
    far.sendall(b"data")
    transport.wake()

    assert transport.read(0.0) == b"data"


def test_drain_throws_away_what_waits(pair: Pair) -> None:
    transport, far = pair
    far.sendall(b"old" * 1000)

    transport.drain()

    assert transport.read(0.0) == b""


def test_a_hang_up_of_the_other_side_is_a_loss(pair: Pair) -> None:
    transport, far = pair
    far.close()

    with pytest.raises(LinkLostError, match="the test port was closed by the other side"):
        transport.read(DEADLINE_S)
    with pytest.raises(LinkLostError, match="the test port is gone: Broken pipe"):
        transport.write(b"question")


def test_close_ends_a_waiting_read_in_another_thread_and_then_the_descriptor(pair: Pair) -> None:
    transport, far = pair
    reading = Outcome(lambda: transport.read(DEADLINE_S * 10))

    transport.close()

    assert isinstance(reading.join().error, LinkLostError)
    assert far.recv(1) == b""


def test_a_closed_transport_refuses_and_may_be_woken_and_closed_again(pair: Pair) -> None:
    transport, _ = pair
    transport.close()

    transport.close()
    transport.wake()

    with pytest.raises(LinkLostError, match="was closed"):
        transport.read(0.0)
    with pytest.raises(LinkLostError, match="was closed"):
        transport.write(b"x")


def test_a_write_that_nobody_takes_ends_at_its_deadline(pair: Pair) -> None:
    transport, _ = pair

    with pytest.raises(DeadlineError, match=r"did not take the last \d+ bytes within 0.01 s"):
        transport.write(bytes(10_000_000))


def test_a_long_write_goes_on_when_there_is_room(pair: Pair) -> None:
    transport, far = pair
    generous = DescriptorTransport(socket.socket(fileno=os.dup(far.fileno())), "far end", write_s=DEADLINE_S)
    writing = Outcome(lambda: generous.write(bytes(1_000_000)))

    count = 0
    while count < 1_000_000:
        count += len(transport.read(DEADLINE_S))

    assert writing.join().error is None
    generous.close()
