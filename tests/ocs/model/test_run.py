from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.operation import NEXT, Kind, Outcome, Status
from ocs.model.run import MESSAGE_LENGTH, MESSAGES_KEPT, RunRecord

ORDER = [Status.STARTING, Status.RUNNING, Status.STOPPING, Status.DONE]


def record() -> RunRecord:
    return RunRecord(0, 10**18, "move", Kind.TASK, now=1.0, params={})


@given(st.lists(st.sampled_from(Status) | st.sampled_from(Outcome)))
def test_whatever_is_asked_the_status_only_moves_forward(steps: list[Status | Outcome]) -> None:
    run = record()
    outcomes = []
    for step in steps:
        before = run.status
        if isinstance(step, Outcome):
            taken = run.finish(step, 2.0)
            outcomes += [step] * taken
        else:
            taken = run.advance(step, 2.0)
        assert taken == (run.status in NEXT[before])
        assert ORDER.index(run.status) >= ORDER.index(before)
    assert len(outcomes) <= 1
    assert run.outcome is (outcomes[0] if outcomes else None)


def test_a_run_is_named_for_ever_by_epoch_and_number() -> None:
    assert record().run_id == "1000000000000000000-0"


def test_messages_beyond_the_limit_push_out_the_oldest() -> None:
    run = record()
    for number in range(MESSAGES_KEPT + 10):
        run.add_message(str(number), 1.0)

    assert len(run.messages) == MESSAGES_KEPT
    assert run.messages_dropped == 11
    assert run.messages[-1] == (1.0, str(MESSAGES_KEPT + 9))


def test_a_long_message_is_cut() -> None:
    run = record()
    run.add_message("x" * 10_000, 1.0)

    assert len(run.messages[-1][1]) == MESSAGE_LENGTH


@pytest.mark.parametrize(("given", "kept"), [(-1, 0.0), (0.5, 0.5), (7, 1.0), (float("nan"), 0.0), (float("inf"), 1.0)])
def test_progress_is_clipped(given: float, kept: float) -> None:
    run = record()
    run.set_progress(given)

    assert run.progress == kept


def test_a_run_that_told_progress_is_all_done_when_it_succeeds() -> None:
    run = record()
    run.set_progress(0.3)
    run.finish(Outcome.SUCCEEDED, 2.0)

    assert run.progress == 1.0


def test_a_run_that_fails_keeps_its_progress() -> None:
    run = record()
    run.set_progress(0.3)
    run.finish(Outcome.FAILED, 2.0)

    assert run.progress == 0.3
