"""Events as an iterator, for clients that block: a bounded queue between the reader and the script."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any

from ocs.client.events import decode_feed_event
from ocs.client.session import Progress
from ocs.client.surface import Run
from ocs.model.errors import DeadlineError, RouterLostError

LONGEST_QUEUE = 10_000
LOOK_AGAIN_S = 5.0

Event = tuple[str, list[Any]]
ENDED: Event = ("", [])
"""What a client that leaves the realm tells whoever follows something."""

Subscribe = Callable[[str, Callable[[str, list[Any]], None], str], Any]


class EventQueue:
    """Events that wait for the script; the oldest is dropped, and counted, when there are too many."""

    def __init__(self, longest: int = LONGEST_QUEUE) -> None:
        self._events: queue.Queue[Event] = queue.Queue(longest)
        self.lost = 0

    def put(self, topic: str, args: list[Any]) -> None:
        """Add an event; from any thread."""
        while True:
            try:
                self._events.put_nowait((topic, args))
            except queue.Full:
                self.lost += 1
                self._drop_oldest()
            else:
                return

    def get(self, timeout_s: float | None) -> Event | None:
        """Return the next event, None when none came within `timeout_s` seconds."""
        try:
            return self._events.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _drop_oldest(self) -> None:
        try:
            self._events.get_nowait()
        except queue.Empty:
            return


def follow_topic(subscribe: Subscribe, topic: str, timeout_s: float | None) -> Iterator[Any]:
    """Yield the messages of a feed; DeadlineError when none comes within `timeout_s` seconds."""
    events = EventQueue()
    subscription = subscribe(topic, events.put, "exact")
    try:
        while True:
            event = events.get(timeout_s)
            if event is None:
                raise DeadlineError(f"nothing was published on {topic} within {timeout_s:g} s")
            if event == ENDED:
                raise RouterLostError("the client left the realm while it followed a topic", field=topic)
            yield decode_feed_event(*event)
    finally:
        subscription.close()


def follow_progress(subscribe: Subscribe, run: Run, timeout_s: float | None) -> Iterator[Progress]:
    """Yield a run's progress at each change until it ended; then raise what `wait` would raise."""
    events = EventQueue()
    subscription = subscribe(run.topic, events.put, "exact")
    quiet_s = 0.0
    try:
        session = run.status()
        while session is not None and not session.ended:
            if timeout_s is not None and quiet_s >= timeout_s:
                raise DeadlineError(f"{run.operation.address} told no progress for {quiet_s:g} s")
            run.session = session
            yield session.progress
            span = LOOK_AGAIN_S if timeout_s is None else min(LOOK_AGAIN_S, timeout_s - quiet_s)
            event = events.get(span)
            session = run.status() if event is None else (run.take(event[1]) or run.status())
            quiet_s = quiet_s + span if event is None else 0.0
    finally:
        subscription.close()
    if session is not None:
        run.session = session
        session.check(run.operation.requests.name)
        yield session.progress
