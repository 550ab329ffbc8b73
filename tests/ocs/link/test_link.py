from __future__ import annotations

import asyncio
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from ocs.link import BackOff, Lines, Link, LinkState, LinkStatus, Transport, open_port
from ocs.model.cancellation import Cancellation, Cancelled, CancelReason, working_for
from ocs.model.errors import (
    DeadlineError,
    DeviceError,
    LinkLostError,
    NotAllowedError,
    ParameterError,
)
from tests.ocs.link.fakes import DEADLINE_S, FakeClock, FakeTransport, Outcome, PtyDevice, pty_device

QUICK = BackOff(first_s=0.001, factor=1.0, max_s=0.001)


class Oven:
    """Answers as an instrument does; `SLOW?` waits until it is let go, `MUTE?` never answers."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go = threading.Event()
        self.known = True

    def __call__(self, line: bytes) -> bytes | None:
        if line == b"SLOW?":
            self.asked.set()
            assert self.go.wait(DEADLINE_S)
            return b"slow"
        if line == b"MUTE?":
            return None
        if line == b"*IDN?":
            return b"oven" if self.known else None
        return b"re " + line


class Changes:
    """Collects changes of state; a test waits for the next one."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[LinkStatus] = queue.SimpleQueue()

    def __call__(self, status: LinkStatus) -> None:
        self._queue.put(status)

    def next(self) -> LinkStatus:
        return self._queue.get(timeout=DEADLINE_S)

    @property
    def empty(self) -> bool:
        return self._queue.empty()


def verify(link: Link) -> None:
    assert link.ask("*IDN?") == "oven"


@pytest.fixture
def oven() -> Oven:
    return Oven()


@pytest.fixture
def device(tmp_path: Path, oven: Oven) -> Iterator[PtyDevice]:
    with pty_device(tmp_path / "port", oven) as device:
        yield device
        oven.go.set()


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def link(device: PtyDevice, changes: Changes) -> Iterator[Link]:
    link = Link(
        partial(open_port, str(device.path)),
        Lines(),
        name="oven on port",
        timeout_s=DEADLINE_S,
        verify=verify,
        on_change=changes,
        back_off=QUICK,
    )
    link.open()
    assert changes.next().state is LinkState.OPEN
    yield link
    link.close()


def for_run(cancellation: Cancellation, call: Callable[[], object]) -> Outcome:
    def run() -> object:
        with working_for(cancellation):
            return call()

    return Outcome(run)


def test_a_device_on_a_terminal_is_asked_in_text_and_bytes(link: Link) -> None:
    assert link.ask("T?") == "re T?"
    assert link.ask(b"T?") == "re T?"
    assert link.ask_bytes(b"T?") == b"re T?"
    assert link.status.state is LinkState.OPEN
    assert link.counters.exchanges == 4


def test_a_device_on_a_socket_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = Link(partial(open_port, f"tcp://127.0.0.1:{server.getsockname()[1]}"), Lines(b"\n"))
        link.open()
        connection, _ = server.accept()
        asking = Outcome(lambda: link.ask("T?", timeout_s=DEADLINE_S))

        assert connection.recv(100) == b"T?\n"
        connection.sendall(b"293")
        connection.sendall(b".1\n")

        assert asking.join().value == "293.1"
        link.close()
        connection.close()


def test_what_is_told_arrives_and_what_comes_unasked_is_read(link: Link, device: PtyDevice) -> None:
    link.tell("HELLO")

    assert link.read() == "re HELLO"
    device.say(b"DOOR\r\n")
    assert link.read() == "DOOR"


def test_frames_that_do_not_fit_are_no_reply(link: Link, device: PtyDevice) -> None:
    device.say(b"DOOR\r\n")

    assert link.ask("T?", expects=lambda text: text.startswith("re")) == "re T?"
    assert link.read() == "DOOR"


def test_threads_get_their_own_replies(link: Link) -> None:
    def ask(number: int) -> list[str]:
        return [link.ask(f"{number}:{count}") for count in range(50)]

    asking = [Outcome(partial(ask, number)) for number in range(4)]

    for number, outcome in enumerate(asking):
        assert outcome.join().value == [f"re {number}:{count}" for count in range(50)]


def test_a_transaction_keeps_others_away_until_it_ends(link: Link, oven: Oven) -> None:
    with link.transaction():
        other = Outcome(lambda: link.ask("OTHER?"))
        with link.transaction():
            link.tell("SLOW?")
        assert oven.asked.wait(DEADLINE_S)
        oven.go.set()
        assert link.read() == "slow"
        assert link.ask("MINE?") == "re MINE?"
        assert other.value is None

    assert other.join().value == "re OTHER?"


