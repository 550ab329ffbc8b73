"""The blocking client: wampy's, made safe by sub-classes."""

from __future__ import annotations

import copy
import inspect
import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Self

from ocs.client.wampy.answers import WampError, result_of, value_of
from ocs.client.wampy.compatibility import LateError, wampy_answer
from ocs.client.wampy.deadline import Deadline
from ocs.client.wampy.door import DEFAULT_ROLES, Call, Client, Publish
from ocs.client.wampy.login import Login
from ocs.client.wampy.session import CLOSE_TIMEOUT_S, SafeSession
from ocs.client.wampy.wishes import EventHandler, Match, Registration, Subscription, Topic, Wishes, wampy_style
from ocs.client.wampy.worker import Work, Worker
from ocs.model.address import DEFAULT_PORT, DEFAULT_REALM
from ocs.model.errors import DeadlineError, NotAllowedError, RouterLostError

log = logging.getLogger("ocs.client.wampy")

DEFAULT_URL = f"ws://127.0.0.1:{DEFAULT_PORT}/wampy"


class SafeClient(Client):  # type: ignore[misc]  # wampy carries no types
    """A client for scripts, shells and notebooks: calls block, any thread may make them.

    It joins at `start`, at `with`, or at the first call, and joins again by itself when the router was
    away: at the next call, or within seconds when it has subscriptions or registrations, which
    are then made again. Handlers and registered functions run in one thread, one after the other.
    After a fork the child has a session of its own.

    Args:
        url: Of the router: `ws://` or `wss://`, host, port, path.
        realm: The name space on it.
        authid: Name of this client, if the router asks for one.
        ticket: Its password; travels as it is.
        secret: Its key for challenge and response; never travels. Without both, the
            environment variable WAMPYSECRET counts, as in wampy.
        timeout_s: How long a call, a join or a subscription may take when it names no limit of its own.
        name: For logs and thread names.
        cert_path: File of certificates to trust, for `wss://`; None trusts those of the system.
        roles: wampy's map of roles and `authmethods`.
    """

    def __init__(
        self,
        *,
        url: str = DEFAULT_URL,
        realm: str = DEFAULT_REALM,
        authid: str | None = None,
        ticket: str | None = None,
        secret: str | None = None,
        timeout_s: float = 10.0,
        name: str | None = None,
        cert_path: str | None = None,
        roles: Mapping[str, Any] = DEFAULT_ROLES,
    ) -> None:
        # The original's constructor makes its session, and with it the connection, by name.
        self.url = url
        self.realm = realm
        self.name = name or type(self).__name__
        self.cert_path = cert_path
        self.roles = copy.deepcopy(dict(roles))
        self.call_timeout = timeout_s
        self.wishes = Wishes()
        self._login = Login.of_wampy(authid, ticket, secret, self.roles, os.environ)
        self._stopped = False
        self._renew()

    def _renew(self) -> None:
        """Make what belongs to one process: locks, threads, and a session that has not begun."""
        self._pid = os.getpid()
        self._join_lock = threading.RLock()
        self._wish_lock = threading.RLock()
        self._worker: Worker | None = None
        self._session = self._new_session()

    def _new_session(self) -> SafeSession:
        return SafeSession(self, self._login, on_loss=self._on_loss)

    def __enter__(self) -> Self:
        self.start()
        return self

    @property
    def message_handler(self) -> Any:
        """What takes the messages of the current session."""
        return self._session.message_handler

    @property
    def connected(self) -> bool:
        """Whether the client is in its realm, as far as it knows now."""
        return bool(self._session.alive) and self._pid == os.getpid()

    @property
    def session_id(self) -> int | None:
        """The number that the router gave to the session; None while there is none."""
        return self._session.session_id if self.connected else None

    @property
    def session(self) -> SafeSession | None:
        """The current session under the name that wampy gives it; None while there is none."""
        return self._session if self.connected else None

    @property
    def dropped_events(self) -> int:
        """Events that were dropped because the handlers are slower than they come."""
        return 0 if self._worker is None else self._worker.dropped

    def hand_over(self, work: Work) -> bool:
        """Have `work` done in the handler thread; False when too much waits there, or the client was stopped."""
        worker = self._worker
        return worker is not None and worker.submit(work)

    def start(self) -> None:
        """Join the realm, if the client has not yet.

        Raises:
            RouterLostError: There is no router at the URL.
            ConfigurationError: There is something else.
            DeadlineError: It does not answer.
            WampError: It refuses the realm or the login.
        """
        self._stopped = False
        self._joined(Deadline(self.call_timeout))

    def stop(self) -> None:
        """Leave the realm: calls under way fail, both threads end; `start` joins again."""
        self._stopped = True
        if self._pid != os.getpid():
            self._forked()
            return
        self._session.end(goodbye_from=self.name)
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop(Deadline(CLOSE_TIMEOUT_S))

    def call(self, procedure: str, *args: Any, timeout_s: float | None = None, **kwargs: Any) -> Any:
        """Call a procedure and return its result.

        Args:
            procedure: Its URI.
            args: Its positional arguments: numbers, texts, lists, maps, bytes.
            timeout_s: Seconds to wait at most; None for the client's own limit.
            kwargs: Its keyword arguments.

        Returns:
            The one positional value; None, a list, a dict or a CallResult when the result has none,
            several, keywords, or both.

        Raises:
            WampError: The procedure does not exist, is not allowed, or failed.
            DeadlineError: No result in time. What the procedure does may go on.
            RouterLostError: There is no router, or it went away during the call.
            TooLargeError: More than 16 MiB of arguments.
        """
        deadline = Deadline(self.call_timeout if timeout_s is None else timeout_s)
        message = Call(procedure=procedure, args=args, kwargs=kwargs)
        answer = self._joined(deadline).request(message, f"the call of {procedure}", deadline)
        return value_of(*result_of(answer))

    def publish(self, topic: str, *args: Any, options: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Publish an event.

        Args:
            topic: Its URI.
            args: Its positional arguments.
            options: Of WAMP, such as {"acknowledge": True}: then return when the router has taken it.
            kwargs: Its keyword arguments.

        Raises:
            WampError: It is not allowed; known only with `acknowledge`.
            RouterLostError: There is no router.
            DeadlineError: The router takes nothing.
            TooLargeError: More than 16 MiB of arguments.
        """
        deadline = Deadline(self.call_timeout)
        session = self._joined(deadline)
        message = Publish(topic, options or {})
        message.args, message.kwargs = args, kwargs
        if message.options.get("acknowledge"):
            session.request(message, f"the publication of {topic}", deadline)
        else:
            session.send_message(message, deadline)

    def subscribe(self, topic: str, handler: EventHandler, match: str = "exact") -> Subscription:
        """Have `handler(args, kwargs, details)` called for each event of a topic; return when that is so.

        Args:
            topic: Its URI, or a pattern of URIs.
            handler: Called in the handler thread; what it raises is logged. A topic may have several.
            match: "exact", "prefix", or "wildcard" (empty components stand for any).

        Returns:
            The subscription; its `unsubscribe` ends it.

        Raises:
            WampError: The router refuses it.
            RouterLostError: There is no router.
            DeadlineError: It does not answer.
        """
        subscription = Subscription(Topic(topic, Match(match)), handler, self._unsubscribe)
        self._add(subscription)
        return subscription

    def register(self, procedure: str, function: Callable[..., Any], *, invoke: str = "single") -> None:
        """Answer calls of `procedure` with `function(*args, **kwargs)`; return when the router knows.

        Raises:
            WampError: The router refuses it: the name is taken or not allowed.
            RouterLostError: There is no router.
            DeadlineError: It does not answer.
        """
        deadline = Deadline(self.call_timeout)
        session = self._joined(deadline)
        registration = Registration(procedure, function, invoke)
        with self._wish_lock:
            if self.wishes.register(registration):
                withdraw = partial(self.wishes.unregister, procedure)
                _ask(partial(session.register_all, [registration], deadline), withdraw)

    def unregister(self, procedure: str) -> None:
        """Stop answering calls of `procedure`."""
        with self._wish_lock:
            self.wishes.unregister(procedure)
            with suppress(RouterLostError):
                if self.connected:
                    self._session.unregister(procedure, Deadline(self.call_timeout))

    def add_wampy_handler(self, handler: Callable[..., Any], topic: str) -> None:
        """Subscribe a handler that is called as wampy calls it: `handler(*args, **kwargs)`; once for each topic."""
        calls = wampy_style(handler, topic)
        self._add(Subscription(Topic(topic), calls, self._unsubscribe, origin=handler))

    def send_message(self, message: Any) -> None:
        """Send one of wampy's messages; it gets the next request number."""
        deadline = Deadline(self.call_timeout)
        self._joined(deadline).send_message(message, deadline)

    def recv_message(self, source_request_id: int | None = None) -> Any:
        """Return wampy's Result or Error for a request that was sent by `send_message`.

        Raises:
            LateError: It did not come in time.
            RouterLostError: The session ended before it came.
        """
        try:
            answer = self._session.recv_message(source_request_id, self.call_timeout)
        except DeadlineError as error:
            raise LateError(f"no answer within {self.call_timeout:g} s; the other side is busy or hangs") from error
        return wampy_answer(answer)

    def _register_roles(self) -> None:
        for name in dir(type(self)):
            declared = inspect.getattr_static(type(self), name)
            if hasattr(declared, "callee"):
                self.register(declared.__name__, getattr(self, name), invoke=declared.invocation_policy)
            if hasattr(declared, "subscriber"):
                self.add_wampy_handler(getattr(self, name), declared.topic)

    def _add(self, subscription: Subscription) -> None:
        deadline = Deadline(self.call_timeout)
        session = self._joined(deadline)
        with self._wish_lock:
            if self.wishes.add(subscription):
                withdraw = partial(self.wishes.remove, subscription)
                _ask(partial(session.subscribe_all, [subscription.topic], deadline), withdraw)

    def _unsubscribe(self, subscription: Subscription) -> None:
        with self._wish_lock, suppress(RouterLostError):
            if self.wishes.remove(subscription) and self.connected:
                self._session.unsubscribe(subscription.topic, Deadline(self.call_timeout))

    def _joined(self, deadline: Deadline) -> SafeSession:
        """Return a session that has joined; join if there is none."""
        if self._pid != os.getpid():
            self._forked()
        session = self._session
        if session.alive:
            return session
        if self._stopped:
            raise NotAllowedError("the client was stopped; call its start() before you use it again")
        if not self._join_lock.acquire(timeout=deadline.left_s()):
            raise DeadlineError(f"another thread was still joining {self.realm!r} after {deadline.timeout_s:g} s")
        try:
            return self._session if self._session.alive else self._join(deadline)
        finally:
            self._join_lock.release()

    def _join(self, deadline: Deadline) -> SafeSession:
        session = self._session = self._new_session()
        worker = self._worker = self._worker or Worker(f"{self.name}-handler", self._mend)
        try:
            session.begin(deadline)
            for refusal in self._wish_again(session, deadline):
                log.warning("not granted again, trying on: %s", refusal)
            self._register_roles()
        except BaseException:
            if self.wishes:
                worker.worry()
            raise
        finally:
            if self._stopped:
                self.stop()
        if self._stopped:
            raise RouterLostError("the client was stopped while it joined")
        return session

    def _wish_again(self, session: SafeSession, deadline: Deadline) -> list[WampError]:
        """Ask for what the session has not got; return what the router refuses, to be asked again later."""
        subscribed, registered = set(session.subscription_map.values()), set(session.registration_map.values())
        topics = [each for each in self.wishes.topics() if each not in subscribed]
        procedures = [each for each in self.wishes.registrations() if each.procedure not in registered]
        refused = [
            *session.subscribe_all(topics, deadline).values(),
            *session.register_all(procedures, deadline).values(),
        ]
        if refused and self._worker is not None:
            self._worker.worry()
        return refused

    def _on_loss(self) -> None:
        worker = self._worker
        if self.wishes and worker is not None:
            worker.worry()

    def _mend(self) -> bool:
        """Join again for the sake of the subscriptions; return whether there is nothing left to do."""
        if self._stopped:
            return True
        deadline = Deadline(self.call_timeout)
        try:
            return not self._wish_again(self._joined(deadline), deadline)
        except Exception as error:  # noqa: BLE001 - a sub-class may raise anything while it registers its roles
            log.debug("not joined again yet: %s", error)
            return False

    def _forked(self) -> None:
        """Begin anew in a child process: the threads and the session are the parent's."""
        self._session.abandon()
        self._renew()


def _ask(ask: Callable[[], Mapping[Any, WampError]], withdraw: Callable[[], object]) -> None:
    """Ask the router for one wish, and withdraw it when that fails in any way."""
    granted = False
    try:
        refused = ask()
        granted = not refused
    finally:
        if not granted:
            withdraw()
    for refusal in refused.values():
        raise refusal
