"""Health: how a device, an agent or a site is, as the worst of its causes; computed, never set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum


class HealthLevel(Enum):
    """How well something is; declared worst last.

    OK: nothing to do. DEGRADED: works, but not as it should. BAD: does not do its work, a person must act.
    LOST: not heard of any more, so nothing is known about it.
    """

    OK = "ok"
    DEGRADED = "degraded"
    BAD = "bad"
    LOST = "lost"

    @property
    def rank(self) -> int:
        """0 for OK, the larger the worse."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(HealthLevel)}


def worst(levels: Iterable[HealthLevel]) -> HealthLevel:
    """Return the worst of `levels`; OK when there are none."""
    return max(levels, key=lambda level: level.rank, default=HealthLevel.OK)


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong.

    Attributes:
        level: How bad it is.
        source: What it is about: `link`, `channel temperature`, `channel thread`, `session acq`, `state`,
            `process loop_lag` or `heartbeat`; rolled up, with the name of the device and a colon before it.
        since: Since when, POSIX s, UTC.
        sentence: What is wrong and what an operator should do.
    """

    level: HealthLevel
    source: str
    since: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Health:
    """How something is, and why.

    Attributes:
        level: The worst of the causes; OK without any.
        causes: Worst first, then the oldest.
        since: When the level was first seen without another one in between, POSIX s, UTC.
    """

    level: HealthLevel
    causes: tuple[Cause, ...]
    since: float

    @classmethod
    def of(cls, causes: Iterable[Cause | None], now: float, previous: Health | None = None) -> Health:
        """Return the worst of `causes`, in whatever order they come; those that are None do not count.

        Args:
            causes: What the rules found.
            now: When they were asked, POSIX s, UTC.
            previous: The health before; a cause of the same source and level, and the level itself, keep their since.
        """
        kept = _since(previous)
        found = [replace(cause, since=kept.get(_key(cause), cause.since)) for cause in causes if cause is not None]
        level = worst(cause.level for cause in found)
        unchanged = previous is not None and previous.level is level
        return cls(level, _ordered(found), previous.since if previous is not None and unchanged else now)

    @property
    def sentence(self) -> str:
        """One line for people: the level, its first cause and how many there are besides."""
        if not self.causes:
            return self.level.value
        first, more = self.causes[0], len(self.causes) - 1
        return f"{self.level.value}: {first.source}: {first.sentence}" + (f"; and {more} more" if more else "")

    def alike(self, other: Health | None) -> bool:
        """Whether `other` has the same level for the same causes, whatever their sentences say of values and ages.

        What is not alike is worth an event.
        """
        return other is not None and self.level is other.level and _keys(self) == _keys(other)


def rolled_up(children: Mapping[str, Health], now: float) -> Health:
    """Return the health of what consists of `children`: the worst of them, for all of their causes.

    The level is as old as the oldest child with it; all are OK since the last one became so.

    Args:
        children: Health of each by its name, which comes before the source of each cause.
        now: Since when it is OK if there are no children, POSIX s, UTC.
    """
    level = worst(child.level for child in children.values())
    causes = [
        replace(cause, source=f"{name}: {cause.source}") for name, child in children.items() for cause in child.causes
    ]
    times = [child.since for child in children.values() if child.level is level] or [now]
    return Health(level, _ordered(causes), max(times) if level is HealthLevel.OK else min(times))


def _key(cause: Cause) -> tuple[str, HealthLevel]:
    return cause.source, cause.level


def _keys(health: Health) -> set[tuple[str, HealthLevel]]:
    return {_key(cause) for cause in health.causes}


def _since(previous: Health | None) -> dict[tuple[str, HealthLevel], float]:
    kept: dict[tuple[str, HealthLevel], float] = {}
    for cause in previous.causes if previous is not None else ():
        kept[_key(cause)] = min(cause.since, kept.get(_key(cause), cause.since))
    return kept


def _ordered(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    return tuple(sorted(causes, key=lambda cause: (-cause.level.rank, cause.since, cause.source, cause.sentence)))
