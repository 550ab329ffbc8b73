"""What the archiver asks of devices; one that does not answer is no error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.agent.host import Host
from ocs.model.errors import OcsError
from ocs.model.interface import DeviceInterface
from ocs.wire import describe, uris

ASK_S = 3.0
AT_A_TIME = 20
"""So many devices are asked at a time."""


class Inquiry:
    """Questions, each with a deadline of 3 s.

    Args:
        host: The archiver's agent.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def interface(self, device: str) -> Deferred[DeviceInterface | None]:
        """Fire with the interface of a device, of an agent of OCS with its feeds; with None when it does not tell."""
        answer: Deferred[DeviceInterface | None] = Deferred.fromCoroutine(self._interface(device))
        return answer.addErrback(_without_answer)

    async def interfaces(self, devices: Sequence[str]) -> list[DeviceInterface]:
        """Return the interfaces of devices in their order; of those that tell."""
        found: list[DeviceInterface] = []
        for at in range(0, len(devices), AT_A_TIME):
            answers = await defer.gatherResults([self.interface(device) for device in devices[at : at + AT_A_TIME]])
            found += [answer for answer in answers if answer is not None]
        return found

    async def _interface(self, device: str) -> DeviceInterface:
        root = self._host.identity.root
        uri = uris.management(root, device)
        described = await self._host.call(uri, "describe", timeout_s=ASK_S)
        if isinstance(described, Mapping):
            return describe.decode_interface(described)
        feeds = await self._host.call(uri, "get_feeds", timeout_s=ASK_S)
        return describe.decode_api(root, device, {"feeds": feeds})


def _without_answer(failure: Any) -> None:
    # Not there, too slow, or an answer that is none: whoever listens on that name may be anybody.
    failure.trap(OcsError, LookupError, TypeError, ValueError, AttributeError)
