from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.gap import Gap, GapCause
from ocs.services.archiver.presence.absences import NS, SILENT_S, Absences, Beat, decode_beat

TOPIC = "observatory.cryo/heater/1.feeds.heartbeat"
BORN = 1_700_000_000 * NS
STARTED = BORN - 100 * NS
SPOOLING = Beat("thermo-1", STARTED, 7, spools=True)
PLAIN = Beat("oven", STARTED)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


class Watched:
    """Absences whose clock stands on the wall clock, looked at each second."""

    def __init__(self, *beats: Beat, lasting: tuple[Gap, ...] = ()) -> None:
        self.gaps: list[Gap] = []
        self.absences = Absences(self.gaps.append, lasting)
        self.seconds = 0.0
        self.absences.look(self.now, self.seconds)
        for beat in beats:
            self.hear(beat)

    @property
    def now(self) -> int:
        return BORN + int(self.seconds * NS)

    def hear(self, beat: Beat) -> None:
        self.absences.heard(beat, self.now, self.seconds)

    def leave(self, session: int) -> None:
        self.absences.left(session, self.now)

    def wait(self, seconds: int, *beats: Beat) -> None:
        """Let time pass in whole seconds; hear `beats` in each."""
        for _ in range(seconds):
            self.seconds += 1.0
            for beat in beats:
                self.hear(beat)
            self.absences.look(self.now, self.seconds)

    @property
    def kept(self) -> dict[tuple[str, int], Gap]:
        """The gaps as an archive has them: of one device and start the last one counts."""
        return {(gap.device, gap.start): gap for gap in self.gaps}


def at(second: float) -> int:
    return BORN + int(second * NS)


def test_a_device_that_beats_has_no_gap() -> None:
    watched = Watched(SPOOLING, PLAIN)

    watched.wait(60, SPOOLING, PLAIN)

    assert not watched.gaps
    assert watched.absences.here == ["oven", "thermo-1"]


def test_a_session_that_leaves_opens_a_gap_for_each_of_its_devices() -> None:
    watched = Watched(SPOOLING, replace(SPOOLING, device="thermo-2"), PLAIN)
    watched.wait(3, SPOOLING, PLAIN)

    watched.leave(7)

    assert {(gap.device, gap.start, gap.end, gap.cause) for gap in watched.gaps} == {
        ("thermo-1", at(3), None, GapCause.AGENT_DOWN),
        ("thermo-2", at(3), None, GapCause.AGENT_DOWN),
    }
    assert (watched.absences.here, watched.absences.away) == (["oven"], 2)


def test_the_session_of_somebody_else_is_no_matter() -> None:
    watched = Watched(SPOOLING, PLAIN)

    watched.leave(8)

    assert not watched.gaps


def test_a_new_process_that_spools_tells_itself_what_is_missing() -> None:
    watched = Watched(SPOOLING)
    watched.leave(7)
    watched.wait(20)

    watched.hear(replace(SPOOLING, started=at(19), session=8))

    (gap,) = watched.kept.values()
    assert (gap.start, gap.end) == (at(0), at(0))  # the new process tells itself what is missing
    assert watched.absences.here == ["thermo-1"]


def test_a_process_that_was_only_cut_off_and_spooled_has_lost_nothing() -> None:
    watched = Watched(SPOOLING)
    watched.leave(7)
    watched.wait(20)

    watched.hear(replace(SPOOLING, session=8))

    (gap,) = watched.kept.values()
    assert (gap.start, gap.end) == (at(0), at(0))
    assert "kept its data" in gap.detail


def test_a_process_without_spool_that_was_cut_off_has_lost_what_it_sent() -> None:
    watched = Watched(replace(PLAIN, session=9))
    watched.leave(9)
    watched.wait(20)

    watched.hear(replace(PLAIN, session=10))

    (gap,) = watched.kept.values()
    assert (gap.start, gap.end) == (at(0), at(20))


def test_a_process_without_spool_that_was_started_anew_at_once_has_lost_what_was_meanwhile() -> None:
    watched = Watched(PLAIN, SPOOLING)
    watched.wait(3, PLAIN, SPOOLING)
    watched.wait(2)
    anew = [replace(beat, started=at(4)) for beat in (PLAIN, SPOOLING)]

    watched.wait(9, *anew)

    assert watched.gaps == [Gap("oven", at(3), at(6), GapCause.AGENT_DOWN, detail="it was started anew")]


def test_a_device_that_falls_silent_is_away_since_its_last_heartbeat() -> None:
    watched = Watched(SPOOLING)
    watched.wait(2, SPOOLING)

    watched.wait(int(SILENT_S) + 1)

    (gap,) = watched.gaps
    assert (gap.start, gap.end, gap.detail) == (at(2), None, "no heartbeat came")


