from __future__ import annotations

import threading
from typing import Any

import pytest

from ocs.agent.calling.execution import Worker, place_of
from ocs.testing.clock import VirtualClock, wait_deaf


@pytest.fixture
def ends() -> list[Any]:
    return []


def test_runs_of_one_worker_share_a_thread(clock: VirtualClock, ends: list[Any]) -> None:
    worker = Worker("w", clock.timing)
    for _ in range(3):
        worker.run(None, threading.get_ident, lambda result, _error: ends.append(result))
        clock.run_until(lambda: not clock.timing.working)

    worker.close()

    assert len(ends) == 3
    assert len(set(ends)) == 1
    assert ends[0] != threading.get_ident()


def test_what_a_body_raises_is_told_in_the_loop(clock: VirtualClock, ends: list[Any]) -> None:
    worker = Worker("w", clock.timing)

    def fail() -> None:
        raise ValueError("red")

    worker.run(None, fail, lambda _result, error: ends.append((error, clock.timing.in_loop)))
    clock.settle()
    worker.close()

    ((error, in_loop),) = ends
    assert str(error) == "red"
    assert in_loop


def test_a_worker_tells_at_which_line_of_the_author_it_is(clock: VirtualClock) -> None:
    worker, gate = Worker("w", clock.timing), threading.Event()

    def hang() -> None:
        wait_deaf(gate)

    worker.run(None, hang, lambda *_: None)
    clock.settle()

    assert worker.where().startswith("hang (test_execution.py:")
    gate.set()
    clock.settle()
    worker.close()


def test_the_place_of_an_error_is_the_authors_line() -> None:
    def author() -> None:
        int("red")

    with pytest.raises(ValueError, match="red") as caught:
        author()

    assert place_of(caught.value).startswith("author (test_execution.py:")


def test_a_worker_that_was_closed_between_runs_serves_the_next(clock: VirtualClock, ends: list[Any]) -> None:
    worker = Worker("w", clock.timing)
    worker.close()

    worker.run(None, lambda: 1, lambda result, _error: ends.append(result))
    clock.run_until(lambda: ends)
    worker.close()

    assert ends == [1]


def test_a_run_for_which_there_is_no_thread_fails_and_the_next_runs(
    clock: VirtualClock, ends: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    worker = Worker("w", clock.timing)
    with monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", refuse)
        worker.run(None, lambda: 1, lambda _result, error: ends.append(str(error)))
    clock.settle()

    worker.run(None, lambda: 2, lambda result, _error: ends.append(result))
    clock.run_until(lambda: len(ends) == 2)
    worker.close()

    assert ends == ["can't start new thread", 2]
