"""One realm of the router in memory: who subscribes to what, who answers what (WAMP basic profile).

Of the router's own events and procedures it has those that agents use; what they carry was seen at crossbar 26.10.1.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

AUTHROLE = "iocs_agent"
ON_JOIN = "wamp.session.on_join"
ON_LEAVE = "wamp.session.on_leave"

Message = list[Any]


class Word(Enum):
    """The first element of each message (WAMP, section "Message Codes")."""

    HELLO = 1
    WELCOME = 2
    ABORT = 3
    GOODBYE = 6
    ERROR = 8
    PUBLISH = 16
    PUBLISHED = 17
    SUBSCRIBE = 32
    SUBSCRIBED = 33
    UNSUBSCRIBE = 34
    UNSUBSCRIBED = 35
    EVENT = 36
    CALL = 48
    CANCEL = 49
    RESULT = 50
    REGISTER = 64
    REGISTERED = 65
    UNREGISTER = 66
    UNREGISTERED = 67
    INVOCATION = 68
    INTERRUPT = 69
    YIELD = 70


@dataclass(eq=False)
class Peer:
    """A joined session, seen from the router.

    Attributes:
        number: Number of its session.
        send: Brings a message to it.
    """

    number: int
    send: Callable[[Message], None]

    @property
    def authid(self) -> str:
        """Its name, as the router gives to anonymous sessions."""
        return f"anonymous-{self.number}"

    @property
    def details(self) -> dict[str, Any]:
        """What the router tells others of it."""
        return {
            "session": self.number,
            "authid": self.authid,
            "authrole": AUTHROLE,
            "authmethod": "anonymous",
            "authprovider": "static",
        }

    def tell(self, word: Word, *rest: Any) -> None:
        """Send a message."""
        self.send([word.value, *rest])

    def refuse(self, word: Word, request: int, error: str, args: list[Any] | None = None) -> None:
        """Send an error to a request."""
        self.tell(Word.ERROR, word.value, request, {}, error, args or [])


@dataclass(eq=False)
class _Subscription:
    number: int
    topic: str
    match: str
    peers: list[Peer] = field(default_factory=list)


@dataclass(eq=False)
class _Registration:
    number: int
    uri: str
    peer: Peer


@dataclass(eq=False)
class _Invocation:
    caller: Peer
    request: int
    callee: Peer


class _NoneSuchError(LookupError):
    """The router is asked for what it does not have."""

    def __init__(self, uri: str, sentence: str) -> None:
        super().__init__(sentence)
        self.uri = uri


def matches(topic: str, pattern: str, match: str) -> bool:
    """Whether a topic is meant by a subscription."""
    if match == "prefix":
        return topic.startswith(pattern)
    if match == "wildcard":
        parts, wanted = topic.split("."), pattern.split(".")
        return len(parts) == len(wanted) and all(word in {"", part} for part, word in zip(parts, wanted, strict=True))
    return topic == pattern


class MemoryRealm:
    """Broker and dealer of one realm."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.published: list[tuple[str, list[Any]]] = []
        self._numbers = itertools.count(1)
        self._subscriptions: dict[int, _Subscription] = {}
        self._registrations: dict[str, _Registration] = {}
        self._invocations: dict[int, _Invocation] = {}
        self._answers: dict[Word, Callable[[Peer, Message], None]] = {
            Word.PUBLISH: self._publish,
            Word.SUBSCRIBE: self._subscribe,
            Word.UNSUBSCRIBE: self._unsubscribe,
            Word.CALL: self._call,
            Word.CANCEL: self._forget_call,
            Word.REGISTER: self._register,
            Word.UNREGISTER: self._unregister,
            Word.YIELD: self._yielded,
            Word.ERROR: self._failed,
        }
        self._own: dict[str, Callable[[Any], list[Any]]] = {
            "wamp.session.count": lambda _: [len(self.peers)],
            "wamp.session.get": self._session,
            "wamp.registration.match": self._registration_of,
            "wamp.registration.list_callees": self._callees,
        }

    def join(self, peer: Peer) -> None:
        """Take a session in, and tell who asked to be told."""
        self.peers.append(peer)
        self._tell(ON_JOIN, [peer.details])

    def take(self, peer: Peer, message: Message) -> None:
        """Act on a message of a session."""
        self._answers[Word(message[0])](peer, message)

    def drop(self, peer: Peer) -> None:
        """Forget a session: what it registered and subscribed, and the calls that it was working on."""
        if peer not in self.peers:
            return
        self.peers.remove(peer)
        for uri in [uri for uri, known in self._registrations.items() if known.peer is peer]:
            del self._registrations[uri]
        for subscription in self._subscriptions.values():
            if peer in subscription.peers:
                subscription.peers.remove(peer)
        for number, call in list(self._invocations.items()):
            if call.callee is peer:
                del self._invocations[number]
                call.caller.refuse(Word.CALL, call.request, "wamp.error.canceled", ["callee disconnected"])
            elif call.caller is peer:
                del self._invocations[number]
                call.callee.tell(Word.INTERRUPT, number, {})
        self._tell(ON_LEAVE, [peer.number])

    # -- the router's own words ------------------------------------------------------------------

    def _tell(self, topic: str, args: list[Any]) -> None:
        number = next(self._numbers)
        for subscription in list(self._subscriptions.values()):
            if subscription.topic == topic and subscription.match == "exact":
                for listener in list(subscription.peers):
                    listener.tell(Word.EVENT, subscription.number, number, {}, args)

    def _session(self, number: Any) -> list[Any]:
        for peer in self.peers:
            if peer.number == number:
                return [peer.details]
        raise _NoneSuchError("wamp.error.no_such_session", f"no session with ID {number} exists on this router")

    def _registration_of(self, uri: Any) -> list[Any]:
        known = self._registrations.get(uri)
        return [None if known is None else known.number]

    def _callees(self, number: Any) -> list[Any]:
        for known in self._registrations.values():
            if known.number == number:
                return [[known.peer.number]]
        raise _NoneSuchError("wamp.error.no_such_registration", f"no registration with ID {number} exists")

    # -- broker ----------------------------------------------------------------------------------

    def _publish(self, peer: Peer, message: Message) -> None:
        _, request, options, topic, args, kwargs = _padded(message, 6)
        self.published.append((topic, args))
        number = next(self._numbers)
        for subscription in self._subscriptions.values():
            if not matches(topic, subscription.topic, subscription.match):
                continue
            details = {} if subscription.match == "exact" else {"topic": topic}
            for listener in subscription.peers:
                if listener is not peer or options.get("exclude_me") is False:
                    listener.tell(Word.EVENT, subscription.number, number, details, args or [], kwargs or {})
        if options.get("acknowledge"):
            peer.tell(Word.PUBLISHED, request, number)

    def _subscribe(self, peer: Peer, message: Message) -> None:
        _, request, options, topic = message[:4]
        match = options.get("match", "exact")
        same = (known for known in self._subscriptions.values() if (known.topic, known.match) == (topic, match))
        subscription = next(same, None) or _Subscription(next(self._numbers), topic, match)
        self._subscriptions[subscription.number] = subscription
        if peer not in subscription.peers:
            subscription.peers.append(peer)
        peer.tell(Word.SUBSCRIBED, request, subscription.number)

    def _unsubscribe(self, peer: Peer, message: Message) -> None:
        _, request, number = message[:3]
        subscription = self._subscriptions.get(number)
        if subscription is None or peer not in subscription.peers:
            peer.refuse(Word.UNSUBSCRIBE, request, "wamp.error.no_such_subscription")
            return
        subscription.peers.remove(peer)
        peer.tell(Word.UNSUBSCRIBED, request)

    # -- dealer ----------------------------------------------------------------------------------

    def _call(self, peer: Peer, message: Message) -> None:
        _, request, _options, uri, args, kwargs = _padded(message, 6)
        own = self._own.get(uri)
        if own is not None:
            try:
                peer.tell(Word.RESULT, request, {}, own(args[0] if args else None))
            except _NoneSuchError as error:
                peer.refuse(Word.CALL, request, error.uri, [str(error)])
            return
        registration = self._registrations.get(uri)
        if registration is None:
            told = f"no callee registered for procedure <{uri}>"
            peer.refuse(Word.CALL, request, "wamp.error.no_such_procedure", [told])
            return
        number = next(self._numbers)
        self._invocations[number] = _Invocation(peer, request, registration.peer)
        details = {"caller": peer.number, "caller_authid": peer.authid, "caller_authrole": AUTHROLE}
        registration.peer.tell(Word.INVOCATION, number, registration.number, details, args or [], kwargs or {})

    def _forget_call(self, peer: Peer, message: Message) -> None:
        for number, call in list(self._invocations.items()):
            if call.caller is peer and call.request == message[1]:
                del self._invocations[number]
                call.callee.tell(Word.INTERRUPT, number, {})
                peer.refuse(Word.CALL, call.request, "wamp.error.canceled")

    def _register(self, peer: Peer, message: Message) -> None:
        _, request, options, uri = message[:4]
        holder = self._registrations.get(uri)
        if holder is not None and not options.get("force_reregister"):
            told = f"register for already registered procedure '{uri}'"
            peer.refuse(Word.REGISTER, request, "wamp.error.procedure_already_exists", [told])
            return
        if holder is not None:
            holder.peer.tell(Word.UNREGISTERED, 0, {"registration": holder.number, "reason": "wamp.error.unregistered"})
        registration = self._registrations[uri] = _Registration(next(self._numbers), uri, peer)
        peer.tell(Word.REGISTERED, request, registration.number)

    def _unregister(self, peer: Peer, message: Message) -> None:
        _, request, number = message[:3]
        for uri, known in list(self._registrations.items()):
            if known.number == number and known.peer is peer:
                del self._registrations[uri]
                peer.tell(Word.UNREGISTERED, request)
                return
        peer.refuse(Word.UNREGISTER, request, "wamp.error.no_such_registration")

    def _yielded(self, _peer: Peer, message: Message) -> None:
        _, number, _options, args, kwargs = _padded(message, 5)
        call = self._invocations.pop(number, None)
        if call is not None:
            call.caller.tell(Word.RESULT, call.request, {}, args or [], kwargs or {})

    def _failed(self, _peer: Peer, message: Message) -> None:
        _, _kind, number, _details, error, args, kwargs = _padded(message, 7)
        call = self._invocations.pop(number, None)
        if call is not None:
            call.caller.tell(Word.ERROR, Word.CALL.value, call.request, {}, error, args or [], kwargs or {})


def _padded(message: Message, length: int) -> Message:
    return [*message, *[None] * (length - len(message))]
