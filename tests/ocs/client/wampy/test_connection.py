from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from ocs.client.wampy import SafeClient
from ocs.client.wampy.frames import Frame, Opcode, encode
from ocs.client.wampy.payload import MAX_BYTES
from ocs.model.errors import ConfigurationError, DeadlineError, RouterLostError
from tests.ocs.client.wampy.scripted_router import ScriptedRouter

MakeClient = Callable[..., SafeClient]
MakeRouter = Callable[..., ScriptedRouter]


def test_an_answer_in_fragments_comes_whole_and_the_ping_between_them_is_answered(
    scripted: MakeRouter, make_client: MakeClient
) -> None:
    ping = bytes(range(200, 212))  # no text in any encoding
    pongs = []

    def script(router: ScriptedRouter) -> None:
        router.welcome()
        number = router.receive()[1]
        text = f'[50,{number},{{}},["{"x" * 70_000}"]]'.encode()
        router.send_bytes(encode(Frame(Opcode.TEXT, text[:10], final=False), None))
        router.send_bytes(encode(Frame(Opcode.PING, ping), None))
        pongs.append(router.receive_frame())
        router.send_bytes(encode(Frame(Opcode.CONTINUATION, text[10:40_000], final=False), None))
        router.send_bytes(encode(Frame(Opcode.CONTINUATION, text[40_000:]), None))

    client = make_client(scripted(script).url)

    assert client.call("a.b") == "x" * 70_000
    assert pongs == [Frame(Opcode.PONG, ping)]


def test_a_close_of_the_router_is_answered_and_told(scripted: MakeRouter, make_client: MakeClient) -> None:
    answers = []

    def script(router: ScriptedRouter) -> None:
        router.welcome()
        router.receive()
        router.send_bytes(encode(Frame(Opcode.CLOSE, b"\x03\xe9going home"), None))
        answers.append(router.receive_frame())

    router = scripted(script)

    with pytest.raises(RouterLostError, match="going home"):
        make_client(router.url).call("a.b")

    router.thread.join(20)
    assert answers == [Frame(Opcode.CLOSE, b"\x03\xe9")]


def test_a_message_longer_than_the_limit_ends_the_connection(scripted: MakeRouter, make_client: MakeClient) -> None:
    def script(router: ScriptedRouter) -> None:
        router.welcome()
        router.receive()
        router.send_bytes(b"\x81\x7f" + (MAX_BYTES + 1).to_bytes(8, "big"))

    with pytest.raises(RouterLostError, match=f"{MAX_BYTES} are accepted"):
        make_client(scripted(script).url).call("a.b")


@pytest.mark.parametrize("status", ["404 Not Found", "200 OK"])
def test_a_wrong_path_is_a_mistake_of_the_configuration(
    scripted: MakeRouter, make_client: MakeClient, status: str
) -> None:
    router = scripted(lambda router: None, status=status)

    with pytest.raises(ConfigurationError, match=f"{status}.*check port and path"):
        make_client(router.url).start()


def test_a_router_that_is_not_ready_may_be_tried_again(scripted: MakeRouter, make_client: MakeClient) -> None:
    router = scripted(lambda router: None, status="503 Busy")

    with pytest.raises(RouterLostError, match="503 Busy"):
        make_client(router.url).start()


def test_where_nobody_listens_the_client_is_refused_at_once(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(RouterLostError, match="is it running"):
        make_client(f"ws://127.0.0.1:{port}/wampy", timeout_s=30).call("a.b")


def test_a_router_that_says_nothing_is_given_up_at_the_deadline(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = make_client(f"ws://127.0.0.1:{server.getsockname()[1]}/wampy", timeout_s=0.2)

        with pytest.raises(DeadlineError, match=r"within 0\.2 s"):
            client.start()


def test_a_router_that_takes_nothing_does_not_hold_the_caller(scripted: MakeRouter, make_client: MakeClient) -> None:
    over = threading.Event()

    def script(router: ScriptedRouter) -> None:
        router.welcome()
        over.wait(20)

    client = make_client(scripted(script).url)
    client.start()

    with pytest.raises(DeadlineError, match=r"took only \d+ of \d+ bytes"):
        client.call("a.b", "x" * (MAX_BYTES - 1000), timeout_s=0.5)
    assert not client.connected  # half a frame is out
    over.set()


@pytest.mark.parametrize("url", ["ws://", "http://127.0.0.1:1/", "ws://127.0.0.1:port/"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        SafeClient(url=url)
