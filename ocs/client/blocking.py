"""The blocking client: plain scripts, threads and notebooks, on a connection in a background thread."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred

from ocs.client.events import FeedMessage
from ocs.client.session import Progress
from ocs.client.settings import Place
from ocs.client.steps import Call, Conversation, carry_out
from ocs.client.streams import follow_progress, follow_topic
from ocs.client.surface import Run
from ocs.model.errors import DeadlineError, NotAllowedError, RouterLostError
from ocs.realm.connection import RealmConnection
from ocs.realm.reactor import install
from ocs.realm.roster import Match, Subscription

HANDOVER_S = 5.0
_STARTED = threading.Lock()


def background_reactor() -> Any:
    """Return the reactor that runs in a thread of this process; it is started at the first call."""
    with _STARTED:
        reactor = install()
        import crochet

        crochet.setup()
    return reactor


class Ended:
    """A subscription of a blocking client."""

    def __init__(self, client: BlockingClient, subscription: Subscription) -> None:
        self._client = client
        self._subscription = subscription

    def close(self) -> None:
        """Get no more events."""
        self._client.hand_over(lambda: self._client.connection.unsubscribe(self._subscription), HANDOVER_S)


class BlockingClient:
    """A membership in a realm that blocking code uses, from any thread.

    Args:
        place: Where the realm is.
        timeout_s: Time in which the router must be joined, in s.

    Raises:
        RouterLostError: It was not.
    """

    def __init__(self, place: Place, *, timeout_s: float = 10.0) -> None:
        self.place = place
        self._reactor = background_reactor()
        self._pid = os.getpid()
        self._events: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._handler: threading.Thread | None = None
        self.connection: RealmConnection = self.hand_over(self._connect, HANDOVER_S)
        try:
            self.hand_over(self.connection.when_joined, timeout_s)
        except DeadlineError:
            self.close()
            raise RouterLostError(
                f"the router is not there ({self.connection.last_error}); "
                "start it with `ocs up`, or say where it is by url= or OCS_PORT"
            ) from None

    def _connect(self) -> RealmConnection:
        connection = RealmConnection(self.place.ways, self.place.realm, self._reactor)
        connection.start()
        return connection

    def close(self) -> None:
        """Leave the realm."""
        if self._pid == os.getpid():
            self._events.put(None)
            self.hand_over(self.connection.close, HANDOVER_S)

    # -- what the surface asks of a flavour ------------------------------------------------------

    def do(self, conversation: Conversation[Any]) -> Any:
        """Carry a conversation out."""
        return carry_out(conversation, self._call)

    def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Ended:
        """Have `handler` called, in a thread of its own, for each event."""
        if self._handler is None:
            self._handler = threading.Thread(target=self._handle, name="ocs events", daemon=True)
            self._handler.start()

        def event(actual: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
            self._events.put(lambda: handler(actual, args))

        return Ended(self, self.hand_over(lambda: self.connection.subscribe(topic, event, Match(match)), HANDOVER_S))

    def follow(self, topic: str, timeout_s: float | None) -> Iterator[FeedMessage]:
        """Return an iterator over the messages of a feed."""
        return follow_topic(self.subscribe, topic, timeout_s)

    def follow_run(self, run: Run, timeout_s: float | None) -> Iterator[Progress]:
        """Return an iterator over a run's progress."""
        return follow_progress(self.subscribe, run, timeout_s)

    # -- threads ---------------------------------------------------------------------------------

    def _call(self, call: Call) -> Any:
        return self.hand_over(
            lambda: self.connection.call(call.procedure, *call.args, timeout_s=call.timeout_s, **call.kwargs),
            call.timeout_s + HANDOVER_S,
        )

    def hand_over(self, function: Callable[[], Any], timeout_s: float) -> Any:
        """Call `function` in the reactor's thread and return its result, or that of its Deferred.

        Raises:
            DeadlineError: It took longer than `timeout_s` seconds.
            NotAllowedError: This process was forked, or this is the reactor's thread.
        """
        self._check_place()
        answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        def begin() -> None:
            try:
                result = function()
            except Exception as error:  # noqa: BLE001 - it is raised where the caller waits
                answers.put((False, error))
                return
            if isinstance(result, Deferred):
                result.addCallbacks(
                    lambda value: answers.put((True, value)), lambda failure: answers.put((False, failure.value))
                )
            else:
                answers.put((True, result))

        self._reactor.callFromThread(begin)
        try:
            good, value = answers.get(timeout=timeout_s)
        except queue.Empty:
            raise DeadlineError(f"no answer within {timeout_s:g} s") from None
        if not good:
            raise value
        return value

    def _check_place(self) -> None:
        if self._pid != os.getpid():
            raise NotAllowedError(
                "this client belongs to the process before the fork; call connect() again in this one"
            )
        if self._reactor.running and threading.get_ident() == getattr(self._reactor, "_ocs_thread", None):
            raise NotAllowedError("the blocking client cannot be used in the event loop; use ocs.client.aio there")

    def _handle(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                event()
            except Exception as error:  # noqa: BLE001 - a handler's error must not end the others
                sys.stderr.write(f"a handler of events failed with {type(error).__name__}: {error}\n")
