"""One membership in a realm, kept up for as long as the program runs.

The router may go away at any time: calls in flight end with an error, and the connection joins again
within seconds of its return, registers and subscribes everything again, all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autobahn.exception import PayloadExceededError
from autobahn.wamp.exception import Error as WampError
from autobahn.wamp.exception import TransportLost
from autobahn.wamp.types import PublishOptions
from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.model.errors import OcsError, RouterLostError
from ocs.realm import failures
from ocs.realm.deadline import with_deadline
from ocs.realm.endpoint import Endpoint
from ocs.realm.reactor import loop_of
from ocs.realm.roster import Handler, Match, Procedure, Roster, Subscription
from ocs.realm.session import RealmSession, make_client

JOIN_TIMEOUT_S = 5.0
PING_INTERVAL_S = 2.0
PING_TIMEOUT_S = 5.0
BACK_OFF_S = (0.3, 1.5, 1.5)
"""First pause, factor, longest pause between attempts, in s (spikes page, 4)."""

CALL_TIMEOUT_S = 10.0
LEAVE_S = 2.0
"""A router has so many seconds to say goodbye."""

_ECHO = {"options": PublishOptions(exclude_me=False)}

MakeClient = Callable[[Endpoint, Callable[[], RealmSession], Any, float], tuple[Any, Any]]


class RealmConnection:
    """A member of a realm.

    Attributes:
        on_room: Called when the line has taken all that was sent; whoever sends much sets it, and heeds `full`.

    Args:
        ways: The ways to the router, the best first; they are tried in turn.
        realm: Name of the realm.
        reactor: Twisted's reactor, or a clock in tests.
        on_join: Called after each join, when everything is registered and subscribed.
        on_loss: Called with a reason when the router is lost.
        on_refusal: Asked when a registration is refused, with the error; what it returns fires with whether to
            take the names over from their holder (True), or to leave the realm for good (False).
        make_client: Makes the client of a way to the router; tests put a router in memory behind it.
    """

    def __init__(
        self,
        ways: Sequence[Endpoint],
        realm: str,
        reactor: Any,
        *,
        on_join: Callable[[], None] = lambda: None,
        on_loss: Callable[[str], None] = lambda _reason: None,
        on_refusal: Callable[[OcsError], Deferred[bool]] | None = None,
        make_client: MakeClient = make_client,
    ) -> None:
        self.realm = realm
        self._ways = tuple(ways)
        self._reactor = reactor
        self._on_join = on_join
        self._on_loss = on_loss
        self._on_refusal = on_refusal
        self._make_client = make_client
        self._roster = Roster()
        self._session: RealmSession | None = None
        self._attempt_of: RealmSession | None = None
        self._abandon: Callable[[], None] = lambda: None
        self._timers: dict[str, Any] = {}
        self._attempts = 0
        self._closed = False
        self._leaving: list[Deferred[None]] = []
        self._first: list[Deferred[None]] = []
        self.details: Any = None
        self.on_room: Callable[[], None] = lambda: None
        self.last_error = "not tried yet"

    # -- life ------------------------------------------------------------------------------------

    @property
    def joined(self) -> bool:
        """Whether calls can be made now."""
        return self._session is not None

    @property
    def full(self) -> bool:
        """Whether what was sent last still waits for the line; `on_room` is called when that is over."""
        return self._session is not None and self._session.outflow.full

    def _room(self) -> None:
        loop_of(self._reactor).call_soon(self.on_room)

    @property
    def session_id(self) -> int | None:
        """Number of the current session, by which the router tells others of its end; None while there is none."""
        return int(self.details.session) if self.joined else None

    @property
    def where(self) -> str:
        """The ways to the router, for messages."""
        return self._ways[-1].url

    def start(self) -> None:
        """Begin to join; goes on trying until `close`."""
        self._closed = False
        self._attempt()

    def when_joined(self) -> Deferred[None]:
        """Return what fires as soon as the realm is joined (at once if it is); it fails at `close`."""
        if self.joined:
            return defer.succeed(None)
        if self._closed:
            return defer.fail(self._away("when_joined"))
        waiting: Deferred[None] = Deferred()
        self._first.append(waiting)
        return waiting

    def close(self) -> Deferred[None]:
        """Leave the realm; fires when the router said goodbye, or after 2 s."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            self._cancel_timers()
            self._later("leave", LEAVE_S, lambda: self._left(session))
            session.on("disconnect", lambda *_, **__: self._left(session))  # type: ignore[no-untyped-call] # autobahn's
            session.leave()
        elif "leave" not in self._timers:
            self._cancel_timers()
            self._abandon()
        waiting, self._first = self._first, []
        for deferred in waiting:
            if not deferred.called:
                deferred.errback(self._away("when_joined"))
        if "leave" not in self._timers:
            return defer.succeed(None)
        left: Deferred[None] = Deferred()
        self._leaving.append(left)
        return left

    def _left(self, session: RealmSession) -> None:
        self._cancel("leave")
        session.drop()  # a router that does not answer the goodbye keeps no line either
        leaving, self._leaving = self._leaving, []
        for deferred in leaving:
            if not deferred.called:
                deferred.callback(None)

    def _attempt(self) -> None:
        if self._closed or self.joined:
            return
        way = self._ways[self._attempts % len(self._ways)]
        self._attempts += 1
        self._attempt_of = None  # what becomes of an earlier attempt is of no matter to this one

        def make() -> RealmSession:
            self._attempt_of = RealmSession(self.realm, self._joined, self._gone, self._room)
            return self._attempt_of

        endpoint, factory = self._make_client(way, make, self._reactor, JOIN_TIMEOUT_S)
        connecting = endpoint.connect(factory)
        connected: list[Any] = []

        def abandon() -> None:
            connecting.cancel()
            if connected and not self.joined:
                connected[0].transport.abortConnection()

        def too_late() -> None:
            # A stopped router still accepts connections: without this the attempt would never end.
            abandon()
            self.last_error = f"{way.url} does not answer within {JOIN_TIMEOUT_S:g} s"
            self._retry()

        def failed(failure: Any) -> None:
            self.last_error = f"{way.url}: {failure.getErrorMessage()}"
            self._cancel("join")
            self._retry()

        self._abandon = abandon
        self._later("join", JOIN_TIMEOUT_S, too_late)
        connecting.addCallbacks(connected.append, failed)

    def _retry(self) -> None:
        if self._closed or self.joined:
            return
        first, factor, longest = BACK_OFF_S
        rounds = max(0, self._attempts // len(self._ways) - 1)
        # The other ways are tried at once; only after all of them there is a pause.
        pause = 0.0 if self._attempts % len(self._ways) else min(first * factor ** min(rounds, 20), longest)
        self._later("retry", pause, self._attempt)

    # -- joined and lost -------------------------------------------------------------------------

    def _joined(self, session: RealmSession, details: Any) -> None:
        self._cancel("join")
        if self._closed or self.joined:
            session.leave()
            return
        self._session = session
        self.details = details
        self._attempts = 0
        self._later("ping", PING_INTERVAL_S, self._ping)
        self._roster.restore(session).addCallbacks(
            lambda _: self._restored(session), lambda f: self._not_restored(session, f)
        )

    def _restored(self, session: RealmSession) -> None:
        if self._session is not session:
            return
        self._on_join()
        waiting, self._first = self._first, []
        for deferred in waiting:
            if not deferred.called:
                deferred.callback(None)

    def _not_restored(self, session: RealmSession, failure: Any) -> None:
        if self._session is not session:
            return
        error = failures.from_wire(_innermost(failure.value), "a name of this program")
        self.last_error = error.message
        if isinstance(error, RouterLostError):
            return  # nobody refused: the router went away meanwhile, and the loss is told next
        if self._on_refusal is None:
            session.leave()
            return

        def decided(take_over: bool) -> None:  # noqa: FBT001 - the result of a Deferred
            if self._session is not session:
                return
            if take_over:
                self._roster.restore(session, force=True).addCallbacks(
                    lambda _: self._restored(session), lambda _: self._leave(session)
                )
            else:
                self.close()

        self._on_refusal(error).addCallback(decided)

    def _gone(self, session: RealmSession, reason: str) -> None:
        current = self._session is session
        if current:
            self._session = None
            self._cancel("ping")
            self.last_error = f"the router at {self.where} was lost: {reason}"
            self._on_loss(self.last_error)
        elif session is self._attempt_of and not self._closed:
            self.last_error = f"the router at {self.where} lets nobody in: {reason}"
        if session is self._attempt_of or current:
            self._attempt_of = None
            self._cancel("join")
            self._retry()

    def _leave(self, session: RealmSession) -> None:
        if self._session is session and session.is_attached():
            session.leave()

    def _ping(self) -> None:
        session = self._session
        if session is None:
            return

        def answered(_: Any) -> None:
            if self._session is session:
                self._later("ping", PING_INTERVAL_S, self._ping)

        def silent(_: Any) -> None:
            if self._session is session:
                session.drop()

        self.call("wamp.session.count", timeout_s=PING_TIMEOUT_S).addCallbacks(answered, silent)

    # -- what members do -------------------------------------------------------------------------

    def call(self, procedure: str, *args: Any, timeout_s: float = CALL_TIMEOUT_S, **kwargs: Any) -> Deferred[Any]:
        """Call a procedure; fires with its single result.

        Fails with an OcsError: RouterLostError when the router is away, DeadlineError when no answer came
        within `timeout_s` seconds, NotFoundError when nobody answers there, TooLargeError for arguments of more
        than 16 MiB, or what the callee raised.
        """
        session = self._session
        if session is None:
            return defer.fail(self._away(procedure))
        try:
            asked: Deferred[Any] = session.call(procedure, *args, **kwargs)
        except (WampError, PayloadExceededError) as error:  # lost meanwhile, or what no router takes
            return defer.fail(failures.from_wire(error, procedure))
        return with_deadline(asked, procedure, timeout_s, loop_of(self._reactor))

    def _away(self, what: str) -> RouterLostError:
        if self._closed:
            return RouterLostError("this connection was closed; connect again", field=what)
        return RouterLostError(f"the router is not there ({self.last_error})", field=what)

    def publish(self, topic: str, payload: Any, *, echo: bool = False) -> bool:
        """Send an event with one positional argument; False when it was dropped: no router, or more than 16 MiB.

        With `echo` subscriptions of this member get it too.
        """
        if self._session is None:
            return False
        try:
            self._session.publish(topic, payload, **(_ECHO if echo else {}))
        except (TransportLost, PayloadExceededError):
            return False
        return True

    def register(self, uri: str, procedure: Procedure) -> Deferred[None]:
        """Offer `procedure(caller, *args, **kwargs)` at `uri`, now and after each join.

        The caller is a (name, role, session) triple. An OcsError that it raises, or with which its Deferred
        fails, reaches the caller with code and sentence.
        """
        self._roster.procedures[uri] = procedure
        return self._roster.register(self._session, uri) if self._session else defer.succeed(None)

    def subscribe(self, topic: str, handler: Handler, match: Match = Match.EXACT) -> Deferred[Subscription]:
        """Have `handler(topic, args, kwargs)` called for each event, now and after each join.

        Fails with an OcsError when the router refuses it, or is lost before it answers; there is no subscription then.
        """
        if self._closed:
            return defer.fail(self._away(topic))
        subscription = Subscription(topic, handler, match)
        self._roster.subscriptions.append(subscription)
        done = self._roster.subscribe(self._session, subscription) if self._session else defer.succeed(None)

        def refused(failure: Any) -> Any:
            if subscription in self._roster.subscriptions:
                self._roster.subscriptions.remove(subscription)
            return failure

        return done.addCallbacks(lambda _: subscription, refused)

    def unsubscribe(self, subscription: Subscription) -> Deferred[None]:
        """End a subscription."""
        if subscription in self._roster.subscriptions:
            self._roster.subscriptions.remove(subscription)
        if self._session is None:
            return defer.succeed(None)
        return self._roster.unsubscribe(self._session, subscription)

    # -- timers ----------------------------------------------------------------------------------

    def _later(self, name: str, delay_s: float, function: Callable[[], None]) -> None:
        self._cancel(name)
        self._timers[name] = self._reactor.callLater(delay_s, function)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None and timer.active():
            timer.cancel()

    def _cancel_timers(self) -> None:
        for name in list(self._timers):
            self._cancel(name)


def _innermost(error: BaseException) -> BaseException:
    inner: BaseException | None = error
    while isinstance(inner, defer.FirstError):
        inner = inner.subFailure.value
    return inner or error
