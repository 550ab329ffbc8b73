"""Everybody who was heard: a table that heartbeats, the router's word of who left, and the clock change."""

from __future__ import annotations

from collections import defaultdict
from enum import Enum
from typing import Any

from ocs.model.address import fold
from ocs.services.registry.heartbeat import Heartbeat
from ocs.services.registry.presence import EXPIRES_S, Entry, Presence

BLIND_S = EXPIRES_S / 2
"""A registry that did not look for so many seconds stood still itself, or had no router: it knows nothing of others."""


class News(Enum):
    """What a heartbeat changed."""

    NOTHING = "nothing"
    NEW = "new"
    BACK = "back"
    RESTARTED = "restarted"
    CLOSED = "closed"
    OUTDATED = "outdated"


class PresenceTable:
    """What is known of each device, by address.

    Of two processes that speak as one device the younger counts, as long as it is here: the other one
    stood still while its name was taken over.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._alike: dict[str, list[str]] = defaultdict(list)
        self._looked: float | None = None

    def heard(self, beat: Heartbeat, now: float, seconds: float) -> News:
        """Take a heartbeat in.

        Args:
            beat: The heartbeat.
            now: POSIX s, UTC.
            seconds: Monotonic time in s.
        """
        entry = self.entries.get(beat.address)
        news = _news(entry, beat)
        if news is News.OUTDATED:
            return news
        if entry is None:
            entry = self.entries[beat.address] = Entry(beat, now, seconds, since=now)
            self._alike[fold(beat.address)].append(beat.address)
        if news in {News.BACK, News.RESTARTED}:
            entry.asked = entry.session = None
        if news is News.RESTARTED:
            entry.facts, entry.since = {}, now
        entry.beat, entry.last_updated, entry.heard = beat, now, seconds
        entry.op_codes = dict(beat.op_codes)
        entry.session = entry.session if beat.session is None else beat.session
        entry.become(Presence.CLOSED if beat.closing else Presence.HERE, now)
        return News.CLOSED if beat.closing else news

    def left(self, session: int, now: float) -> list[Entry]:
        """Take note that a session left the router, and return the devices that are gone with it."""
        gone = []
        for entry in self.entries.values():
            if entry.session == session:
                if entry.presence is not Presence.CLOSED:
                    entry.become(Presence.GONE, now)
                    gone.append(entry)
                entry.session = None
        return gone

    def look(self, now: float, seconds: float) -> list[Entry]:
        """Return the devices that fell silent since the last look, now marked as lost."""
        blind = self._looked is None or seconds - self._looked > BLIND_S
        self._looked = seconds
        if blind:
            for entry in self.entries.values():
                entry.heard = seconds
        silent = [
            entry
            for entry in self.entries.values()
            if entry.presence is Presence.HERE and seconds - entry.heard > EXPIRES_S
        ]
        for entry in silent:
            entry.become(Presence.LOST, now)
        return silent

    def unasked(self, seconds: float, again_s: float) -> list[Entry]:
        """Return the devices that are here and have not said yet who they are, some time after they were last asked."""
        return [
            entry
            for entry in self.entries.values()
            if not entry.expired and not entry.facts and (entry.asked is None or seconds - entry.asked >= again_s)
        ]

    def conflict(self, entry: Entry) -> str | None:
        """Return the name of another device that differs only in case; one that was closed is in nobody's way."""
        if entry.presence is Presence.CLOSED:
            return None
        others = (self.entries[address] for address in self._alike[fold(entry.address)] if address != entry.address)
        return next((other.name for other in others if other.presence is not Presence.CLOSED), None)

    def encode(self) -> dict[str, dict[str, Any]]:
        """Return all entries by address, for the session's data."""
        return {address: entry.encode(self.conflict(entry)) for address, entry in self.entries.items()}


def _news(entry: Entry | None, beat: Heartbeat) -> News:
    if entry is None:
        return News.NEW
    before, after = entry.beat.started, beat.started
    if before is not None and after is not None and after != before:
        return News.OUTDATED if after < before and not entry.expired else News.RESTARTED
    return News.BACK if entry.expired else News.NOTHING
