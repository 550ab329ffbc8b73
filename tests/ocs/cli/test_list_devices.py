"""Who is here, who is not, and what to do about it."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.cli.list_devices import _hidden, columns, notes
from ocs.cli.printing import Word
from ocs.model.operation import OpCode
from ocs.services.supervisor.plan import supervisor_name
from tests.ocs.cli.conftest import Served, system_test

NOW = 10_000.0
KILLED = "process 812 on lab1 left the router without a word; read its log"
HERE = {
    "presence": "here", "since": 500.0, "started": NOW - 3 * 3600, "class": "Oven", "agent_class": "OvenAgent",
    "health": "ok", "state": "ON", "op_codes": {"ramp": OpCode.RUNNING.value, "home": OpCode.SUCCEEDED.value},
}  # fmt: skip
GONE = {**HERE, "presence": "gone", "since": NOW - 5.0, "expired": True, "sentence": KILLED}
OF_OCS = {"expired": False, "agent_class": "OvenAgent", "op_codes": {}, "last_updated": NOW}


def cells(devices: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return each device's row by column."""
    headers, rows = columns(devices, NOW)
    texts = [[cell.text if isinstance(cell, Word) else cell for cell in row] for row in rows]
    return {row[0]: dict(zip(headers, row, strict=True)) for row in texts}


def test_a_device_that_is_here_tells_how_it_is_and_what_it_does() -> None:
    assert cells({"oven": HERE})["oven"] == {
        "DEVICE": "oven", "CLASS": "Oven", "PRESENCE": "here", "SINCE": "3 h ago", "HEALTH": "ok", "STATE": "ON",
        "DOES": "ramp running",
    }  # fmt: skip


def test_what_a_device_said_before_it_went_is_not_shown() -> None:
    row = cells({"oven": HERE, "psu": GONE})["psu"]

    assert (row["PRESENCE"], row["SINCE"]) == ("gone", "5 s ago")
    assert (row["HEALTH"], row["STATE"], row["DOES"]) == ("", "", "")


def test_a_list_of_plain_agents_has_no_empty_columns() -> None:
    assert cells({"oven": OF_OCS})["oven"] == {
        "DEVICE": "oven", "CLASS": "OvenAgent", "PRESENCE": "here", "SINCE": "", "DOES": "nothing",
    }  # fmt: skip


def test_an_expired_device_of_a_plain_registry_is_lost() -> None:
    row = cells({"oven": {**OF_OCS, "expired": True, "time_expired": NOW - 180.0}})["oven"]

    assert (row["PRESENCE"], row["SINCE"]) == ("lost", "3 min ago")


def test_devices_that_went_for_one_reason_are_told_in_one_line() -> None:
    devices = {f"thermo-{number}": GONE for number in range(6)}

    assert notes(devices) == [f"thermo-0, thermo-1, thermo-2, thermo-3 and 2 more gone: {KILLED}"]


def test_who_was_closed_in_good_order_needs_no_words() -> None:
    assert notes({"oven": {**GONE, "presence": "closed"}}) == []


def test_names_that_clash_are_told_once() -> None:
    devices = {"Oven": {**HERE, "conflict": "oven"}, "oven": {**HERE, "conflict": "Oven"}}

    assert notes(devices) == ["Oven and oven differ only in case; rename one of them"]


def test_who_is_not_well_is_named_with_what_to_ask() -> None:
    assert notes({"a": {**HERE, "health": "bad"}, "b": HERE, "c": {**GONE, "health": "bad"}, "d": OF_OCS}) == [
        f"c gone: {KILLED}",
        "a: `ocs health` tells what is wrong and what to do",
    ]


@pytest.mark.parametrize(
    ("name", "entry", "hidden"),
    [
        ("dserver/OvenAgent/oven", HERE, True),
        ("dserver/OvenAgent/oven", {**HERE, "health": "degraded"}, False),
        ("dserver/OvenAgent/oven", {**GONE, "health": "lost"}, True),
        ("oven", HERE, False),
    ],
)
def test_an_agents_own_device_is_shown_only_when_its_process_is_not_well(
    name: str, entry: dict[str, Any], *, hidden: bool
) -> None:
    assert _hidden(name, entry) is hidden


@system_test
def test_the_list_has_everybody(served: Served) -> None:
    devices = served.json("list")

    assert set(devices) >= {"registry", "faker-1", supervisor_name()}
    assert not devices["faker-1"]["expired"]
    rows = {words[0]: words[2] for line in served.ocs("list").splitlines() if len(words := line.split()) > 2}
    assert rows["faker-1"] == "here"


@system_test
def test_admin_devices_are_listed_where_everybody_is_asked_for(served: Served) -> None:
    few, everybody = served.json("list"), served.json("list", "--all")

    assert not [
        name for name, entry in few.items() if name.startswith("dserver/") and entry.get("health") in {"ok", "lost"}
    ]
    assert [name for name in everybody if name.startswith("dserver/FakeDataAgent/")]
