"""The blocking client in programs that are interrupted, forked, or use it where they must not."""

from __future__ import annotations

import subprocess
import sys
import textwrap

DEADLINE_S = 60.0

PROLOGUE = """
import os, signal, socket, sys, threading
from ocs.client.blocking import LONGEST_QUEUE, BlockingClient
from ocs.client.settings import find_place
from ocs.model.errors import OcsError
from ocs.realm.connection import RealmConnection

silent = socket.create_server(("127.0.0.1", 0))
place = find_place(f"ws://127.0.0.1:{silent.getsockname()[1]}/ws")
silent.close()
made = []
start = RealmConnection.start
def remember(connection):
    made.append(connection)
    start(connection)
    started.set()
started = threading.Event()
RealmConnection.start = remember
"""


def told_by(script: str) -> str:
    """Run a program on a port where nobody listens; return what it printed, on both streams."""
    program = PROLOGUE + textwrap.dedent(script)
    ran = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return ran.stdout


def test_ctrl_c_while_it_connects_leaves_nothing_that_tries_on() -> None:
    told = told_by("""
        def press():
            started.wait()
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=press).start()
        try:
            BlockingClient(place, timeout_s=50.0)
        except KeyboardInterrupt:
            print("interrupted", made[0]._closed, dict(made[0]._timers))
    """)

    assert told == "interrupted True {}\n"


def test_a_client_that_found_no_router_tries_no_more() -> None:
    told = told_by("""
        try:
            BlockingClient(place, timeout_s=0.01)
        except OcsError as error:
            print(error.code.value, made[0]._closed, dict(made[0]._timers))
    """)

    assert told == "router_lost True {}\n"


def test_a_forked_process_is_told_at_once_that_it_cannot_connect() -> None:
    told = told_by("""
        try:
            BlockingClient(place, timeout_s=0.01)
        except OcsError:
            pass
        child = os.fork()
        if child == 0:
            try:
                BlockingClient(place)
            except OcsError as error:
                os.write(1, error.message.encode())
            os._exit(0)
        os.waitpid(child, 0)
    """)

    assert told.startswith("this process was forked")
    assert "`spawn`" in told


def test_in_the_event_loop_it_is_refused_before_it_blocks() -> None:
    told = told_by("""
        from ocs.client.blocking import background_reactor
        reactor, over = background_reactor(), threading.Event()
        def use():
            try:
                BlockingClient(place)
            except OcsError as error:
                print(error.message)
            over.set()
        reactor.callFromThread(use)
        over.wait()
    """)

    assert "ocs.client.aio" in told
    assert "Traceback" not in told


def test_events_for_a_handler_that_hangs_are_bounded_and_counted() -> None:
    told = told_by("""
        handlers, gate = [], threading.Event()
        RealmConnection.when_joined = lambda _: None
        RealmConnection.subscribe = lambda _self, _topic, handler, _match: handlers.append(handler)
        client = BlockingClient(place)
        client.subscribe("news", lambda *_: gate.wait(), "exact")
        for number in range(LONGEST_QUEUE + 100):
            handlers[0]("news", [number], {})
        print(client._events.qsize() <= LONGEST_QUEUE, client.lost >= 99)
        gate.set()
        client.close()
        client.close()
    """)

    assert told == "True True\n"


def test_who_follows_in_another_thread_is_told_that_the_client_left() -> None:
    told = told_by("""
        from ocs.client.watching import messages
        subscribed = threading.Event()
        RealmConnection.when_joined = lambda _: None
        RealmConnection.subscribe = lambda *_: subscribed.set()
        RealmConnection.unsubscribe = lambda *_: None
        client = BlockingClient(place)
        def follow():
            try:
                next(client.iterate(messages("news", lambda *told: told, None)))
            except OcsError as error:
                print(error.message)
        thread = threading.Thread(target=follow)
        thread.start()
        subscribed.wait()
        while not client.mailboxes:
            pass
        client.close()
        thread.join()
        print(client.mailboxes)
    """)

    assert told == "the client left the realm while it followed a topic\n{}\n"
