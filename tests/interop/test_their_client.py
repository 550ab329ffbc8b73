"""The client of OCS 0.12 drives our agents through crossbar's HTTP bridge."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

API_KEYS = {"agent_class", "instance_hostname", "instance_pid", "feeds", "processes", "tasks", "access_control"}
SESSION_KEYS = {
    "session_id", "op_name", "op_code", "cred_level", "status", "degraded",
    "success", "start_time", "end_time", "data", "messages",
}  # fmt: skip


def test_it_finds_every_key_of_the_interface(upstream_client: dict[str, Any]) -> None:
    api = upstream_client["api"]

    assert set(api) >= API_KEYS
    assert [task[0] for task in api["tasks"]] == ["delay_task", "set_heartbeat"]
    assert [process[0] for process in api["processes"]] == ["acq", "count"]
    assert {feed[0] for feed in api["feeds"]} == {"false_temperatures", "heartbeat"}


def test_it_shows_our_help(upstream_client: dict[str, Any]) -> None:
    assert "Wait, then succeed or fail" in upstream_client["doc"]


def test_status_of_what_never_ran_is_empty(upstream_client: dict[str, Any]) -> None:
    assert upstream_client["never"] == {"code": 0, "message": "No session active.", "session": {}}


def test_a_started_task_is_running_with_every_key_of_a_session(upstream_client: dict[str, Any]) -> None:
    started = upstream_client["started"]

    assert started["code"] == 0
    assert set(started["session"]) >= SESSION_KEYS
    assert started["session"]["op_code"] in {2, 3}


def test_a_second_start_is_refused_with_the_session_that_runs(upstream_client: dict[str, Any]) -> None:
    assert upstream_client["busy"]["code"] == -1
    assert upstream_client["busy"]["session"]["session_id"] == upstream_client["started"]["session"]["session_id"]


def test_a_wait_that_is_too_short_says_timeout(upstream_client: dict[str, Any]) -> None:
    assert upstream_client["late"]["code"] == 1
    assert upstream_client["late"]["session"]["success"] is None


@pytest.mark.parametrize("which", ["ended", "called", "process_ended", "stopped"])
def test_what_ends_well_is_done_with_success(upstream_client: dict[str, Any], which: str) -> None:
    ended = upstream_client[which]

    assert ended["code"] == 0
    assert (ended["session"]["status"], ended["session"]["success"], ended["session"]["op_code"]) == ("done", True, 5)


@pytest.mark.parametrize("which", ["failed", "aborted"])
def test_what_ends_badly_is_done_without_success(upstream_client: dict[str, Any], which: str) -> None:
    ended = upstream_client[which]

    assert ended["code"] == 0
    assert (ended["session"]["status"], ended["session"]["success"], ended["session"]["op_code"]) == ("done", False, 6)


def test_the_task_leaves_the_data_that_scripts_read(upstream_client: dict[str, Any]) -> None:
    data = upstream_client["ended"]["session"]["data"]

    assert data["requested_delay"] == pytest.approx(0.2)
    assert data["delay_so_far"] >= 0.2


def test_the_process_leaves_the_data_that_panels_read(upstream_client: dict[str, Any]) -> None:
    data = upstream_client["process_ended"]["session"]["data"]

    assert set(data["fields"]) == {"channel_00", "channel_01"}
    assert isinstance(data["timestamp"], float)


@pytest.mark.parametrize("which", ["wrong_type", "unknown_name"])
def test_wrong_parameters_are_refused_without_a_run(upstream_client: dict[str, Any], which: str) -> None:
    assert upstream_client[which]["code"] == -1
    assert "status" not in upstream_client[which]["session"]


def test_abort_and_stop_are_accepted_once(upstream_client: dict[str, Any]) -> None:
    assert upstream_client["abort"]["code"] == upstream_client["stop"]["code"] == 0
    assert upstream_client["abort_again"]["code"] == -1


def test_an_agent_that_is_away_is_told_in_the_words_that_scripts_search(upstream_client: dict[str, Any]) -> None:
    assert "no callee registered" in upstream_client["nobody"]
    assert "wamp.error.no_such_procedure" in upstream_client["nobody"]


def test_a_router_that_is_away_is_told_in_the_words_that_scripts_search(upstream_client: dict[str, Any]) -> None:
    assert "Failed to connect" in upstream_client["no_router"]
    assert "http://127.0.0.1:9/call'" in upstream_client["no_router"]
