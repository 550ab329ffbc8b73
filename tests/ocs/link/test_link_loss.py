from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ocs.link import BackOff, Lines, Link, LinkState, Transport, open_port
from ocs.model.cancellation import Cancellation, working_for
from ocs.model.errors import (
    DeadlineError,
    LinkLostError,
)
from tests.ocs.link.fakes import (
    DEADLINE_S,
    QUICK,
    Changes,
    FakeClock,
    FakeTransport,
    Outcome,
    Oven,
    PtyDevice,
    pty_device,
    verify,
)


def for_run(cancellation: Cancellation, call: Callable[[], object]) -> Outcome:
    def run() -> object:
        with working_for(cancellation):
            return call()

    return Outcome(run)


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


def test_a_device_that_is_slow_to_wake_up_may_be_asked_again_and_again(device: PtyDevice, oven: Oven) -> None:
    def insist(link: Link) -> None:
        oven.known = False
        for _ in range(4):
            with pytest.raises(DeadlineError):
                link.ask("*IDN?", timeout_s=0.001)
        oven.known = True
        verify(link)

    changes = Changes()
    link = Link(partial(open_port, str(device.path)), Lines(), verify=insist, on_change=changes)

    link.open()

    assert changes.next().state is LinkState.OPEN
    link.close()


def test_nobody_looks_for_a_closed_link() -> None:
    tried: queue.SimpleQueue[str] = queue.SimpleQueue()

    def absent() -> Transport:
        tried.put("once")
        raise LinkLostError("absent")

    patient = BackOff(first_s=0.001, factor=1e6, max_s=1000.0)
    link = Link(absent, Lines(), name="the lost oven", back_off=patient)
    with pytest.raises(LinkLostError):
        link.open()
    for _ in range(2):
        tried.get(timeout=DEADLINE_S)

    link.close()

    for thread in threading.enumerate():
        if thread.name == "looks for the lost oven":
            thread.join(DEADLINE_S)
            assert not thread.is_alive()


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
