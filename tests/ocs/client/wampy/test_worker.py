from __future__ import annotations

import threading

from ocs.client.wampy.deadline import Deadline
from ocs.client.wampy.worker import Worker


def test_work_is_done_in_its_order_in_the_one_thread() -> None:
    worker = Worker("test-worker", lambda: True)
    done: list[tuple[int, str]] = []
    for index in range(100):
        worker.submit(lambda index=index: done.append((index, threading.current_thread().name)))  # type: ignore[misc]  # mypy cannot infer a bound default

    worker.stop(Deadline(20))

    assert done == [(index, "test-worker") for index in range(100)]
    assert not worker.thread.is_alive()


def test_what_does_not_fit_is_counted() -> None:
    worker = Worker("test-worker", lambda: True, capacity=2)
    busy, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        go_on.wait(20)

    worker.submit(hold)
    assert busy.wait(20)

    assert [worker.submit(lambda: None) for _ in range(4)] == [True, True, False, False]
    assert worker.dropped == 2
    go_on.set()
    worker.stop(Deadline(20))


def test_it_mends_until_that_worked_and_works_meanwhile() -> None:
    outcomes = iter([False, True])
    mended, worked = threading.Event(), threading.Event()

    def mend() -> bool:
        if next(outcomes):
            mended.set()
            return True
        worker.submit(worked.set)
        return False

    worker = Worker("test-worker", mend, retry_s=0.01)
    worker.worry()

    assert mended.wait(20)
    assert worked.is_set()
    worker.stop(Deadline(20))


def test_it_can_be_stopped_from_within() -> None:
    worker = Worker("test-worker", lambda: True)

    worker.submit(lambda: worker.stop(Deadline(20)))

    worker.thread.join(10)
    assert not worker.thread.is_alive()
