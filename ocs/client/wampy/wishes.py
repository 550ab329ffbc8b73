"""What a client wants from every session: its subscriptions and registrations, which outlive a connection."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

EventHandler = Callable[[list[Any], dict[str, Any], dict[str, Any]], object]
"""Takes the positional arguments, the keyword arguments and the details of an event."""


class Match(Enum):
    """How a topic stands for others."""

    EXACT = "exact"
    PREFIX = "prefix"
    WILDCARD = "wildcard"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, or the pattern of many."""

    uri: str
    match: Match = Match.EXACT


@dataclass(frozen=True, slots=True, eq=False)
class Subscription:
    """One handler on one topic.

    Attributes:
        topic: What it listens to.
        handler: Called in the client's handler thread, one event after the other.
        origin: The function as it was given, when `handler` is only wrapped round it.
    """

    topic: Topic
    handler: EventHandler
    drop: Callable[[Subscription], None] = field(repr=False)
    origin: object = None

    def unsubscribe(self) -> None:
        """End it: the handler is not called again; the router is told when it was the topic's last one."""
        self.drop(self)


@dataclass(frozen=True, slots=True)
class Registration:
    """One function under a procedure's name, called in the client's handler thread."""

    procedure: str
    function: Callable[..., Any]
    invoke: str = "single"


class Wishes:
    """All that is to be asked again after each join; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: dict[Topic, list[Subscription]] = {}
        self._registrations: dict[str, Registration] = {}

    def __bool__(self) -> bool:
        return bool(self._subscriptions or self._registrations)

    def add(self, subscription: Subscription) -> bool:
        """Note a subscription; False when the same function is there already (by its origin)."""
        with self._lock:
            listed = self._subscriptions.setdefault(subscription.topic, [])
            if subscription.origin is not None and any(each.origin == subscription.origin for each in listed):
                return False
            listed.append(subscription)
            return True

    def remove(self, subscription: Subscription) -> bool:
        """Forget a subscription; True when its topic has no other."""
        with self._lock:
            listed = self._subscriptions.get(subscription.topic, [])
            if subscription not in listed:
                return False
            listed.remove(subscription)
            if listed:
                return False
            del self._subscriptions[subscription.topic]
            return True

    def handlers(self, topic: Topic) -> list[Subscription]:
        """Return the subscriptions of `topic` as they are now."""
        with self._lock:
            return list(self._subscriptions.get(topic, ()))

    def topics(self) -> list[Topic]:
        """Return each topic once."""
        with self._lock:
            return list(self._subscriptions)

    def register(self, registration: Registration) -> bool:
        """Note a registration; False when the procedure is known: it gets the new function."""
        with self._lock:
            known = registration.procedure in self._registrations
            self._registrations[registration.procedure] = registration
            return not known

    def unregister(self, procedure: str) -> None:
        """Forget a registration."""
        with self._lock:
            self._registrations.pop(procedure, None)

    def function(self, procedure: str) -> Callable[..., Any] | None:
        """Return the function that answers to `procedure`."""
        registration = self._registrations.get(procedure)
        return None if registration is None else registration.function

    def registrations(self) -> list[Registration]:
        """Return the registrations as they are now."""
        with self._lock:
            return list(self._registrations.values())


def wampy_style(function: Callable[..., Any], topic: str) -> EventHandler:
    """Return a handler that calls `function` as wampy does: the event's arguments, and `meta` if it takes that."""
    takes_meta = _takes(getattr(function, "handler", function), "meta")  # wampy's decorator hides it there

    def handler(args: list[Any], kwargs: dict[str, Any], details: dict[str, Any]) -> object:
        if takes_meta:
            kwargs = {**kwargs, "meta": {"topic": topic, "subscription_id": details.get("subscription")}}
        return function(*args, **kwargs)

    return handler


def _takes(function: Callable[..., Any], name: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return True
    return name in parameters or any(each.kind is each.VAR_KEYWORD for each in parameters.values())
