from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocs.client.wampy import SafeClient, WampError
from ocs.model.errors import ConfigurationError, DeadlineError, DeniedError, ErrorCode, RouterLostError
from tests.ocs.client.wampy.conftest import SECRET, TICKET, Router
from tests.ocs.client.wampy.relay import Relay
from tests.ocs.client.wampy.scripted_router import ScriptedRouter

pytestmark = pytest.mark.system
REPOSITORY = Path(__file__).parents[4]
MakeClient = Callable[..., SafeClient]

FORK = """
import json, os, sys
from ocs.client.wampy import SafeClient
client = SafeClient(url=sys.argv[1])
client.start()
echo, parent = sys.argv[2] + ".echo", client.session_id
reading, writing = os.pipe()
child = os.fork()
if not child:
    told = [client.connected, client.call(echo, "child"), client.session_id]
    client.stop()
    os.write(writing, json.dumps(told).encode())
    os._exit(0)
os.waitpid(child, 0)
print(json.dumps([parent, json.loads(os.read(reading, 1000)), client.call(echo, "parent"), client.session_id]))
client.stop()
"""


def relayed(relay: Relay) -> str:
    return f"ws://127.0.0.1:{relay.port}/wampy"


class Waiting:
    """Makes one call in a thread of its own and keeps what it ended with."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.error: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self) -> BaseException | None:
        self._thread.join(20)
        assert not self._thread.is_alive(), "the call never ended"
        return self.error

    def _run(self) -> None:
        try:
            self._call()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            self.error = error


def in_a_call(client: SafeClient, peer: str, watcher: SafeClient) -> Waiting:
    """Return a call that has arrived at the other side and waits there."""
    arrived = threading.Event()
    watcher.subscribe(f"{peer}.held", lambda args, kwargs, details: arrived.set())
    waiting = Waiting(lambda: client.call(f"{peer}.hold", "lost", timeout_s=30))
    assert arrived.wait(20)
    return waiting


def test_a_right_ticket_joins(router: Router, make_client: MakeClient) -> None:
    client = make_client(router.url("ticket"), authid="wendy", ticket=TICKET)
    client.start()

    assert client.connected


@pytest.mark.parametrize(("authid", "ticket"), [("wendy", "wrong"), ("nobody", TICKET)])
def test_a_wrong_ticket_is_denied(router: Router, make_client: MakeClient, authid: str, ticket: str) -> None:
    with pytest.raises(WampError, match="joining realm 'test_realm'") as caught:
        make_client(router.url("ticket"), authid=authid, ticket=ticket).start()

    assert caught.value.code is ErrorCode.DENIED


def test_the_secret_of_wampy_comes_from_the_environment(
    router: Router, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAMPYSECRET", TICKET)
    roles = {"roles": {"caller": {}, "callee": {}}, "authmethods": ["ticket"], "authid": "wendy"}
    client = make_client(router.url("ticket"), roles=roles)
    client.start()

    assert client.connected


@pytest.mark.parametrize("authid", ["carl", "salty"])
def test_a_challenge_is_answered_salted_or_not(router: Router, make_client: MakeClient, authid: str) -> None:
    client = make_client(router.url("cra"), authid=authid, secret=SECRET)
    client.start()

    assert client.connected


def test_a_wrong_secret_is_denied(router: Router, make_client: MakeClient) -> None:
    with pytest.raises(WampError) as caught:
        make_client(router.url("cra"), authid="carl", secret="wrong").start()  # noqa: S106 - that is the point

    assert caught.value.code is ErrorCode.DENIED


def test_a_proof_that_the_client_has_not_is_told(
    scripted: Callable[..., ScriptedRouter], make_client: MakeClient
) -> None:
    def script(router: ScriptedRouter) -> None:
        router.receive()
        router.send([4, "cryptosign", {}])

    with pytest.raises(DeniedError, match="cryptosign"):
        make_client(scripted(script).url).start()


def test_a_realm_that_is_not_there_is_not_found(router: Router, make_client: MakeClient) -> None:
    with pytest.raises(WampError, match="no_such_realm") as caught:
        make_client(router.url(), realm="elsewhere").start()

    assert caught.value.code is ErrorCode.NOT_FOUND


def test_tls_carries_calls_of_several_threads(router: Router, peer: str, make_client: MakeClient) -> None:
    client = make_client(f"wss://localhost:{router.tls_port}/", cert_path=str(router.certificate))
    wrong: list[int] = []

    def work(number: int) -> None:
        wrong.extend(each for each in range(number, number + 50) if client.call(f"{peer}.echo", each) != each)

    threads = [threading.Thread(target=work, args=(number * 100,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)

    assert not wrong
    assert client.call(f"{peer}.text", 1_000_000) == "x" * 1_000_000


def test_a_certificate_that_is_not_trusted_is_refused(router: Router, make_client: MakeClient) -> None:
    with pytest.raises(ConfigurationError, match="not trusted"):
        make_client(f"wss://localhost:{router.tls_port}/").start()


def test_a_call_in_flight_ends_when_the_connection_breaks(
    router: Router, peer: str, relay: Relay, make_client: MakeClient
) -> None:
    waiting = in_a_call(make_client(relayed(relay)), peer, make_client(router.url()))

    relay.cut()

    assert isinstance(waiting.result(), RouterLostError)


def test_the_next_call_joins_again(peer: str, relay: Relay, make_client: MakeClient) -> None:
    client = make_client(relayed(relay))
    assert client.call(f"{peer}.echo", 1) == 1
    first = client.session_id
    relay.close()
    with pytest.raises(RouterLostError):
        client.call(f"{peer}.echo", 2)

    relay.open()

    assert client.call(f"{peer}.echo", 3) == 3
    assert client.session_id != first


def test_while_the_router_is_away_calls_are_refused_at_once(peer: str, relay: Relay, make_client: MakeClient) -> None:
    client = make_client(relayed(relay), timeout_s=30)
    client.start()
    relay.close()
    start = time.monotonic()

    for _ in range(3):
        with pytest.raises(RouterLostError):
            client.call(f"{peer}.echo", 1)

    assert time.monotonic() - start < 3
    assert not client.connected


def test_subscriptions_and_registrations_come_back_without_any_call(
    router: Router, relay: Relay, make_client: MakeClient
) -> None:
    client, other = make_client(relayed(relay)), make_client(router.url())
    back, heard = threading.Event(), threading.Event()
    client.subscribe("observatory.after.outage", lambda args, kwargs, details: heard.set())
    client.register("observatory.after.call", lambda: "here")
    other.subscribe("wamp.registration.on_register", lambda args, kwargs, details: back.set() if details else None)

    relay.cut()

    assert back.wait(20)
    assert other.call("observatory.after.call") == "here"
    other.publish("observatory.after.outage", 1)
    assert heard.wait(20)


def test_a_hanging_router_costs_a_call_its_deadline_only(peer: str, relay: Relay, make_client: MakeClient) -> None:
    client = make_client(relayed(relay))
    client.start()
    relay.freeze()

    with pytest.raises(DeadlineError, match=r"within 0\.3 s"):
        client.call(f"{peer}.echo", 1, timeout_s=0.3)

    relay.thaw()
    assert client.call(f"{peer}.echo", 2) == 2


def test_stop_does_not_wait_long_for_a_hanging_router(relay: Relay, make_client: MakeClient) -> None:
    client = make_client(relayed(relay))
    client.start()
    relay.freeze()
    start = time.monotonic()

    client.stop()

    assert time.monotonic() - start < 10


def test_stop_ends_the_calls_under_way(router: Router, peer: str, make_client: MakeClient) -> None:
    client = make_client(router.url())
    waiting = in_a_call(client, peer, make_client(router.url()))

    client.stop()

    assert isinstance(waiting.result(), RouterLostError)


def test_a_goodbye_of_the_router_ends_the_session(
    scripted: Callable[..., ScriptedRouter], make_client: MakeClient
) -> None:
    answers = []

    def script(router: ScriptedRouter) -> None:
        router.welcome()
        router.receive()
        router.send([6, {}, "wamp.close.system_shutdown"])
        answers.append(router.receive())

    router = scripted(script)

    with pytest.raises(RouterLostError, match="system_shutdown"):
        make_client(router.url).call("a.b")

    router.thread.join(20)
    assert answers[0][0] == 6


def test_after_a_fork_the_child_has_a_session_of_its_own(router: Router, peer: str) -> None:
    command = [sys.executable, "-c", FORK, router.url(), peer]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=50)

    assert ended.stderr == ""
    before, (connected, child_answer, child_session), parent_answer, after = json.loads(ended.stdout)
    assert (connected, child_answer, parent_answer) == (False, "child", "parent")
    assert child_session != before
    assert after == before


def test_a_stopped_router_process_is_survived(router: Router, peer: str, make_client: MakeClient) -> None:
    client = make_client(router.url())
    client.start()
    router.signal(signal.SIGSTOP)
    try:
        with pytest.raises(DeadlineError):
            client.call(f"{peer}.echo", 1, timeout_s=0.5)
        fresh = make_client(router.url(), timeout_s=0.5)
        with pytest.raises(DeadlineError):  # the kernel accepts the connection, the router never answers
            fresh.start()
    finally:
        router.signal(signal.SIGCONT)

    assert client.call(f"{peer}.echo", 2) == 2


@pytest.mark.timeout(150)  # starts a router
def test_a_killed_router_is_survived(router: Router, peer: str, make_client: MakeClient) -> None:
    client, watcher, heard = make_client(router.url()), make_client(router.url()), threading.Event()
    waiting = in_a_call(client, peer, watcher)
    client.subscribe("observatory.after.kill", lambda args, kwargs, details: heard.set())
    try:
        router.kill()

        assert isinstance(waiting.result(), RouterLostError)
        with pytest.raises(RouterLostError):
            client.call(f"{peer}.echo", 1)
    finally:
        router.start()

    client.start()
    watcher.publish("observatory.after.kill", 1)
    assert heard.wait(20)
