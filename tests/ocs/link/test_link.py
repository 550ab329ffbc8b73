from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial

import pytest

from ocs.link import Lines, Link, LinkState, open_port
from ocs.model.cancellation import Cancellation, Cancelled, CancelReason, working_for
from ocs.model.errors import (
    DeadlineError,
    DeviceError,
    LinkLostError,
    NotAllowedError,
    ParameterError,
)
from tests.ocs.link.fakes import (
    DEADLINE_S,
    Changes,
    Outcome,
    Oven,
    PtyDevice,
)


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


def test_one_late_reply_is_a_deadline_that_names_request_and_device(link: Link) -> None:
    with pytest.raises(DeadlineError, match=r"^oven on port did not answer 'MUTE\?' within 0\.01 s; nothing came$"):
        link.ask("MUTE?", timeout_s=0.01)

    assert link.status.state is LinkState.OPEN
    assert link.counters.timeouts == 1


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
