"""What is wrong, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.cli.health import show_device, show_site
from ocs.cli.site_health import rolled_up_site
from ocs.model.health import Cause, Health, HealthLevel
from ocs.wire.health import encode_health
from tests.ocs.cli.conftest import Served, system_test

NOW = 1700000000.0
OK = Health(HealthLevel.OK, (), NOW - 7200)
LINK = Cause(HealthLevel.BAD, "link", NOW - 300, "no link; check the cable")
OLD = Cause(HealthLevel.DEGRADED, "session acq", NOW - 100_000, "acq runs degraded")
BAD = Health(HealthLevel.BAD, (LINK, OLD), NOW - 300)


def site(**agents: dict[str, Health]) -> dict[str, Any]:
    return rolled_up_site({name.replace("_", "/"): devices for name, devices in agents.items()}, NOW)


def test_each_cause_has_its_time_and_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    show_device("psu-1", encode_health(BAD), NOW)

    assert capsys.readouterr().out.splitlines() == [
        "psu-1: bad for 5 min",
        "  bad  link, for 5 min, since 22:08:20 UTC",
        "    no link; check the cable",
        "  degraded  session acq, for 28 h, since 2023-11-13 18:26:40 UTC",
        "    acq runs degraded",
    ]


def test_the_site_is_told_agent_by_agent_the_worst_first_then_the_causes(capsys: pytest.CaptureFixture[str]) -> None:
    told = site(A_a={"one": OK, "two": OK}, B_b={"psu-1": BAD, "dserver/B/b": OK})

    show_site({**told, "closed": ["cryo-1"]}, NOW)

    assert capsys.readouterr().out.splitlines()[:8] == [
        "site: bad for 5 min",
        "",
        "AGENT  HEALTH  FOR    DEVICES",
        "B/b    bad     5 min  psu-1 bad, 1 ok",
        "A/a    ok      2 h    2 ok",
        "",
        "psu-1: bad for 5 min",
        "  bad  link, for 5 min, since 22:08:20 UTC",
    ]


def test_who_was_closed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    show_site({**site(A_a={"one": OK}), "closed": ["cryo-1", "cryo-2"]}, NOW)

    assert capsys.readouterr().out.splitlines()[-1] == "closed in good order: cryo-1, cryo-2"


def test_of_many_devices_three_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    show_site(site(A_a={f"psu-{number}": BAD for number in range(5)}), NOW)

    assert "psu-0 psu-1 psu-2 and 2 more bad" in capsys.readouterr().out


@system_test
def test_a_site_with_an_alarm_is_exit_code_1_and_explained(served: Served) -> None:
    served.asked("write", "psu-1", "setpoint=26")
    try:
        served.asked("watch", "psu-1", "--events", "voltage", "--kind", "periodic", "--count", "2", "--for", "30")
        told = served.asked("health", "psu-1", expect=1)
        site_told = served.asked_soon("health", expect=1)
        document = served.asked_json("health", expect=1)
    finally:
        served.asked("write", "psu-1", "setpoint=0", "--wait", "10")

    assert "channel voltage" in told
    assert "at or above its max_alarm 25 V" in told
    assert "psu-1 bad" in site_told
    assert document["agents"]["SupplyAgent/psu-1"]["devices"]["psu-1"]["level"] == "bad"


@system_test
def test_a_device_that_is_well_is_exit_code_0(served: Served) -> None:
    assert served.asked("health", "faker-1").startswith("faker-1: ok for ")
