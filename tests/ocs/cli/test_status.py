"""The states and health of devices, and what their operations do."""

from __future__ import annotations

from typing import Any

from ocs.cli.printing import Word
from ocs.cli.status import columns, hidden
from tests.ocs.cli.conftest import Served, system_test

API: dict[str, Any] = {"tasks": [["go", {"op_name": "go", "status": "no_history"}, {}]], "processes": []}
IDLE: dict[str, Any] = {"tasks": [], "processes": []}


def texts(rows: Any) -> list[list[str]]:
    return [[cell.text if isinstance(cell, Word) else cell for cell in row] for row in rows]


def test_each_device_has_its_state_and_health_and_a_row_an_operation() -> None:
    two = {**API, "processes": [["acq", {"op_name": "acq", "status": "no_history"}, {}]]}
    entries = {"psu-1": {"state": "ON", "health": "bad"}, "stage-1": {"state": "MOVING", "health": "ok"}}

    headers, rows = columns(entries, {"psu-1": IDLE, "stage-1": two}, 0.0)

    assert headers == ["DEVICE", "STATE", "HEALTH", "OPERATION", "RUN", "WHEN", "TELLS"]
    assert texts(rows) == [
        ["psu-1", "ON", "bad", "", "", "", ""],
        ["stage-1", "MOVING", "ok", "go", "never ran", "", ""],
        ["", "", "", "acq", "never ran", "", ""],
    ]


def test_where_nobody_tells_state_and_health_there_are_no_such_columns() -> None:
    headers, rows = columns({"old-1": {}}, {"old-1": API}, 0.0)

    assert headers == ["DEVICE", "OPERATION", "RUN", "WHEN", "TELLS"]
    assert texts(rows) == [["old-1", "go", "never ran", "", ""]]


def test_who_is_not_here_has_a_row_that_says_how_it_went() -> None:
    entries: dict[str, Any] = {
        "psu-1": {"presence": "gone", "expired": True, "time_expired": 88.0, "sentence": "start it"},
        "old-1": {"expired": True},
        "mute-1": {"error": "no answer", "state": "ON"},
    }

    _, rows = columns(entries, {}, 100.0)

    assert texts(rows) == [
        ["psu-1", "", "", "gone", "12 s ago", ""],
        ["old-1", "", "", "lost", "", "no heartbeat"],
        ["mute-1", "", "", "lost", "", "no answer"],
    ]


def test_admin_devices_are_hidden_unless_they_are_unwell() -> None:
    assert hidden("dserver/Psu/psu-1", {"health": "ok"})
    assert not hidden("dserver/Psu/psu-1", {"health": "degraded"})
    assert not hidden("psu-1", {"health": "ok"})


@system_test
def test_the_status_of_all_of_one_and_of_an_operation(served: Served) -> None:
    everybody = served.asked("status")
    assert "delay_task" in everybody
    assert "psu-1     OFF" in everybody
    assert "dserver" not in everybody
    assert "dserver/SupplyAgent/psu-1" in served.asked("status", "--all")
    assert "faker-1  FakeData, process " in served.asked("status", "faker-1")
    assert "OFF for " in served.asked("status", "psu-1")
    assert served.asked_json("status", "psu-1")["state"] == "OFF"
    assert served.asked_json("status")["faker-1"]["operations"]["acq"]["op_name"] == "acq"
    assert served.asked_json("status", "registry", "main")["status"] == "running"
