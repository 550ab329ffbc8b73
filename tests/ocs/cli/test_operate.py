"""Operations from the command line."""

from __future__ import annotations

import signal

import pytest

from tests.ocs.cli.conftest import Served, system_test


@system_test
def test_a_task_is_run_to_its_end(served: Served) -> None:
    told = served.ocs("run", "faker-1", "delay_task", "delay=0.3")

    assert "faker-1: delay_task succeeded after 0." in told


@system_test
def test_a_task_that_fails_is_exit_code_1(served: Served) -> None:
    told = served.ocs("run", "faker-1", "delay_task", "delay=0.1", "succeed=no", expect=1)

    assert "error: faker-1.delay_task failed" in told


@system_test
def test_the_session_of_a_run_comes_as_json(served: Served) -> None:
    session = served.json("run", "faker-1", "delay_task", "delay=0.1", "succeed=false", expect=1)

    assert session["params"] == {"delay": 0.1, "succeed": False}
    assert session["outcome"] == "failed"


@system_test
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("run", "faker-1", "delay_task", "dely=1"), 2, "there is no parameter dely; did you mean delay?"),
        (("run", "faker-1", "delay_task", "delay=soon"), 2, "delay is 'soon'; it must be a number in s"),
        (("run", "faker-1", "delay_task", "delay=-1"), 7, "delay is -1.0 s; it must be at least 0 s"),
        (("run", "faker-1", "delay_tsak"), 6, "faker-1 has no operation delay_tsak; did you mean delay_task?"),
        (("run", "fakir-1", "delay_task"), 6, "there is no device fakir-1"),
        (("stop", "faker-1", "acq"), 7, "acq is not running"),
        (("abort", "faker-1", "acq"), 7, "acq is a process: stop it"),
        (("watch", "faker-1", "nothing"), 6, "faker-1 has no feed nothing; it has false_temperatures, heartbeat"),
    ],
)
def test_a_wrong_request_is_one_sentence_and_its_exit_code(
    served: Served, words: tuple[str, ...], code: int, sentence: str
) -> None:
    assert sentence in served.ocs(*words, expect=code)


@system_test
def test_a_run_is_started_waited_for_and_aborted(served: Served) -> None:
    served.ocs("start", "faker-1", "delay_task", "delay=600")
    late = served.ocs("wait", "faker-1", "delay_task", "--timeout", "0.2", expect=8)
    served.ocs("abort", "faker-1", "delay_task")
    ended = served.ocs("wait", "faker-1", "delay_task", expect=1)

    assert "still runs after 0.2 s; it goes on" in late
    assert "faker-1.delay_task was aborted" in ended
    assert "aborted" in served.ocs("status", "faker-1", "delay_task", "--history")


@system_test
def test_ctrl_c_ends_the_wait_and_not_the_run(served: Served) -> None:
    waiting = served.begin("run", "faker-1", "delay_task", "delay=600")
    assert waiting.stdout is not None
    waiting.stdout.readline()  # its first progress: it runs
    waiting.send_signal(signal.SIGINT)

    _, told = waiting.communicate(timeout=30)

    assert waiting.returncode == 130
    assert "faker-1.delay_task goes on; `ocs wait faker-1 delay_task` waits for it again" in told
    assert served.json("status", "faker-1", "delay_task")["status"] == "running"
    served.ocs("abort", "faker-1", "delay_task")
    served.ocs("wait", "faker-1", "delay_task", expect=1)


@system_test
def test_ctrl_c_ends_the_run_too_when_that_was_asked_for(served: Served) -> None:
    waiting = served.begin("run", "faker-1", "delay_task", "delay=600", "--abort-on-interrupt")
    assert waiting.stdout is not None
    waiting.stdout.readline()
    waiting.send_signal(signal.SIGINT)

    _, told = waiting.communicate(timeout=30)

    assert waiting.returncode == 130
    assert "interrupted: faker-1: delay_task aborted after" in told
    assert served.json("status", "faker-1", "delay_task")["outcome"] == "aborted"
