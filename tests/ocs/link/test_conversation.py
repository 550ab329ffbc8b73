from __future__ import annotations

import pytest

from ocs.link.conversation import KEPT_FRAMES, Conversation
from ocs.link.framing import Lines
from ocs.link.status import Tally
from ocs.model.cancellation import Cancellation, Cancelled, CancelReason, working_for
from ocs.model.errors import DeadlineError, DeviceError, LinkLostError
from tests.ocs.link.fakes import FakeClock, FakeTransport


class Bench:
    """A conversation over a fake transport; `replies` maps a request to (delay, reply) pairs."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.transport = FakeTransport(self.clock)
        self.tally = Tally()
        self.replies: dict[bytes, list[tuple[float, bytes]]] = {}
        self.transport.respond = self._respond
        self.talk = Conversation(
            "oven",
            self.transport,
            Lines(b"\n", limit=100),
            tally=self.tally,
            monotonic=self.clock,
            quiet_s=0.05,
        )

    def _respond(self, data: bytes) -> None:
        for delay_s, reply in self.replies.get(data.rstrip(b"\n"), []):
            self.transport.arrive(delay_s, reply)

    def ask(self, request: bytes, timeout_s: float = 2.0) -> bytes:
        return self.talk.ask(request, timeout_s, None)

    def cancel_after(self, delay_s: float) -> Cancellation:
        cancellation = Cancellation()
        self.transport.arrive(delay_s, lambda: cancellation.request(CancelReason.ABORT))
        return cancellation


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_request_gets_its_reply(bench: Bench) -> None:
    bench.replies = {b"T?": [(0.01, b"29"), (0.01, b"3.1\n")]}

    assert bench.ask(b"T?") == b"293.1"
    assert bench.transport.written == [b"T?\n"]
    assert bench.tally == Tally(exchanges=1, bytes_in=6, bytes_out=3)


def test_a_late_reply_is_an_error_that_names_request_seconds_and_device(bench: Bench) -> None:
    bench.replies = {b"T?": [(3.0, b"293.1\n")]}

    with pytest.raises(DeadlineError, match=r"^oven did not answer 'T\?' within 2 s; nothing came$"):
        bench.ask(b"T?")

    assert bench.tally.timeouts == 1


def test_half_a_reply_is_told(bench: Bench) -> None:
    bench.replies = {b"T?": [(0.1, b"293")]}

    with pytest.raises(DeadlineError, match="only 3 bytes came"):
        bench.ask(b"T?")


def test_a_reply_that_comes_after_its_deadline_is_not_taken_for_the_next(bench: Bench) -> None:
    bench.replies = {b"T?": [(2.03, b"293.1\n")], b"P?": [(0.01, b"1013\n")]}
    with pytest.raises(DeadlineError):
        bench.ask(b"T?")

    assert bench.ask(b"P?") == b"1013"
    assert bench.tally.drained == 6


def test_a_reply_that_comes_between_two_requests_is_thrown_away(bench: Bench) -> None:
    bench.replies = {b"T?": [(4.5, b"293.1\n")], b"P?": [(0.01, b"1013\n")]}
    with pytest.raises(DeadlineError):
        bench.ask(b"T?")
    assert bench.ask(b"P?") == b"1013"

    bench.clock.now += 10

    assert bench.ask(b"P?") == b"1013"
    assert bench.tally.drained == len(b"293.1")


def test_a_cancelled_exchange_leaves_no_reply_to_the_next(bench: Bench) -> None:
    bench.replies = {b"T?": [(0.3, b"293.1\n")], b"STOP": [(0.01, b"ok\n")]}
    cancellation = bench.cancel_after(0.05)

    with working_for(cancellation):
        with pytest.raises(Cancelled):
            bench.ask(b"T?")
        assert bench.clock.now == pytest.approx(100.05)
        assert bench.ask(b"STOP") == b"ok"

    assert bench.clock.now == pytest.approx(100.3 + 0.05 + 0.01)


def test_a_reply_that_is_slower_than_any_before_is_not_taken_for_the_next(bench: Bench) -> None:
    bench.replies = {b"P?": [(0.01, b"1013\n")], b"T?": [(0.6, b"293.1\n")], b"STOP": [(0.0, b"ok\n")]}
    bench.ask(b"P?")

    with working_for(bench.cancel_after(0.01)):
        with pytest.raises(Cancelled):
            bench.ask(b"T?")
        assert bench.ask(b"STOP") == b"ok"


def test_a_device_that_stays_mute_costs_a_second_once(bench: Bench) -> None:
    bench.replies = {b"STOP": [(0.0, b"ok\n")]}
    with working_for(bench.cancel_after(0.01)), pytest.raises(Cancelled):
        bench.ask(b"MUTE")
    start = bench.clock.now

    assert [bench.ask(b"STOP"), bench.ask(b"STOP")] == [b"ok", b"ok"]
    assert bench.clock.now - start == pytest.approx(1.0)


def test_a_device_that_never_is_quiet_is_asked_after_a_second(bench: Bench) -> None:
    bench.replies = {b"T?": [(0.02 * number, b"x") for number in range(500)], b"STOP": [(0.0, b"\nok\n")]}
    with working_for(bench.cancel_after(0.01)), pytest.raises(Cancelled):
        bench.ask(b"T?")
    start = bench.clock.now

    bench.talk.tell(b"STOP")

    assert bench.clock.now - start == pytest.approx(1.0, abs=0.05)


def test_a_cancel_request_that_waits_is_raised_before_anything_is_sent(bench: Bench) -> None:
    cancellation = Cancellation()
    cancellation.request(CancelReason.STOP)

    with working_for(cancellation), pytest.raises(Cancelled):
        bench.ask(b"T?")

    assert bench.transport.written == []


def test_a_wake_without_request_does_not_end_the_wait(bench: Bench) -> None:
    bench.replies = {b"T?": [(0.5, b"293.1\n")]}
    bench.transport.arrive(0.1, bench.transport.wake)

    assert bench.ask(b"T?") == b"293.1"


def test_frames_that_do_not_fit_are_kept_for_read(bench: Bench) -> None:
    bench.replies = {b"1TP": [(0.1, b"EVENT door\n1TP5.0\n")]}
    bench.transport.arrive(0.0, b"EVENT key\n")

    assert bench.talk.ask(b"1TP", 2.0, lambda frame: frame.startswith(b"1TP")) == b"1TP5.0"
    assert bench.talk.read(0.0) == b"EVENT key"
    assert bench.talk.read(0.0) == b"EVENT door"


def test_kept_frames_are_bounded_and_the_oldest_go(bench: Bench) -> None:
    for number in range(KEPT_FRAMES + 10):
        bench.transport.arrive(0.0, b"%d\n" % number)
        bench.talk.tell(b"GO")

    assert bench.talk.read(0.0) == b"10"


def test_the_lines_of_a_reply_are_read_one_by_one(bench: Bench) -> None:
    bench.replies = {b"LOG?": [(0.1, b"first\nsecond\n"), (0.2, b"third\n")]}

    assert bench.ask(b"LOG?") == b"first"
    assert [bench.talk.read(1.0), bench.talk.read(1.0)] == [b"second", b"third"]


def test_a_read_ends_at_its_deadline(bench: Bench) -> None:
    with pytest.raises(DeadlineError, match=r"oven said nothing within 1\.5 s"):
        bench.talk.read(1.5)

    assert bench.clock.now == pytest.approx(101.5)


def test_garbage_is_an_error_and_the_next_exchange_works(bench: Bench) -> None:
    bench.replies = {b"T?": [(0.1, b"#" * 200), (0.12, b"##\n")], b"P?": [(0.01, b"1013\n")]}

    with pytest.raises(DeviceError, match="more than 100 bytes"):
        bench.ask(b"T?")

    assert bench.ask(b"P?") == b"1013"


def test_garbage_that_waits_does_not_harm_a_request(bench: Bench) -> None:
    bench.transport.arrive(0.0, b"#" * 200)
    bench.replies = {b"P?": [(0.01, b"1013\n")]}

    assert bench.ask(b"P?") == b"1013"


def test_a_loss_rises(bench: Bench) -> None:
    bench.transport.gone = True

    with pytest.raises(LinkLostError):
        bench.ask(b"T?")


def test_what_waited_before_the_opening_is_thrown_away() -> None:
    clock = FakeClock()
    transport = FakeTransport(clock)
    transport.arrive(0.0, b"old\n")

    talk = Conversation("oven", transport, Lines(b"\n"), tally=Tally(), monotonic=clock, quiet_s=0.05)

    with pytest.raises(DeadlineError):
        talk.read(1.0)
