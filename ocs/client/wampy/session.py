"""One stay of a client on its realm: wampy's session with an own queue for every request."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from ocs.client.wampy.answers import WampError, error_of
from ocs.client.wampy.connection import SafeSecureWebSocket, SafeWebSocket
from ocs.client.wampy.deadline import Deadline
from ocs.client.wampy.door import Cancel, Register, Session, Subscribe, WampyError
from ocs.client.wampy.handler import SafeMessageHandler
from ocs.client.wampy.joining import Control
from ocs.client.wampy.login import Login
from ocs.client.wampy.pending import Answer, PendingRequests
from ocs.client.wampy.protocol import Code, RawMessage
from ocs.client.wampy.wishes import Registration, Topic
from ocs.model.errors import ConfigurationError, DeadlineError, RouterLostError

log = logging.getLogger("ocs.client.wampy")

CLOSE_TIMEOUT_S: Final = 2.0
"""How long a client waits for the router's goodbye."""


Wanted = TypeVar("Wanted", Topic, Registration)


class SafeSession(Session):  # type: ignore[misc]  # wampy carries no types
    """A session that is used once: after a loss the client makes a new one.

    Args:
        client: Whose session it is.
        login: How it proves who it is.
        on_loss: Called in the reader's thread when the session ends otherwise than by `end`.
    """

    def __init__(self, client: Any, login: Login, on_loss: Callable[[], None]) -> None:
        # The original's constructor connects, and shares one queue with every session of the process.
        self.client = client
        self.login = login
        self.url = client.url
        self.realm = client.realm
        self.roles = client.roles
        self.client_name = client.name
        self.call_timeout = client.call_timeout
        self.cert_path = client.cert_path
        self.pending = PendingRequests()
        self.transport = self.connection = self._make_connection()
        self.control = Control(self.url, self.connection.send)
        self.message_handler = SafeMessageHandler(client, self)
        self.request_ids: dict[int, Topic | Registration] = {}
        self.subscription_map: dict[int, Topic] = {}
        self.registration_map: dict[int, str] = {}
        self.session_id: int | None = None
        self.lost: str | None = None
        self._on_loss = on_loss
        self.ending = False
        self._managed_thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether the session has joined and was not lost since."""
        return self.session_id is not None and self.lost is None and not self.connection.broken

    def begin(self, deadline: Deadline | None = None) -> None:
        """Connect and join.

        Raises:
            RouterLostError: There is no router, or it went away meanwhile.
            DeadlineError: It took too long.
            WampError: It refuses: no such realm, wrong secret.
        """
        deadline = deadline or Deadline(self.call_timeout)
        self.connection.connect(deadline=deadline)
        self._managed_thread = threading.Thread(target=self._listen, name=f"{self.client_name}-reader", daemon=True)
        self._managed_thread.start()
        try:
            self.control.hello(self.realm, self.roles, self.login, deadline)
        except BaseException:
            self.lose("the router did not let the client join")
            raise

    def end(self, goodbye_from: str, deadline: Deadline | None = None) -> None:
        """Say goodbye, and close even if the router does not answer."""
        log.debug("%s says goodbye", goodbye_from)
        self.ending = True
        deadline = deadline or Deadline(CLOSE_TIMEOUT_S)
        try:
            if self.alive:
                self.control.goodbye(deadline)
        except (RouterLostError, DeadlineError):
            pass  # it is gone, or hangs: closing is all that is left
        finally:
            self.lose("the client was stopped")
            reader = self._managed_thread
            if reader is not None and reader is not threading.current_thread():
                reader.join(CLOSE_TIMEOUT_S)
            self.session_id = None

    def lose(self, reason: str) -> None:
        """Take the session as over: everybody who waits gets RouterLostError with `reason`."""
        if self.lost is None:
            self.lost = reason
        self.pending.fail(self.lost)
        self.control.fail(self.lost)
        self.connection.disconnect()

    def abandon(self) -> None:
        """Leave the session to the parent process: close the socket here, say nothing on it."""
        self.lost = "the session belongs to the parent process"
        self.connection.close()

    def send_message(self, message_obj: Any, deadline: Deadline | None = None) -> None:
        """Send a wampy message; what expects an answer gets the next request number."""
        if message_obj.name not in _NUMBERED:
            self.connection.send(message_obj.message, deadline)
            return
        message_obj.request_id = self.pending.open()
        try:
            self.connection.send(message_obj.message, deadline)
        except BaseException:
            self.pending.forget(message_obj.request_id)
            raise
        if message_obj.name == "publish" and not message_obj.options.get("acknowledge"):
            self.pending.forget(message_obj.request_id)

    def recv_message(self, source_request_id: int | None = None, timeout: float | None = None) -> Answer:
        """Return the answer to the request with this number.

        Raises:
            DeadlineError: It did not come; the router is told that nobody waits any more.
            RouterLostError: The session ended before it came.
        """
        if source_request_id is None:
            raise WampyError("every answer belongs to a request: give its source_request_id")
        timeout_s = self.call_timeout if timeout is None else timeout
        try:
            return self.pending.wait(source_request_id, Deadline(timeout_s).left_s())
        except DeadlineError:
            self._cancel(source_request_id)
            raise

    def request(self, message_obj: Any, what: str, deadline: Deadline) -> Answer:
        """Send a message and return its answer.

        Args:
            message_obj: A wampy message, or a raw one.
            what: The request, for the sentence of an error: "the call of a.b".
            deadline: For all of it.

        Raises:
            WampError: The answer is an error.
            DeadlineError: None came in time.
            RouterLostError: The session ended.
        """
        self.send_message(message_obj, deadline)
        return self._answer(message_obj, what, deadline)

    def subscribe_all(self, topics: Sequence[Topic], deadline: Deadline) -> dict[Topic, WampError]:
        """Subscribe to all topics at once; return those that were refused."""
        sent = [(topic, self._send_subscribe(topic, deadline)) for topic in topics]
        return self._collect(sent, deadline)

    def register_all(self, wanted: Sequence[Registration], deadline: Deadline) -> dict[Registration, WampError]:
        """Register all procedures at once; return those that were refused."""
        sent = [(each, self._send_register(each, deadline)) for each in wanted]
        return self._collect(sent, deadline)

    def unsubscribe(self, topic: Topic, deadline: Deadline) -> None:
        """Have the router send no more events of `topic`."""
        for number in [each for each, known in self.subscription_map.items() if known == topic]:
            message = RawMessage("unsubscribe", [Code.UNSUBSCRIBE.value, 0, number])
            self.request(message, f"the end of the subscription to {topic.uri}", deadline)
            self.subscription_map.pop(number, None)

    def unregister(self, procedure: str, deadline: Deadline) -> None:
        """Have the router forget that this client answers to `procedure`."""
        for number in [each for each, known in self.registration_map.items() if known == procedure]:
            message = RawMessage("unregister", [Code.UNREGISTER.value, 0, number])
            self.request(message, f"the end of the registration of {procedure}", deadline)
            self.registration_map.pop(number, None)

    def _subscribe_to_topic(self, handler: Callable[..., Any], topic: str) -> None:
        self.client.add_wampy_handler(handler, topic)

    def _register_procedure(self, procedure_name: str, invocation_policy: str = "single") -> None:
        self.client.register(procedure_name, getattr(self.client, procedure_name), invoke=invocation_policy)

    def _make_connection(self) -> SafeWebSocket:
        with suppress(ValueError):
            self.parse_url()
        if not self.host or self.scheme not in {"ws", "wss"}:
            raise ConfigurationError(
                f"{self.url!r} is no URL of a router; it looks like ws://127.0.0.1:8001/wampy", given=self.url
            )
        kind = SafeSecureWebSocket if self.scheme == "wss" else SafeWebSocket
        return kind(self.url, timeout_s=self.call_timeout, certificate_path=self.cert_path)

    def _send_subscribe(self, topic: Topic, deadline: Deadline) -> Any:
        message = Subscribe(topic=topic.uri, options={"match": topic.match.value})
        self._send_noted(message, topic, deadline)
        return message

    def _send_register(self, wanted: Registration, deadline: Deadline) -> Any:
        message = Register(procedure=wanted.procedure, options={"invoke": wanted.invoke})
        self._send_noted(message, wanted, deadline)
        return message

    def _send_noted(self, message: Any, noted: Topic | Registration, deadline: Deadline) -> None:
        """Send, and let the reader know at once what the answer will be about: events may follow it closely."""
        message.request_id = self.pending.open()
        self.request_ids[message.request_id] = noted
        self.connection.send(message.message, deadline)

    def _collect(self, sent: list[tuple[Wanted, Any]], deadline: Deadline) -> dict[Wanted, WampError]:
        refused: dict[Wanted, WampError] = {}
        for wanted, message in sent:
            uri = getattr(message, "topic", None) or message.procedure
            try:
                self._answer(message, f"the wish for {uri}", deadline)
            except WampError as error:
                refused[wanted] = error
            finally:
                self.request_ids.pop(message.request_id, None)
        return refused

    def _answer(self, message_obj: Any, what: str, deadline: Deadline) -> Answer:
        try:
            answer = self.recv_message(message_obj.request_id, deadline.left_s())
        except DeadlineError:
            raise DeadlineError(
                f"{what} had no answer within {deadline.timeout_s:g} s; the other side is busy or hangs", given=what
            ) from None
        if answer[0] == Code.ERROR.value:
            raise WampError(what, *error_of(answer))
        return answer

    def _cancel(self, number: int) -> None:
        """Free the router of a call that nobody waits for; what it started at the callee goes on."""
        with suppress(RouterLostError, DeadlineError):
            self.connection.send(Cancel(request_id=number, options={"mode": "skip"}).message, Deadline(0.1))

    def _listen(self) -> None:
        try:
            while True:
                self.message_handler.handle_message(self.connection.receive().payload)
        except (RouterLostError, DeadlineError) as error:
            self.lose(error.message)
        finally:
            self.connection.close()
            if not self.ending and self.session_id is not None:
                self._on_loss()


_NUMBERED = {"call", "publish", "subscribe", "unsubscribe", "register", "unregister"}
