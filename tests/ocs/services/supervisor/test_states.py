"""The life of a child: only what the table has, and pauses that grow and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import ExitCode
from ocs.services.supervisor.states import (
    ALIVE,
    FIRST_PAUSE_S,
    HOPELESS,
    LONGEST_PAUSE_S,
    NEXT,
    SOUND_S,
    ChildRecord,
    ChildState,
    pause_s,
    told_code,
)

EVENTS = st.lists(
    st.one_of(
        st.just("begin"),
        st.just("arrive"),
        st.just("stop"),
        st.just("refuse"),
        st.integers(-15, 10).map(lambda code: f"end {code}"),
    ),
    max_size=30,
)


def happen(record: ChildRecord, event: str, now: float) -> None:
    word, _, code = event.partition(" ")
    if word == "begin":
        record.begin(100, now)
    elif word == "arrive":
        record.arrive(now)
    elif word == "stop":
        record.ask_to_stop(now)
    elif word == "refuse":
        record.refuse("no such file", now)
    elif record.alive:
        record.end(int(code), "", now)


def failed(record: ChildRecord, *, times: int, ran_s: float = 1.0) -> list[float | None]:
    pauses, now = [], 0.0
    for _ in range(times):
        record.begin(1, now)
        record.arrive(now)
        now += ran_s
        pauses.append(record.end(1, "", now))
        now += 1.0
    return pauses


def test_every_state_has_a_way_out() -> None:
    assert NEXT.keys() == set(ChildState)
    assert all(NEXT.values())


@given(EVENTS)
def test_a_child_only_moves_as_the_table_allows(events: list[str]) -> None:
    record = ChildRecord()

    for now, event in enumerate(events):
        before = record.state
        happen(record, event, float(now))

        assert record.state is before or record.state in NEXT[before]


@given(EVENTS)
def test_there_is_a_process_exactly_in_the_states_that_say_so(events: list[str]) -> None:
    record = ChildRecord()

    for now, event in enumerate(events):
        happen(record, event, float(now))

        assert (record.pid is not None) == (record.state in ALIVE)


@given(EVENTS)
def test_a_child_that_was_asked_to_stop_is_not_started_again(events: list[str]) -> None:
    record = ChildRecord()
    for now, event in enumerate(events):
        happen(record, event, float(now))
    running = record.alive
    record.ask_to_stop(100.0)

    if running:
        assert record.end(1, "", 101.0) is None
        assert record.state is ChildState.STOPPED


@given(st.integers(1, 100))
def test_pauses_never_shrink_and_stay_within_their_bounds(failures: int) -> None:
    assert FIRST_PAUSE_S <= pause_s(failures) <= pause_s(failures + 1) <= LONGEST_PAUSE_S


def test_pauses_double_from_one_second_to_half_a_minute() -> None:
    assert failed(ChildRecord(), times=7) == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_child_that_was_sound_for_a_minute_begins_with_the_first_pause_again() -> None:
    record = ChildRecord()
    failed(record, times=5)

    assert failed(record, times=1, ran_s=SOUND_S) == [FIRST_PAUSE_S]


def test_a_child_that_never_arrived_is_not_sound_however_long_it_took() -> None:
    record = ChildRecord()
    failed(record, times=2)
    record.begin(1, 0.0)

    assert record.end(1, "", 10 * SOUND_S) == 4.0


@pytest.mark.parametrize("code", sorted(HOPELESS))
def test_wrong_usage_configuration_or_name_is_not_tried_again(code: int) -> None:
    record = ChildRecord()
    record.begin(1, 0.0)

    assert record.end(code, "no such class", 1.0) is None
    assert record.state is ChildState.FAILED
    assert record.last_words == "no such class"


def test_an_agent_that_ended_well_by_itself_is_started_again() -> None:
    record = ChildRecord()
    record.begin(1, 0.0)
    record.arrive(1.0)

    assert record.end(ExitCode.OK.value, "", 2.0) == FIRST_PAUSE_S


def test_a_pausing_child_that_is_stopped_is_stopped_at_once() -> None:
    record = ChildRecord()
    failed(record, times=1)

    assert record.ask_to_stop(5.0)
    assert record.state is ChildState.STOPPED
    assert record.since == 5.0


def test_restarts_are_counted_without_the_first_start() -> None:
    record = ChildRecord()
    assert record.restarts == 0

    failed(record, times=3)

    assert record.restarts == 2


def test_exit_codes_are_told_in_words() -> None:
    assert told_code(3) == "exit code 3"
    assert told_code(-9) == "killed by signal 9"
