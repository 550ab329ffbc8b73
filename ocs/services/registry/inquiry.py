"""What the registry asks of devices and of the router; who does not answer is no error."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from ocs.agent.host import Host
from ocs.model.errors import NotFoundError, OcsError
from ocs.model.health import Health
from ocs.wire.health import decode_health

ASK_S = 3.0

Value = TypeVar("Value")


class Inquiry:
    """Questions, each with a deadline of 3 s.

    Args:
        host: The agent's services.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def identity_of(self, address: str) -> Deferred[dict[str, Any]]:
        """Fire with the `identity` in a device's description; of a plain agent of OCS what can be found out."""
        return self._answer(self._identity(address), {})

    def health_of(self, address: str) -> Deferred[Health | None]:
        """Fire with what a device says of its health; None when it does not."""
        return self._answer(self._health(address), None)

    def knows_session(self, session: int) -> Deferred[bool | None]:
        """Fire with whether the router still has a session; None when it does not say."""
        return self._answer(self._knows(session), None)

    async def _identity(self, address: str) -> dict[str, Any]:
        described = await self._call(address, "describe")
        if isinstance(described, Mapping) and isinstance(described.get("identity"), Mapping):
            return dict(described["identity"])
        registration = await self._call("wamp.registration.match", address)
        callees = await self._call("wamp.registration.list_callees", registration) if registration else None
        api = await self._call(address, "get_api")
        known = api if isinstance(api, Mapping) else {}
        return {
            "class": known.get("agent_class"),
            "host": known.get("instance_hostname"),
            "pid": known.get("instance_pid"),
            "session": callees[0] if callees else None,
        }

    async def _health(self, address: str) -> Health | None:
        answer = await self._call(address, "health")
        return decode_health(answer) if isinstance(answer, Mapping) else None

    async def _knows(self, session: int) -> bool:
        try:
            await self._call("wamp.session.get", session)
        except NotFoundError:
            return False
        return True

    def _call(self, uri: str, *args: Any) -> Deferred[Any]:
        return self._host.call(uri, *args, timeout_s=ASK_S)

    def _answer(self, asking: Coroutine[Any, Any, Value], otherwise: Value) -> Deferred[Value]:
        answer = Deferred.fromCoroutine(asking)
        return answer.addErrback(lambda failure: _without_answer(failure, otherwise))


def _without_answer(failure: Any, otherwise: Value) -> Value:
    # Not there, too slow, or an answer that is none: whoever listens on that name may be anybody.
    failure.trap(OcsError, KeyError, TypeError, ValueError)
    return otherwise
