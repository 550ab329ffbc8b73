from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ocs.client.wampy import CallResult, SafeClient, WampError, callee, subscribe
from ocs.model.errors import BusyError, ErrorCode
from tests.ocs.client.wampy.conftest import Router
from tests.ocs.client.wampy.scripted_router import ScriptedRouter

pytestmark = pytest.mark.system
MakeClient = Callable[..., SafeClient]
TOPIC = "observatory.oven.feeds.thermal"


class Events:
    """Collects events and tells when enough have come."""

    def __init__(self, enough: int) -> None:
        self.got: list[tuple[list[Any], dict[str, Any], dict[str, Any]]] = []
        self._enough = enough
        self._there = threading.Event()

    def __call__(self, args: list[Any], kwargs: dict[str, Any], details: dict[str, Any]) -> None:
        self.got.append((args, kwargs, details))
        if len(self.got) >= self._enough:
            self._there.set()

    def wait(self) -> list[Any]:
        assert self._there.wait(20), f"only {len(self.got)} of {self._enough} events came"
        return [args[0] for args, _, _ in self.got]


class Decorated(SafeClient):
    """A client in the manner of wampy."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.got: list[Any] = []
        self.there = threading.Event()

    @callee  # type: ignore[untyped-decorator]  # wampy's
    def get_double(self, number: int) -> int:
        return number * 2

    @callee(invocation_policy="roundrobin")  # type: ignore[untyped-decorator]  # wampy's
    def fail_always(self) -> None:
        raise ValueError("no luck")

    @subscribe(topic="observatory.decorated")  # type: ignore[untyped-decorator]  # wampy's
    def on_decorated(self, value: int, meta: dict[str, Any] | None = None) -> None:
        self.got.append((value, meta))
        self.there.set()


def test_an_event_brings_arguments_keywords_and_its_topic(router: Router, make_client: MakeClient) -> None:
    listener, speaker, events = make_client(router.url()), make_client(router.url()), Events(1)
    listener.subscribe(TOPIC, events)

    speaker.publish(TOPIC, 1, "two", unit="K")

    events.wait()
    args, kwargs, details = events.got[0]
    assert (args, kwargs, details["topic"]) == ([1, "two"], {"unit": "K"}, TOPIC)


@pytest.mark.parametrize(
    ("pattern", "match"), [("observatory.oven", "prefix"), ("observatory..feeds.thermal", "wildcard")]
)
def test_a_pattern_brings_the_concrete_topic(router: Router, make_client: MakeClient, pattern: str, match: str) -> None:
    listener, speaker, events = make_client(router.url()), make_client(router.url()), Events(1)
    listener.subscribe(pattern, events, match=match)

    speaker.publish(TOPIC, 1)

    events.wait()
    assert events.got[0][2]["topic"] == TOPIC


def test_each_handler_of_a_topic_gets_every_event_even_beside_one_that_raises(
    client: SafeClient, peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Events(3000), Events(3000)

    def raises(args: list[Any], kwargs: dict[str, Any], details: dict[str, Any]) -> None:
        raise ValueError("my mistake")

    with caplog.at_level(logging.CRITICAL):
        for handler in (first, raises, second):
            client.subscribe(TOPIC, handler)
        client.call(f"{peer}.burst", TOPIC, 3000)

        assert first.wait() == list(range(3000))
        assert second.wait() == list(range(3000))


def test_a_handler_that_raises_is_logged(client: SafeClient, peer: str, caplog: pytest.LogCaptureFixture) -> None:
    def raises(args: list[Any], kwargs: dict[str, Any], details: dict[str, Any]) -> None:
        raise ValueError("my mistake")

    after = Events(1)
    client.subscribe(TOPIC, raises)
    client.subscribe(TOPIC, after)
    client.call(f"{peer}.burst", TOPIC, 1)
    after.wait()

    assert TOPIC in caplog.text
    assert "my mistake" in caplog.text


def test_what_a_handler_does_to_an_event_the_next_one_does_not_see(client: SafeClient, peer: str) -> None:
    client.subscribe(TOPIC, lambda args, kwargs, details: args.clear())
    events = Events(1)
    client.subscribe(TOPIC, events)

    client.call(f"{peer}.burst", TOPIC, 1)

    assert events.wait() == [0]


def test_after_unsubscribe_a_handler_is_not_called_and_the_other_still_is(client: SafeClient, peer: str) -> None:
    gone, stays = Events(1), Events(2)
    ended = client.subscribe(TOPIC, gone)
    client.subscribe(TOPIC, stays)
    client.call(f"{peer}.burst", TOPIC, 1)
    gone.wait()

    ended.unsubscribe()
    client.call(f"{peer}.burst", TOPIC, 1)

    stays.wait()
    assert len(gone.got) == 1


def test_the_last_unsubscribe_tells_the_router(client: SafeClient) -> None:
    subscriptions = [client.subscribe(TOPIC, Events(1)) for _ in range(2)]

    def count() -> int:
        number: int = client.call("wamp.subscription.count_subscribers", known)
        return number

    known = client.call("wamp.subscription.lookup", TOPIC)
    subscriptions[0].unsubscribe()
    assert count() == 1

    subscriptions[1].unsubscribe()
    subscriptions[1].unsubscribe()
    assert client.call("wamp.subscription.lookup", TOPIC) is None


def test_a_subscription_that_is_not_allowed_is_refused(client: SafeClient) -> None:
    with pytest.raises(WampError) as caught:
        client.subscribe("forbidden.topic", Events(1))

    assert caught.value.code is ErrorCode.DENIED
    assert not client.wishes


def test_an_acknowledged_publication_that_is_not_allowed_is_refused(client: SafeClient) -> None:
    with pytest.raises(WampError) as caught:
        client.publish("forbidden.topic", 1, options={"acknowledge": True})

    assert caught.value.code is ErrorCode.DENIED


def test_a_handler_may_call(client: SafeClient, peer: str) -> None:
    answers = Events(1)

    def handler(args: list[Any], kwargs: dict[str, Any], details: dict[str, Any]) -> None:
        answers([client.call(f"{peer}.echo", "from within")], {}, {})

    client.subscribe(TOPIC, handler)
    client.call(f"{peer}.burst", TOPIC, 1)

    assert answers.wait() == ["from within"]


def test_events_come_while_a_call_waits(client: SafeClient, peer: str) -> None:
    events = Events(1)
    client.subscribe(f"{peer}.held", events)
    held = threading.Thread(target=client.call, args=(f"{peer}.hold", "a"))
    held.start()

    assert events.wait() == ["a"]
    client.call(f"{peer}.release", "a")
    held.join(20)


def test_a_registered_function_answers(router: Router, make_client: MakeClient) -> None:
    server, client = make_client(router.url()), make_client(router.url())
    server.register("observatory.here.add", lambda a, b=10: a + b)

    assert client.call("observatory.here.add", 1) == 11
    assert client.call("observatory.here.add", 1, b=2) == 3


def test_a_registered_function_may_return_keywords(router: Router, make_client: MakeClient) -> None:
    server, client = make_client(router.url()), make_client(router.url())
    server.register("observatory.here.both", lambda: CallResult([1], {"unit": "K"}))

    assert client.call("observatory.here.both") == CallResult([1], {"unit": "K"})


def test_an_error_of_a_registered_function_reaches_its_caller(router: Router, make_client: MakeClient) -> None:
    server, client = make_client(router.url()), make_client(router.url())

    def busy() -> None:
        raise BusyError("ramp runs already; wait for it or abort it")

    server.register("observatory.here.busy", busy)

    with pytest.raises(WampError, match="runs already") as caught:
        client.call("observatory.here.busy")
    assert caught.value.code is ErrorCode.BUSY


def test_a_result_that_cannot_be_sent_is_an_error_of_the_call(router: Router, make_client: MakeClient) -> None:
    server, client = make_client(router.url()), make_client(router.url())
    server.register("observatory.here.set", lambda: {1, 2})

    with pytest.raises(WampError) as caught:
        client.call("observatory.here.set")

    assert caught.value.code is ErrorCode.NOT_SERIALISABLE


def test_a_name_that_is_taken_is_refused(router: Router, make_client: MakeClient) -> None:
    first, second = make_client(router.url()), make_client(router.url())
    first.register("observatory.here.mine", lambda: 1)

    with pytest.raises(WampError) as caught:
        second.register("observatory.here.mine", lambda: 2)

    assert caught.value.code is ErrorCode.DUPLICATE
    first.unregister("observatory.here.mine")
    second.register("observatory.here.mine", lambda: 2)
    assert first.call("observatory.here.mine") == 2


def test_the_decorators_of_wampy_work(router: Router, make_client: MakeClient) -> None:
    server, client = make_client(router.url(), kind=Decorated), make_client(router.url())
    assert isinstance(server, Decorated)
    server.start()

    assert client.call("get_double", 21) == 42
    with pytest.raises(WampError, match="no luck"):
        client.call("fail_always")
    client.publish(topic="observatory.decorated", value=3)
    assert server.there.wait(20)
    value, meta = server.got[0]
    assert (value, meta["topic"]) == (3, "observatory.decorated")


def test_the_rpc_proxy_of_wampy_works(router: Router, make_client: MakeClient) -> None:
    from wampy.errors import WampyError, WampyTimeOutError

    server, client = make_client(router.url()), make_client(router.url(), timeout_s=5)
    server.register("get_double", lambda number: number * 2)
    release = threading.Event()
    server.register("never", lambda: release.wait(20))

    assert client.rpc.get_double(number=21) == 42
    with pytest.raises(WampyError, match="no_such_procedure"):
        client.rpc.get_nothing()
    client.call_timeout = 0.2
    with pytest.raises(WampyTimeOutError, match=r"0\.2 s"):
        client.rpc.never()
    release.set()


def test_subscribing_by_the_private_method_of_wampy_works(client: SafeClient, peer: str) -> None:
    events = Events(1)
    client.start()
    assert client.session is not None
    client.session._subscribe_to_topic(lambda value, **kwargs: events([value], kwargs, {}), TOPIC)

    client.call(f"{peer}.burst", TOPIC, 1)

    assert events.wait() == [0]


def test_an_event_that_makes_no_sense_does_not_end_the_handlers(
    scripted: Callable[..., ScriptedRouter], make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    events, heard = Events(1), threading.Event()

    def script(router: ScriptedRouter) -> None:
        router.welcome()
        router.send([33, router.receive()[1], 5])
        for broken in ([36, 5], [36, 5, 6, 7], [36, 5, 6, {}, 7]):
            router.send(broken)
        router.send([36, 5, 6, {}, ["good"]])
        heard.wait(20)

    make_client(scripted(script).url).subscribe(TOPIC, events)

    assert events.wait() == ["good"]
    heard.set()


@pytest.mark.parametrize("noise", [b"no json", b"{}", b"[50]", b'[36,"x"]', b"[8,48]", b"[999,1]", b"[" * 100_000])
def test_a_message_that_makes_no_sense_harms_nothing_else(
    scripted: Callable[..., ScriptedRouter], make_client: MakeClient, noise: bytes
) -> None:
    from ocs.client.wampy.frames import Frame, Opcode, encode

    def script(router: ScriptedRouter) -> None:
        router.welcome()
        number = router.receive()[1]
        router.send_bytes(encode(Frame(Opcode.TEXT, noise), None))
        router.send([50, number, {}, ["fine"]])

    assert make_client(scripted(script).url).call("a.b") == "fine"
