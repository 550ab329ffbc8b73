"""What a member of a realm offers and listens to, so that it can be renewed at each join."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from autobahn.wamp.types import RegisterOptions, SubscribeOptions
from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from ocs.model.errors import OcsError
from ocs.realm import failures
from ocs.realm.session import RealmSession


class Match(Enum):
    """How a subscription's topic is compared."""

    EXACT = "exact"
    PREFIX = "prefix"
    WILDCARD = "wildcard"


Procedure = Callable[..., Any]
Handler = Callable[[str, list[Any], dict[str, Any]], None]


@dataclass(eq=False)
class Subscription:
    """A topic and who is told of its events; renewed at each join."""

    topic: str
    handler: Handler
    match: Match
    active: Any = field(default=None, repr=False)

    def is_of(self, session: RealmSession) -> bool:
        """Whether it is active in this session, not only in one that was lost."""
        return self.active is not None and self.active.session is session


class Roster:
    """The procedures and subscriptions of a member."""

    def __init__(self) -> None:
        self.procedures: dict[str, Procedure] = {}
        self.subscriptions: list[Subscription] = []
        self._log = Logger("ocs.realm")

    def restore(self, session: RealmSession, *, force: bool = False) -> Deferred[Any]:
        """Register and subscribe everything in a new session, all at once."""
        pending = [self.register(session, uri, force=force) for uri in self.procedures]
        pending += [self.subscribe(session, each) for each in self.subscriptions if not each.is_of(session)]
        return defer.gatherResults(pending, consumeErrors=True)

    def register(self, session: RealmSession, uri: str, *, force: bool = False) -> Deferred[None]:
        """Offer the procedure of `uri`; with `force` take the name over from its holder."""
        procedure = self.procedures[uri]

        def invoked(*args: Any, ocs_details: Any, **kwargs: Any) -> Any:
            try:
                answer = procedure(failures.details_of(ocs_details), *args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the caller is told in one sentence
                raise self._told(error, uri) from None
            if isinstance(answer, Deferred):
                answer.addErrback(lambda failure: self._raise_told(failure, uri))
            return answer

        options = RegisterOptions(details_arg="ocs_details", force_reregister=force or None)
        done: Deferred[None] = defer.maybeDeferred(session.register, invoked, uri, options=options)
        return done.addErrback(_refused, uri)

    def subscribe(self, session: RealmSession, subscription: Subscription) -> Deferred[None]:
        """Subscribe."""

        def event(*args: Any, ocs_details: Any, **kwargs: Any) -> None:
            topic = ocs_details.topic or subscription.topic
            try:
                subscription.handler(topic, list(args), kwargs)
            except Exception:  # noqa: BLE001 - one handler's error must not end the others
                self._log.failure("a handler of {topic} failed", topic=topic)

        options = SubscribeOptions(match=subscription.match.value, details_arg="ocs_details")

        def keep(active: Any) -> Any:
            subscription.active = active
            # It may have been given up before the router answered.
            return None if subscription in self.subscriptions else self.unsubscribe(session, subscription)

        done: Deferred[None] = defer.maybeDeferred(session.subscribe, event, subscription.topic, options=options)
        return done.addCallbacks(keep, _refused, errbackArgs=(subscription.topic,))

    def unsubscribe(self, session: RealmSession, subscription: Subscription) -> Deferred[None]:
        """End a subscription; one of a session that was lost has ended with it."""
        mine = subscription.is_of(session)
        active, subscription.active = subscription.active, None
        if not mine or not session.is_attached():
            return defer.succeed(None)
        done: Deferred[None] = active.unsubscribe()
        return done.addErrback(lambda _: None)

    def _told(self, error: BaseException, uri: str) -> Exception:
        if not isinstance(error, OcsError):
            self._log.failure("{uri} failed", uri=uri)
        told: Exception = failures.to_wire(error, uri)
        return told

    def _raise_told(self, failure: Any, uri: str) -> None:
        if not failure.check(OcsError, defer.CancelledError):  # cancelled: the caller gave up
            self._log.failure("{uri} failed", failure, uri=uri)
        raise failures.to_wire(failure.value, uri)


def _refused(failure: Any, what: str) -> None:
    if failure.check(defer.CancelledError):
        failure.raiseException()
    raise failures.from_wire(failure.value, what)
