"""Random walks of a spool beside a model: each entry comes once in a process's life, until it has arrived."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ocs.model.gap import GapCause
from ocs.store.spool.spool import SpoolLimits, Taken
from tests.ocs.store.spool.desk import ROWS, Desk, gaps, numbers

GROUPS = st.lists(st.tuples(st.integers(8, 400), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=5)


class Walk(RuleBasedStateMachine):
    """Anything that an agent does with its spool, in any order; the spool is never full."""

    limits = SpoolLimits(segment_bytes=1500, reserve_bytes=100, live_bytes=900)

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.desk = Desk(Path(self.place.name) / "spool", self.limits)
        self.arrived: set[int] = set()  # acknowledged in any life
        self.settled: set[int] = set()  # acknowledged in this life
        self.out: list[Taken] = []
        self.ended_well = False

    @rule(groups=GROUPS, passed=st.floats(0, 5))
    def commit(self, groups: list[tuple[int, int, int]], passed: float) -> None:
        self.desk.now += passed
        entries = [self.desk.entry(size, priority, number) for size, priority, number in groups]
        tickets = self.desk.spool.commit(entries)
        self.ended_well = False
        assert len(tickets) == len(entries)

    @rule(max_bytes=st.integers(1, 1500))
    def take(self, max_bytes: int) -> None:
        taken = self.desk.spool.take(max_bytes)
        if taken is None:
            assert self.known - self.settled == self.away or self.from_before
            return
        found = numbers(taken.bodies)
        assert len(found) == 1 or sum(map(len, taken.bodies)) <= max_bytes
        assert [self.desk.committed[number].body for number in found] == taken.bodies
        assert max(Counter(found).values()) == 1
        assert not set(found) & (self.away | self.settled)
        assert taken.rows == ROWS * len(found)
        self.out.append(taken)

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def acknowledge(self, data: Any) -> None:
        taken = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        self.desk.spool.acknowledge(taken.tickets)
        self.arrived |= set(numbers(taken.bodies))
        self.settled |= set(numbers(taken.bodies))

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def give_back(self, data: Any) -> None:
        taken = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        self.desk.spool.give_back(taken.tickets)

    @rule(orderly=st.booleans())
    def begin_anew(self, *, orderly: bool) -> None:
        if orderly:
            self.desk.restart()
            self.ended_well = True
        else:
            self.desk.kill()
        self.out.clear()
        self.settled.clear()
        assert self.desk.opening.orderly == self.ended_well
        assert not self.desk.opening.damaged
        assert self.desk.opening.backlog_rows >= ROWS * len(self.known - self.arrived)

    @property
    def known(self) -> set[int]:
        return set(range(len(self.desk.committed)))

    @property
    def away(self) -> set[int]:
        return {number for taken in self.out for number in numbers(taken.bodies)}

    @property
    def from_before(self) -> set[int]:
        """What arrived in an earlier life: it may come again."""
        return self.arrived - self.settled

    @invariant()
    def all_that_has_not_arrived_is_there(self) -> None:
        spool = self.desk.spool
        assert ROWS * len(self.known - self.arrived) <= spool.depth_rows <= ROWS * len(self.known - self.settled)
        assert (spool.oldest_s > 0) <= (spool.depth_rows > 0)
        assert (spool.depth_bytes > 0) == (spool.depth_rows > 0)

    def teardown(self) -> None:
        for taken in self.out:
            self.desk.spool.give_back(taken.tickets)
        came = Counter(self.desk.drained(700))
        self.desk.spool.close()
        assert max(came.values(), default=1) == 1
        assert self.known - self.arrived <= set(came) <= self.known - self.settled
        assert self.desk.spool.depth_rows == 0
        assert self.desk.files == []
        assert self.desk.troubles == []
        self.place.cleanup()


class Squeezed(RuleBasedStateMachine):
    """A spool that is too small: what comes and what gaps tell is all there ever was, each row once."""

    limits = SpoolLimits(max_bytes=40_000, segment_bytes=6000, reserve_bytes=100, live_bytes=5000, max_age_s=100)

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.desk = Desk(Path(self.place.name) / "spool", self.limits)
        self.bodies: list[bytes] = []
        self.dropped = 0

    @rule(groups=GROUPS, passed=st.floats(0, 30))
    def commit(self, groups: list[tuple[int, int, int]], passed: float) -> None:
        self.desk.now += passed
        entries = [self.desk.entry(10 * size, max(1, priority), number) for size, priority, number in groups]
        self.desk.spool.commit(entries)

    @rule(max_bytes=st.integers(1, 8000))
    def arrive(self, max_bytes: int) -> None:
        taken = self.desk.spool.take(max_bytes)
        if taken is not None:
            self.desk.spool.acknowledge(taken.tickets)
            self.bodies += taken.bodies

    @rule()
    def fail(self) -> None:
        taken = self.desk.spool.take(8000)
        if taken is not None:
            self.desk.spool.give_back(taken.tickets)

    @invariant()
    def the_files_are_bounded(self) -> None:
        size = sum(path.stat().st_size for path in self.desk.files)
        assert size <= self.limits.max_bytes + 1000  # gap records of the last drop

    def teardown(self) -> None:
        desk = self.desk
        bodies = self.bodies + [body for taken in desk.drain() for body in taken.bodies]
        desk.abandon()
        came, told = numbers(bodies), gaps(bodies)
        lost = set(range(len(desk.committed))) - set(came)

        assert len(set(came)) == len(came)
        assert desk.spool.dropped_rows == sum(gap.rows for gap in told) == ROWS * len(lost)
        assert {gap.cause for gap in told} <= {GapCause.SPOOL_FULL, GapCause.SPOOL_OLD}
        for entry in [desk.committed[number] for number in lost]:
            assert entry.series is not None
            assert any(
                gap.device == entry.series.device
                and gap.first <= entry.seq <= gap.last
                and gap.start <= entry.first <= (gap.end or 0)
                for gap in told
            )
        self.place.cleanup()


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestSqueezed = Squeezed.TestCase
TestSqueezed.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
