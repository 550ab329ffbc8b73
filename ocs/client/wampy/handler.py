"""What becomes of each message that the router sends: answers go to their waiters, events to the handlers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from ocs.client.wampy.answers import error_parts, parts_of
from ocs.client.wampy.door import Error, Goodbye, MessageHandler, Yield
from ocs.client.wampy.payload import decode
from ocs.client.wampy.protocol import Code
from ocs.client.wampy.wishes import Registration, Subscription, Topic
from ocs.model.errors import DeadlineError, OcsError, RouterLostError

log = logging.getLogger("ocs.client.wampy")

UNAVAILABLE = "wamp.error.unavailable"


class SafeMessageHandler(MessageHandler):  # type: ignore[misc]  # wampy carries no types
    """The reader's side of one session; what users wrote is called in the client's handler thread.

    Args:
        client: Whose handlers and functions are called.
        session: The one session that it reads for.
    """

    def __init__(self, client: Any, session: Any) -> None:
        super().__init__(client)
        self._own_session = session
        self._table: dict[int, Callable[[list[Any]], object]] = {
            Code.WELCOME.value: self._welcome,
            Code.ABORT.value: session.control.put,
            Code.CHALLENGE.value: session.control.put,
            Code.GOODBYE.value: self._goodbye,
            Code.ERROR.value: self._error,
            Code.RESULT.value: self._result,
            Code.EVENT.value: self._event,
            Code.INVOCATION.value: self._invocation,
            Code.SUBSCRIBED.value: self._subscribed,
            Code.REGISTERED.value: self._registered,
            Code.PUBLISHED.value: self._answered,
            Code.UNSUBSCRIBED.value: self._answered,
            Code.UNREGISTERED.value: self._answered,
        }

    @property
    def session(self) -> Any:
        """The session that it reads for, whatever session the client has by now."""
        return self._own_session

    def handle_message(self, message: bytes) -> None:
        """Take one message of the router; what cannot be read is dropped and logged, and harms nothing else."""
        try:
            decoded = decode(message)
            act = self._table.get(decoded[0])
            if act is not None:
                act(decoded)
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            log.warning("dropped a message of %d bytes that is not WAMP: %r", len(message), error)

    def _welcome(self, message: list[Any]) -> None:
        self.session.session_id = message[1]
        self.session.control.put(message)

    def _goodbye(self, message: list[Any]) -> None:
        self.session.control.put(message)
        if not self.session.ending:
            self.session.connection.send(Goodbye(reason="wamp.close.goodbye_and_out").message)
            raise RouterLostError(f"the router ended the session: {message[2]}")

    def _error(self, message: list[Any]) -> None:
        self.session.pending.answer(message[2], message)

    def _result(self, message: list[Any]) -> None:
        if message[2].get("progress"):
            return  # only the last one is the result
        self.session.pending.answer(message[1], message)

    def _answered(self, message: list[Any]) -> None:
        self.session.pending.answer(message[1], message)

    def _subscribed(self, message: list[Any]) -> None:
        wanted = self.session.request_ids.get(message[1])
        if isinstance(wanted, Topic):
            self.session.subscription_map[message[2]] = wanted
        self.session.pending.answer(message[1], message)

    def _registered(self, message: list[Any]) -> None:
        wanted = self.session.request_ids.get(message[1])
        if isinstance(wanted, Registration):
            self.session.registration_map[message[2]] = wanted.procedure
        self.session.pending.answer(message[1], message)

    def _event(self, message: list[Any]) -> None:
        topic = self.session.subscription_map.get(message[1])
        if topic is None:
            return  # its end is under way
        if not self.client.hand_over(partial(self._deliver, topic, message)) and self.client.dropped_events == 1:
            log.warning("events of %s are dropped: its handlers are slower than they come", topic.uri)

    def _deliver(self, topic: Topic, message: list[Any]) -> None:
        details = {"topic": topic.uri, **message[3], "subscription": message[1], "publication": message[2]}
        for subscription in self.client.wishes.handlers(topic):
            args = list(message[4] or ()) if len(message) > 4 else []  # noqa: PLR2004 - position of the arguments
            kwargs = dict(message[5] or {}) if len(message) > 5 else {}  # noqa: PLR2004 - and of the keyword ones
            _call_handler(subscription, args, kwargs, dict(details))

    def _invocation(self, message: list[Any]) -> None:
        if not self.client.hand_over(partial(self._invoke, message)):
            self._send_error(message[1], UNAVAILABLE, ["too many calls wait for an answer; try again later"], {})

    def _invoke(self, message: list[Any]) -> None:
        if not self.session.alive:
            return  # nobody would get the result
        number, registration = message[1], message[2]
        args = message[4] if len(message) > 4 else []  # noqa: PLR2004 - position of the arguments
        kwargs = message[5] if len(message) > 5 else {}  # noqa: PLR2004 - and of the keyword ones
        function = self.client.wishes.function(self.session.registration_map.get(registration, ""))
        if function is None:
            self._send_error(number, UNAVAILABLE, ["the procedure was just withdrawn"], {})
            return
        try:
            result = parts_of(function(*args, **kwargs))
            self._send(Yield(number, result_args=result[0], result_kwargs=result[1]))
        except BaseException as error:  # noqa: BLE001 - whatever a user's function raises goes to its caller
            self._send_error(number, *error_parts(error))

    def _send_error(self, number: int, uri: str, args: list[Any], kwargs: dict[str, Any]) -> None:
        answer = Error(Code.INVOCATION.value, number, error=uri, args_list=args, kwargs_dict=kwargs)
        try:
            self._send(answer)
        except OcsError as error:
            log.warning("the error of a registered function could not be sent: %s", error)

    def _send(self, message_obj: Any) -> None:
        try:
            self.session.send_message(message_obj)
        except (RouterLostError, DeadlineError):
            return  # the caller has learnt of the loss from the router


def _call_handler(subscription: Subscription, args: list[Any], kwargs: dict[str, Any], details: dict[str, Any]) -> None:
    try:
        subscription.handler(args, kwargs, details)
    except BaseException:  # one user's mistake must not end the thread of all handlers
        log.exception("a handler of %s failed", subscription.topic.uri)
