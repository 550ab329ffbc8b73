from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ocs.services.registry.heartbeat import Heartbeat
from ocs.services.registry.presence import EXPIRES_S, Presence
from ocs.services.registry.table import BLIND_S, News, PresenceTable

A = Heartbeat("observatory.a", "A", {"acq": 3}, 50.0, session=1, agent="A/a")
B = Heartbeat("observatory.b", "A", {"acq": 3}, 50.0, session=1, agent="A/a")
NEXT = replace(A, started=60.0, session=2)


class Watched:
    """A table whose clock stands on the wall clock, looked at each second."""

    def __init__(self, *beats: Heartbeat) -> None:
        self.table = PresenceTable()
        self.seconds = 1000.0
        self.table.look(self.now, self.seconds)
        for beat in beats:
            self.hear(beat)

    @property
    def now(self) -> float:
        return self.seconds + 1e9

    def hear(self, beat: Heartbeat) -> News:
        return self.table.heard(beat, self.now, self.seconds)

    def leave(self, session: int) -> list[str]:
        return [entry.address for entry in self.table.left(session, self.now)]

    def wait(self, seconds: float, *beats: Heartbeat) -> list[str]:
        """Let time pass in whole seconds, hear `beats` in each, and return who fell silent."""
        silent: list[str] = []
        for _ in range(round(seconds)):
            self.seconds += 1.0
            for beat in beats:
                self.hear(beat)
            silent += [entry.address for entry in self.table.look(self.now, self.seconds)]
        return silent

    def presence(self, address: str = A.address) -> Presence:
        return self.table.entries[address].presence


def test_who_is_heard_for_the_first_time_is_new_and_here() -> None:
    watched = Watched()

    assert watched.hear(A) is News.NEW
    assert watched.hear(A) is News.NOTHING
    assert watched.presence() is Presence.HERE


def test_all_devices_of_a_session_are_gone_when_it_leaves() -> None:
    watched = Watched(A, B)

    assert watched.leave(1) == [A.address, B.address]
    assert watched.presence() is watched.presence(B.address) is Presence.GONE


def test_the_end_of_another_session_concerns_nobody() -> None:
    watched = Watched(A)

    assert watched.leave(9) == []
    assert watched.presence() is Presence.HERE


def test_one_that_closed_in_good_order_stays_closed_when_its_session_leaves() -> None:
    watched = Watched(A)

    assert watched.hear(replace(A, closing=True)) is News.CLOSED
    assert watched.leave(1) == []
    assert watched.presence() is Presence.CLOSED


def test_a_silent_one_is_lost_after_five_seconds_and_told_once() -> None:
    watched = Watched(A, B)

    assert watched.wait(EXPIRES_S, B) == []
    assert watched.wait(1, B) == [A.address]
    assert watched.wait(20, B) == []
    assert watched.presence() is Presence.LOST


def test_a_lost_one_is_gone_when_its_session_leaves_after_all() -> None:
    watched = Watched(A)
    watched.wait(EXPIRES_S + 1)

    assert watched.leave(1) == [A.address]
    assert watched.presence() is Presence.GONE


def test_a_closed_and_a_gone_one_are_never_lost() -> None:
    watched = Watched(replace(A, closing=True), replace(B, session=2))
    watched.leave(2)

    assert watched.wait(60) == []
    assert (watched.presence(), watched.presence(B.address)) == (Presence.CLOSED, Presence.GONE)


def test_one_that_thaws_is_back() -> None:
    watched = Watched(A)
    watched.wait(EXPIRES_S + 1)

    assert watched.hear(A) is News.BACK
    assert watched.table.entries[A.address].time_expired is None


def test_the_end_of_its_former_session_does_not_concern_one_that_joined_again() -> None:
    watched = Watched(A, replace(A, session=2))

    assert watched.leave(1) == []
    assert watched.presence() is Presence.HERE


