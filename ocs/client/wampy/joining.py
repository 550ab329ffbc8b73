"""The dialogue with the router that opens and closes a session: hello, challenge, welcome; goodbye."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Any

from ocs.client.wampy.answers import WampError
from ocs.client.wampy.deadline import Deadline
from ocs.client.wampy.door import Authenticate, Goodbye, Hello
from ocs.client.wampy.login import Login
from ocs.client.wampy.pending import Answer
from ocs.client.wampy.protocol import FEATURES, Code
from ocs.model.errors import DeadlineError, RouterLostError


class Control:
    """The messages of a session that belong to no request.

    Args:
        url: Of the router, for the sentences of errors.
        send: Sends a message within a deadline.
    """

    def __init__(self, url: str, send: Callable[[list[Any], Deadline], None]) -> None:
        self._url = url
        self._send = send
        self._answers: SimpleQueue[Answer | None] = SimpleQueue()
        self._lost = "the session is over"

    def put(self, answer: Answer) -> None:
        """Hand over what the router said."""
        self._answers.put(answer)

    def fail(self, reason: str) -> None:
        """Wake whoever waits with RouterLostError; `reason` is its sentence."""
        self._lost = reason
        self._answers.put(None)

    def hello(self, realm: str, roles: Mapping[str, Any], login: Login, deadline: Deadline) -> None:
        """Join `realm`.

        Raises:
            WampError: The router refuses it.
            DeniedError: It asks for a proof that `login` has not.
            DeadlineError: It does not answer.
            RouterLostError: It went away, or talks nonsense.
        """
        self._send(Hello(realm=realm, details=_details(roles, login)).message, deadline)
        answer = self._next(deadline)
        if answer[0] == Code.CHALLENGE.value:
            self._send(Authenticate(login.signature(answer[1], answer[2])).message, deadline)
            answer = self._next(deadline)
        if answer[0] == Code.ABORT.value:
            told = answer[1].get("message", "")
            raise WampError(f"joining realm {realm!r} at {self._url}", answer[2], [told] if told else [], answer[1])
        if answer[0] != Code.WELCOME.value:
            raise RouterLostError(f"the router at {self._url} answered a hello with {answer}")

    def goodbye(self, deadline: Deadline) -> None:
        """Leave, and wait until the router has taken note.

        Raises:
            DeadlineError: It does not answer.
            RouterLostError: It went away.
        """
        self._send(Goodbye().message, deadline)
        while self._next(deadline)[0] != Code.GOODBYE.value:
            pass

    def _next(self, deadline: Deadline) -> Answer:
        try:
            answer = self._answers.get(timeout=deadline.left_s())
        except Empty:
            raise DeadlineError(
                f"the router at {self._url} did not answer within {deadline.timeout_s:g} s; it hangs or is overloaded"
            ) from None
        if answer is None:
            raise RouterLostError(self._lost)
        return answer


def _details(roles: Mapping[str, Any], login: Login) -> dict[str, Any]:
    details: dict[str, Any] = copy.deepcopy(dict(roles))
    for role, features in FEATURES.items():
        details.setdefault("roles", {}).setdefault(role, {}).setdefault("features", {}).update(features)
    details["authmethods"] = login.methods(details.get("authmethods", ["anonymous"]))
    if login.authid is not None:
        details["authid"] = login.authid
    return details