def test_a_process_that_stood_still_has_lost_the_time() -> None:
    watched = Watched(SPOOLING)
    watched.wait(10)

    watched.hear(SPOOLING)

    (gap,) = watched.kept.values()
    assert (gap.start, gap.end) == (at(0), at(10))


def test_one_that_closes_in_good_order_is_away_too_and_once_only() -> None:
    watched = Watched(SPOOLING)

    watched.hear(replace(SPOOLING, closing=True))
    watched.leave(7)
    watched.wait(10)

    (gap,) = watched.gaps
    assert (gap.start, gap.end) == (at(0), None)
    assert "good order" in gap.detail


def test_nobody_is_away_because_the_archiver_stood_still() -> None:
    watched = Watched(SPOOLING)

    watched.seconds += 60.0
    watched.absences.look(watched.now, watched.seconds)
    watched.wait(5)

    assert not watched.gaps
    watched.wait(1)
    assert [gap.start for gap in watched.gaps] == [at(60)]


def test_a_gap_of_an_earlier_archiver_ends_when_its_device_is_heard() -> None:
    lasting = (
        Gap("thermo-1", at(-50), None, GapCause.AGENT_DOWN),
        Gap("oven", at(-50), None, GapCause.LINK_LOST),
    )
    watched = Watched(replace(SPOOLING, started=at(-10)), PLAIN, lasting=lasting)

    (gap,) = watched.gaps
    assert (gap.device, gap.start, gap.end, gap.cause) == ("thermo-1", at(-50), at(-50), GapCause.AGENT_DOWN)


def test_an_old_process_whose_name_was_taken_over_does_not_count() -> None:
    watched = Watched(SPOOLING, replace(SPOOLING, started=at(0), session=8))

    watched.hear(SPOOLING)
    watched.leave(7)

    assert not watched.gaps


def test_admin_devices_are_here_and_away_without_gaps_of_their_own() -> None:
    watched = Watched(replace(SPOOLING, device="dserver/Oven/oven-1"))

    watched.leave(7)

    assert (watched.gaps, watched.absences.away) == ([], 1)


def test_a_heartbeat_of_ours_tells_start_session_and_spool() -> None:
    info = {"epoch": STARTED, "session": 77, "spool": True, "closing": True}

    assert decode_beat(TOPIC, info) == Beat("cryo/heater/1", STARTED, 77, spools=True, closing=True)


def test_a_heartbeat_of_ocs_tells_its_start_as_text() -> None:
    assert decode_beat(TOPIC, {"session_id": "1700000000.25"}) == Beat("cryo/heater/1", 1_700_000_000_250_000_000)


@pytest.mark.parametrize("session_id", ["", "nan", "inf", "yesterday", None])
def test_a_start_that_is_no_time_is_not_known(session_id: Any) -> None:
    assert decode_beat(TOPIC, {"session_id": session_id}).started is None


@given(st.dictionaries(st.sampled_from(["epoch", "session", "session_id", "spool", "closing"]), plain))
def test_whatever_somebody_publishes_as_a_heartbeat_does_no_harm(info: dict[str, Any]) -> None:
    watched = Watched(decode_beat(TOPIC, info))

    watched.wait(10)
    watched.hear(decode_beat(TOPIC, {}))

    assert watched.absences.here == ["cryo/heater/1"]


@given(st.lists(st.sampled_from(["beat", "close", "leave", "restart", "rejoin", "silence", "blind"]), max_size=30))
def test_in_any_order_at_most_the_last_gap_lasts_and_none_ends_before_it_begins(happens: list[str]) -> None:
    watched = Watched(SPOOLING)
    beat = SPOOLING
    for each in happens:
        watched.seconds += 1.0
        if each == "restart":
            beat = replace(beat, started=watched.now, session=(beat.session or 0) + 1)
        elif each == "rejoin":
            beat = replace(beat, session=(beat.session or 0) + 1)
        elif each == "leave":
            watched.leave(beat.session or 0)
        elif each == "silence":
            watched.wait(7)
        elif each == "blind":
            watched.seconds += 30.0
        if each in {"beat", "restart", "rejoin", "close"}:
            watched.hear(replace(beat, closing=each == "close"))
        watched.absences.look(watched.now, watched.seconds)

    lasting = [gap for gap in watched.kept.values() if gap.end is None]
    assert len(lasting) == watched.absences.away
    assert all(gap.end is None or gap.end >= gap.start for gap in watched.gaps)
