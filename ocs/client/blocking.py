"""The blocking client: plain scripts, threads and notebooks, on a connection in a background thread."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.threadable import isInIOThread

from ocs.client.blocking_steps import BlockingFlavour
from ocs.client.mailbox import LONGEST_QUEUE, Mailbox
from ocs.client.settings import Place
from ocs.client.steps import Call
from ocs.model.errors import DeadlineError, NotAllowedError, RouterLostError
from ocs.realm.connection import RealmConnection
from ocs.realm.reactor import install, loop_of
from ocs.realm.roster import Handler, Match, Subscription

HANDOVER_S = 5.0
_STARTED = threading.Lock()
_started_in: list[int] = []


def background_reactor() -> Any:
    """Return the reactor that runs in a thread of this process; it is started at the first call.

    Raises:
        NotAllowedError: It was started before this process was forked: threads stay behind in the parent.
    """
    with _STARTED:
        if _started_in and _started_in[0] != os.getpid():
            raise NotAllowedError(
                "this process was forked from one that was connected, and cannot connect any more; "
                "fork before the first connect(), or use multiprocessing's start method `spawn`"
            )
        reactor = install()
        _started_in[:] = [os.getpid()]
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
        self._client.mailboxes.pop(self, None)
        self._client.hand_over(lambda: self._client.connection.unsubscribe(self._subscription), HANDOVER_S)


class BlockingClient(BlockingFlavour):
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
        self._loop = loop_of(self._reactor)
        self._pid = os.getpid()
        self._events: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._handler: threading.Thread | None = None
        self._closed = False
        self.mailboxes: dict[Ended, Mailbox] = {}
        self.lost = 0
        self.connection = RealmConnection(self.place.ways, self.place.realm, self._reactor)
        try:
            self.hand_over(self.connection.start, HANDOVER_S)
            self.hand_over(self.connection.when_joined, timeout_s)
        except DeadlineError:
            self.close()
            raise RouterLostError(
                f"the router is not there ({self.connection.last_error}); "
                "start it with `ocs up`, or say where it is by url= or OCS_PORT"
            ) from None
        except BaseException:  # Ctrl-C: nobody has the client, so nobody else could end it
            self.close()
            raise

    def close(self) -> None:
        """Leave the realm; afterwards calls and subscriptions are refused. A second time is of no effect."""
        if self._pid == os.getpid():
            self._closed = True
            for mailbox in list(self.mailboxes.values()):
                mailbox.end()
            self._events.put(None)
            self.hand_over(self.connection.close, HANDOVER_S)

    # -- what a flavour supplies -----------------------------------------------------------------

    def call(self, call: Call) -> Any:
        """Make a call and return its result."""
        return self.hand_over(
            lambda: self.connection.call(call.procedure, *call.args, timeout_s=call.timeout_s, **call.kwargs),
            call.timeout_s + HANDOVER_S,
        )

    def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Ended:
        """Have `handler` called, in a thread of its own, for each event.

        Of more than 10 000 events that wait for slow handlers the oldest are dropped, and counted in `lost`.
        """

        def event(actual: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
            if self._events.qsize() >= LONGEST_QUEUE:
                self._drop_oldest()
            self._events.put(lambda: handler(actual, args))

        self._start_handler(topic)
        return Ended(self, self._subscribed(topic, event, match))

    def listen(self, mailbox: Mailbox) -> Ended:
        """Have each event put into the mailbox; who takes from it is told when the client leaves."""

        def event(actual: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
            mailbox.put(actual, args)

        self._check_open(mailbox.topic)
        ended = Ended(self, self._subscribed(mailbox.topic, event, "exact"))
        self.mailboxes[ended] = mailbox
        if self._closed:  # meanwhile, by another thread
            mailbox.end()
        return ended

    def deliver(self, function: Callable[[], object]) -> None:
        """Have `function` called in the thread of the handlers."""
        self._start_handler("the handlers' thread")
        self._events.put(function)

    def _subscribed(self, topic: str, event: Handler, match: str) -> Subscription:
        subscription: Subscription = self.hand_over(
            lambda: self.connection.subscribe(topic, event, Match(match)), HANDOVER_S
        )
        return subscription

    def _start_handler(self, topic: str) -> None:
        self._check_open(topic)
        if self._handler is None:
            self._handler = threading.Thread(target=self._handle, name="ocs events", daemon=True)
            self._handler.start()

    def _check_open(self, topic: str) -> None:
        if self._closed:
            raise RouterLostError("this client was closed; connect again", field=topic)

    # -- threads ---------------------------------------------------------------------------------

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

        self._loop.call_soon_threadsafe(begin)  # Twisted's callFromThread takes a timer and a turn of the loop more
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
                "this client belongs to the process before the fork; "
                "fork before the first connect(), or use multiprocessing's start method `spawn`"
            )
        if self._reactor.running and isInIOThread():
            raise NotAllowedError("the blocking client cannot be used in the event loop; use ocs.client.aio there")

    def _drop_oldest(self) -> None:
        with suppress(queue.Empty):
            if self._events.get_nowait() is None:
                self._events.put(None)
            else:
                self.lost += 1

    def _handle(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                event()
            except Exception as error:  # noqa: BLE001 - a handler's error must not end the others
                sys.stderr.write(f"a handler of events failed with {type(error).__name__}: {error}\n")
