from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ocs.client.wampy import CallResult, SafeClient, WampError
from ocs.client.wampy.door import Call
from ocs.client.wampy.payload import MAX_BYTES
from ocs.model.errors import DeadlineError, ErrorCode, NotAllowedError, NotSerialisableError, TooLargeError
from tests.ocs.client.wampy.conftest import Router

pytestmark = pytest.mark.system
MakeClient = Callable[..., SafeClient]


@pytest.mark.parametrize(
    "value", [1, -0.5, "grüße Ωmega 🔭", None, True, [1, [2]], {"a": {"b": None}}, b"\x00\xff", {"d": [b"x"]}, ""]
)
def test_a_value_goes_out_and_comes_back_as_it_was(client: SafeClient, peer: str, value: Any) -> None:
    assert client.call(f"{peer}.echo", value) == value


def test_keyword_arguments_arrive(client: SafeClient, peer: str) -> None:
    assert client.call(f"{peer}.echo", target=3, unit="K") == {"target": 3, "unit": "K"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("nothing", None), ("several", [1, 2]), ("keywords", {"a": 1, "b": 2}), ("both", CallResult([1, 2], {"a": 3}))],
)
def test_every_shape_of_result_has_a_value(client: SafeClient, peer: str, kind: str, value: Any) -> None:
    assert client.call(f"{peer}.shape", kind) == value


def test_an_error_is_raised_with_its_name_and_arguments(client: SafeClient, peer: str) -> None:
    with pytest.raises(WampError, match="too cold") as caught:
        client.call(f"{peer}.fail")

    assert caught.value.uri == "observatory.error.bad"
    assert caught.value.args_ == ["too cold", 4.2]
    assert caught.value.kwargs_ == {"hint": "warm it up"}


def test_an_error_of_ours_keeps_its_code_and_sentence(client: SafeClient, peer: str) -> None:
    with pytest.raises(WampError, match="it must be 0 to 400 K") as caught:
        client.call(f"{peer}.refuse")

    assert (caught.value.code, caught.value.field, caught.value.given) == (ErrorCode.OUT_OF_RANGE, "target", 999)


def test_a_procedure_that_nobody_answers_is_not_found(client: SafeClient) -> None:
    with pytest.raises(WampError, match="no_such_procedure") as caught:
        client.call("observatory.nobody.there")

    assert caught.value.code is ErrorCode.NOT_FOUND


def test_a_procedure_that_is_not_allowed_is_denied(client: SafeClient) -> None:
    with pytest.raises(WampError) as caught:
        client.call("forbidden.fruit")

    assert caught.value.code is ErrorCode.DENIED


@pytest.mark.parametrize("size", [32_500, 32_700, 33_000, 40_000, 50_000, 65_400, 65_500, 65_535, 66_000, 1_000_000])
def test_long_messages_come_whole(client: SafeClient, peer: str, size: int) -> None:
    assert client.call(f"{peer}.text", size) == "x" * size


@pytest.mark.parametrize("size", [120, 126, 40_000, 65_500, 1_000_000])
def test_long_messages_go_whole(client: SafeClient, peer: str, size: int) -> None:
    sent = "".join(chr(48 + index % 70) for index in range(size))

    assert client.call(f"{peer}.echo", sent) == sent


def test_a_message_beyond_the_limit_is_refused_before_it_is_sent(client: SafeClient, peer: str) -> None:
    with pytest.raises(TooLargeError, match="cut it into parts"):
        client.call(f"{peer}.echo", "x" * MAX_BYTES)

    assert client.call(f"{peer}.echo", 1) == 1


def test_a_value_that_json_cannot_carry_is_refused(client: SafeClient, peer: str) -> None:
    with pytest.raises(NotSerialisableError, match="set"):
        client.call(f"{peer}.echo", {1, 2})

    assert client.call(f"{peer}.echo", 1) == 1


def test_progress_that_was_asked_for_is_passed_over(client: SafeClient, peer: str) -> None:
    client.start()
    message = Call(procedure=f"{peer}.count", options={"receive_progress": True}, args=[5])

    assert client._make_rpc(message).value == "done"
    assert client.call(f"{peer}.echo", "next") == "next"


def test_a_late_answer_is_not_taken_for_the_next_one(client: SafeClient, peer: str) -> None:
    with pytest.raises(DeadlineError, match=r"within 0\.2 s"):
        client.call(f"{peer}.hold", "late", timeout_s=0.2)

    client.call(f"{peer}.release", "late")
    assert [client.call(f"{peer}.echo", index) for index in range(20)] == list(range(20))


def test_waiting_burns_no_core(client: SafeClient, peer: str) -> None:
    client.start()
    before = time.process_time()

    with pytest.raises(DeadlineError):
        client.call(f"{peer}.hold", "quiet", timeout_s=1.0)

    assert time.process_time() - before < 0.2
    client.call(f"{peer}.release", "quiet")


def test_a_router_that_pings_is_answered_while_a_call_waits(router: Router, peer: str, make_client: MakeClient) -> None:
    client = make_client(router.url("pinging"))
    client.start()
    session = client.session_id

    with pytest.raises(DeadlineError):  # long enough for two pings, and for the router to cut who does not answer
        client.call(f"{peer}.hold", "pinged", timeout_s=2.7)

    assert client.call(f"{peer}.echo", "alive") == "alive"
    assert client.session_id == session
    client.call(f"{peer}.release", "pinged")


def test_two_clients_with_four_threads_each_get_their_own_answers(
    router: Router, peer: str, make_client: MakeClient
) -> None:
    clients = [make_client(router.url()) for _ in range(2)]

    def work(number: int) -> list[int]:
        client = clients[number % 2]
        return [
            value for value in range(number * 1000, number * 1000 + 200) if client.call(f"{peer}.echo", value) != value
        ]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [[]] * 8


def test_ctrl_c_ends_a_wait_at_once_and_the_next_call_works(router: Router, peer: str, make_client: MakeClient) -> None:
    client, watcher = make_client(router.url()), make_client(router.url())
    pressed = threading.Event()

    def press(args: list[Any], kwargs: dict[str, Any], details: dict[str, Any]) -> None:
        main = threading.main_thread().ident
        assert main is not None
        pressed.set()
        signal.pthread_kill(main, signal.SIGINT)

    watcher.subscribe(f"{peer}.held", press)
    start = time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        client.call(f"{peer}.hold", "interrupted", timeout_s=30)

    assert pressed.is_set()
    assert time.monotonic() - start < 5
    assert client.call(f"{peer}.echo", 1) == 1
    client.call(f"{peer}.release", "interrupted")


def test_a_stopped_client_says_so(client: SafeClient, peer: str) -> None:
    client.call(f"{peer}.echo", 1)
    client.stop()

    with pytest.raises(NotAllowedError, match=r"start\(\)"):
        client.call(f"{peer}.echo", 1)


def test_a_stopped_client_can_start_again(client: SafeClient, peer: str) -> None:
    client.start()
    client.stop()

    client.start()

    assert client.call(f"{peer}.echo", 1) == 1


def test_nothing_waits_for_an_answer_after_the_calls(client: SafeClient, peer: str) -> None:
    client.call(f"{peer}.echo", 1)
    with pytest.raises(DeadlineError):
        client.call(f"{peer}.hold", "forgotten", timeout_s=0.05)
    with pytest.raises(WampError):
        client.call(f"{peer}.fail")

    assert len(client._session.pending) == 0
    client.call(f"{peer}.release", "forgotten")


def test_infinity_comes_back(client: SafeClient, peer: str) -> None:
    assert client.call(f"{peer}.echo", [float("inf")]) == json.loads("[Infinity]")
