"""The messages of a device at work: an agent with an oven, on a router in memory and a clock that is moved."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from docs.rendering.oven import Oven
from ocs.realm.roster import Match
from ocs.testing.clock import VirtualClock
from ocs.testing.memory_router import MemoryRouter
from ocs.testing.running import ROOT, Site
from ocs.wire import uris

NAME = "oven-1"
PLACE = {"host": "control-1", "pid": 4711, "session": 12}
"""What differs from run to run, as the page shows it."""


class Recording:
    """The oven, all that it publishes, and what it answers."""

    def __init__(self) -> None:
        self._clock = VirtualClock()
        self._folder = tempfile.TemporaryDirectory()
        router = MemoryRouter(self._clock.loop)
        self._site = Site(self._clock, router, Path(self._folder.name))
        self._events: defaultdict[str, list[Any]] = defaultdict(list)
        for kind, arity in (("events", 1), ("events", 2), ("feeds", 1), ("sessions", 1)):
            topic = ".".join([ROOT, NAME, kind, *[""] * arity])
            self._site.subscribe(topic, self._heard, Match.WILDCARD)
        self.oven = Oven(NAME)
        router.freeze()  # the oven is set up before it joins, always
        self._site.start(self.oven, joins=False)
        self._clock.settle()
        router.thaw()
        self._clock.settle()

    def _heard(self, topic: str, payload: Any) -> None:
        self._events[topic.removeprefix(f"{ROOT}.{NAME}.")].append(payload)

    def last(self, topic: str) -> Any:
        """Return the newest message of a topic below the device's address."""
        return _placed(self._events[topic][-1])

    def call(self, procedure: str, *args: Any, **kwargs: Any) -> Any:
        """Return the answer of a procedure below the device's address; an empty text is the address itself."""
        uri = uris.management(ROOT, NAME) + (f".{procedure}" if procedure else "")
        answer = self._clock.result_of(self._site.client.call(uri, *args, **kwargs))
        self._clock.settle()
        return _placed(answer)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.advance(seconds)

    def close(self) -> None:
        """End it."""
        self._site.end()
        self._clock.settle()
        self._clock.close()
        self._folder.cleanup()


def _placed(data: Any) -> Any:
    """Return data with the names of a machine that are those of the page."""
    if isinstance(data, dict):
        return {
            key: PLACE[key] if key in PLACE and isinstance(value, (str, int)) else _placed(value)
            for key, value in data.items()
        }
    return [_placed(value) for value in data] if isinstance(data, (list, tuple)) else data