def test_a_cancelled_exchange_leaves_its_reply_to_nobody(link: Link, oven: Oven) -> None:
    cancellation = Cancellation()
    asking = for_run(cancellation, lambda: link.ask("SLOW?"))
    assert oven.asked.wait(DEADLINE_S)

    cancellation.request(CancelReason.ABORT)

    assert isinstance(asking.join().error, Cancelled)
    oven.go.set()
    assert [link.ask("NEXT?"), link.ask("T?")] == ["re NEXT?", "re T?"]
    assert link.counters.drained >= len("slow")


def test_a_cancelled_run_can_still_ask_to_clean_up(link: Link, oven: Oven) -> None:
    cancellation = Cancellation()

    def work() -> str:
        try:
            return link.ask("SLOW?")
        except Cancelled:
            oven.go.set()
            return link.ask("STOP")

    working = for_run(cancellation, work)
    assert oven.asked.wait(DEADLINE_S)
    cancellation.request(CancelReason.ABORT)

    assert working.join().value == "re STOP"


def test_a_run_that_waits_for_another_exchange_is_cancelled(link: Link) -> None:
    cancellation = Cancellation()
    with link.transaction():
        waiting = for_run(cancellation, lambda: link.ask("T?"))

        cancellation.request(CancelReason.STOP)

        assert isinstance(waiting.join().error, Cancelled)
    assert link.ask("P?") == "re P?"


def test_a_device_unplugged_is_lost_once_and_comes_back(link: Link, device: PtyDevice, changes: Changes) -> None:
    device.unplug()

    with pytest.raises(LinkLostError, match=r"^oven on port was lost: .*port was closed by the other side"):
        link.ask("T?")
    with pytest.raises(LinkLostError, match=r"^oven on port is not there since 0 s: .* looked for every 0\.001 s$"):
        link.ask("T?")
    assert changes.next().state is LinkState.LOST
    assert changes.empty

    device.plug()
    assert changes.next().state is LinkState.OPEN
    assert link.ask("T?") == "re T?"
    assert link.counters.reopened == 1
    assert changes.empty


def test_a_loss_ends_a_wait(link: Link, device: PtyDevice) -> None:
    waiting = Outcome(link.read)

    device.unplug()

    assert isinstance(waiting.join().error, LinkLostError)


def test_a_transaction_of_a_lost_device_ends_and_the_device_comes_back(
    link: Link, device: PtyDevice, changes: Changes
) -> None:
    with link.transaction():
        device.unplug()
        with pytest.raises(LinkLostError):
            link.ask("T?")
        device.plug()
        with pytest.raises(LinkLostError, match="is not there"):
            link.ask("T?")
    assert changes.next().state is LinkState.LOST
    assert changes.next().state is LinkState.OPEN

    assert link.ask("T?") == "re T?"


def test_one_late_reply_is_a_deadline_that_names_request_and_device(link: Link) -> None:
    with pytest.raises(DeadlineError, match=r"^oven on port did not answer 'MUTE\?' within 0\.01 s; nothing came$"):
        link.ask("MUTE?", timeout_s=0.01)

    assert link.status.state is LinkState.OPEN
    assert link.counters.timeouts == 1


def test_replies_between_late_ones_keep_the_device(link: Link) -> None:
    for _ in range(4):
        with pytest.raises(DeadlineError):
            link.ask("MUTE?", timeout_s=0.001)
        link.ask("T?")

    assert link.status.state is LinkState.OPEN


def test_three_late_replies_in_a_row_lose_the_device_until_it_says_who_it_is(
    link: Link, oven: Oven, changes: Changes
) -> None:
    oven.known = False
    for _ in range(3):
        with pytest.raises(DeadlineError):
            link.ask("MUTE?", timeout_s=0.001)

    lost = changes.next()
    assert lost.state is LinkState.LOST
    assert lost.reason.startswith("3 requests in a row without answer")
    link.close()
    assert changes.next().state is LinkState.CLOSED

    oven.known = True
    link.open()
    assert changes.next().state is LinkState.OPEN


def test_silence_between_unasked_frames_does_not_lose_the_device(link: Link) -> None:
    for _ in range(4):
        with pytest.raises(DeadlineError):
            link.read(timeout_s=0.001)

    assert link.status.state is LinkState.OPEN