def test_one_that_was_started_anew_is_asked_anew_who_it_is() -> None:
    watched = Watched(A)
    entry = watched.table.entries[A.address]
    entry.facts, entry.asked = {"class": "Oven"}, 1000.0

    assert watched.hear(NEXT) is News.RESTARTED
    assert watched.table.unasked(watched.seconds, again_s=10.0) == [entry]


def test_one_that_did_not_answer_is_asked_again_after_a_while_only() -> None:
    watched = Watched(A)
    entry = watched.table.entries[A.address]
    entry.asked = watched.seconds

    assert watched.table.unasked(watched.seconds + 9.9, again_s=10.0) == []
    assert watched.table.unasked(watched.seconds + 10.0, again_s=10.0) == [entry]


def test_an_older_process_that_thaws_does_not_speak_for_the_one_that_took_its_name_over() -> None:
    watched = Watched(A, NEXT)

    assert watched.hear(A) is News.OUTDATED
    assert watched.leave(1) == []
    assert (watched.presence(), watched.table.entries[A.address].session) == (Presence.HERE, 2)


def test_an_older_process_counts_again_when_the_younger_one_is_gone() -> None:
    watched = Watched(A, NEXT)
    watched.leave(2)

    assert watched.hear(A) is News.RESTARTED
    assert watched.presence() is Presence.HERE


def test_a_registry_that_stood_still_itself_gives_everybody_time() -> None:
    watched = Watched(A)
    watched.seconds += 100.0

    assert watched.table.look(watched.now, watched.seconds) == []
    assert watched.wait(EXPIRES_S) == []
    assert watched.wait(1) == [A.address]


def test_the_first_look_gives_everybody_time() -> None:
    table = PresenceTable()
    table.heard(A, 1e9, 1000.0)

    assert table.look(1e9 + 60.0, 1060.0) == []


def test_names_that_differ_only_in_case_name_each_other() -> None:
    watched = Watched(A, replace(A, address="observatory.A", session=2), B)

    told = {entry["agent_address"]: entry.get("conflict") for entry in watched.table.encode().values()}

    assert told == {"observatory.a": "A", "observatory.A": "a", "observatory.b": None}


def test_a_name_that_was_closed_is_in_nobodys_way() -> None:
    other = replace(A, address="observatory.A", session=2)
    watched = Watched(A, other, replace(other, closing=True))

    assert [entry.get("conflict") for entry in watched.table.encode().values()] == [None, None]


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, the table says what the last facts say."""

    def __init__(self) -> None:
        super().__init__()
        self.watched = Watched()
        self.session = 1
        self.silent_s: float | None = None
        self.wanted: Presence | None = None

    def beat(self, *, closing: bool = False) -> None:
        self.watched.hear(replace(A, session=self.session, closing=closing))
        self.wanted = Presence.CLOSED if closing else Presence.HERE
        self.silent_s = 0.0

    @rule()
    def beats(self) -> None:
        self.beat()

    @rule()
    def closes(self) -> None:
        self.beat(closing=True)
        self.leaves()

    @rule()
    def leaves(self) -> None:
        self.watched.leave(self.session)
        if self.wanted in {Presence.HERE, Presence.LOST}:
            self.wanted = Presence.GONE
        self.session += 1

    @rule()
    def a_stranger_leaves(self) -> None:
        self.watched.leave(1_000_000)

    @rule(seconds=st.integers(1, 8))
    def nothing_happens(self, seconds: int) -> None:
        self.watched.wait(seconds)
        if self.silent_s is not None:
            self.silent_s += seconds
            if self.wanted is Presence.HERE and self.silent_s > EXPIRES_S:
                self.wanted = Presence.LOST

    @invariant()
    def it_is_as_the_facts_say(self) -> None:
        if self.wanted is None:
            assert not self.watched.table.entries
            return
        entry = self.watched.table.entries[A.address]
        assert entry.presence is self.wanted
        assert entry.expired == (entry.time_expired is not None) == (self.wanted is not Presence.HERE)


TestAnyOrder = AnyOrder.TestCase


def test_a_look_each_second_is_often_enough_not_to_be_taken_for_blind() -> None:
    assert BLIND_S > 1.0