def test_a_device_that_is_absent_at_first_is_looked_for(tmp_path: Path, oven: Oven, changes: Changes) -> None:
    path = tmp_path / "port"
    link = Link(partial(open_port, str(path)), Lines(), name="oven", verify=verify, on_change=changes, back_off=QUICK)

    with pytest.raises(LinkLostError, match=r"^oven is not there: .*port is not there; check cable"):
        link.open()
    assert changes.next().state is LinkState.LOST

    with pty_device(path, oven):
        assert changes.next().state is LinkState.OPEN
        assert link.ask("T?") == "re T?"
        link.close()


def test_the_wrong_device_is_not_taken(device: PtyDevice) -> None:
    def refuse(link: Link) -> None:
        raise ValueError(f"{link.ask('*IDN?')} is no stage")

    link = Link(partial(open_port, str(device.path)), Lines(), name="stage", verify=refuse)

    with pytest.raises(LinkLostError, match="stage is not there: ValueError: oven is no stage"):
        link.open()

    assert link.status.state is LinkState.LOST
    link.close()


def test_a_link_that_closes_wakes_who_waits_and_refuses(link: Link, oven: Oven, changes: Changes) -> None:
    asking = Outcome(lambda: link.ask("SLOW?"))
    assert oven.asked.wait(DEADLINE_S)

    link.close()

    assert isinstance(asking.join().error, LinkLostError)
    assert changes.next().state is LinkState.CLOSED
    assert changes.empty
    with pytest.raises(LinkLostError, match="oven on port is closed; open the link first"):
        link.ask("T?")
    with pytest.raises(LinkLostError, match="is closed"), link.transaction():
        pass


def test_a_link_closed_while_it_verifies_stays_closed(device: PtyDevice, oven: Oven) -> None:
    link = Link(partial(open_port, str(device.path)), Lines(), verify=lambda link: link.ask("SLOW?"))
    opening = Outcome(link.open)
    assert oven.asked.wait(DEADLINE_S)

    link.close()

    assert isinstance(opening.join().error, LinkLostError)
    assert link.status.state is LinkState.CLOSED


def test_nobody_looks_for_a_closed_link() -> None:
    tried: queue.SimpleQueue[str] = queue.SimpleQueue()

    def absent() -> Transport:
        tried.put("once")
        raise LinkLostError("absent")

    link = Link(absent, Lines(), name="the lost oven", back_off=QUICK)
    with pytest.raises(LinkLostError):
        link.open()
    for _ in range(3):
        tried.get(timeout=DEADLINE_S)

    link.close()

    for thread in threading.enumerate():
        if thread.name == "looks for the lost oven":
            thread.join(DEADLINE_S)
            assert not thread.is_alive()


def test_an_open_link_stays_as_it_is_when_opened_again(link: Link, changes: Changes) -> None:
    link.open()

    assert changes.empty


def test_the_event_loop_must_not_wait_for_a_device(link: Link) -> None:
    async def ask() -> str:
        for forbidden in (lambda: link.ask("T?"), link.read, lambda: link.tell("T"), link.open):
            with pytest.raises(NotAllowedError, match=r"await asyncio\.to_thread"):
                forbidden()
        return await asyncio.to_thread(link.ask, "T?")

    assert asyncio.run(ask()) == "re T?"


def test_a_reply_that_is_no_text_is_an_error_of_the_device(link: Link, oven: Oven) -> None:
    with pytest.raises(DeviceError, match=r"oven on port sent .*xff.*, which is no text in ascii"):
        link.ask(b"\xff")

    assert link.ask("T?") == "re T?"


def test_a_request_that_cannot_be_sent_is_refused(link: Link) -> None:
    with pytest.raises(ParameterError, match="'5 µm' cannot be sent to oven on port in ascii"):
        link.ask("5 µm")


def test_the_search_slows_down_until_an_exchange_succeeds() -> None:
    clock = FakeClock()
    transports: list[FakeTransport] = []

    def open_fake() -> Transport:
        transports.append(FakeTransport(clock))
        return transports[-1]

    changes = Changes()
    link = Link(open_fake, Lines(), name="oven", on_change=changes, monotonic=clock, back_off=BackOff(0.001, 10, 0.1))
    link.open()
    changes.next()

    for period in ("0.001", "0.01", "0.1"):
        transports[-1].gone = True
        with pytest.raises(LinkLostError):
            link.tell("x")
        assert changes.next().state is LinkState.LOST
        assert changes.next().state is LinkState.OPEN
        assert f"{link._back_off.delay_s(link._attempt - 1):g}" == period

    transports[-1].respond = lambda _data: transports[-1].arrive(0.1, b"re\r\n")
    link.ask("x")
    assert link._attempt == 0
    link.close()
