"""The housekeeping of the demonstration, on a simulated power supply and a simulated cryostat."""

from __future__ import annotations

import pytest

from clients.housekeeping import KINDS, Housekeeper
from clients.show import Show
from ocs.client_wampy import connect
from tests.system.programs import Place

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


@pytest.mark.timeout(180)
def test_it_reads_writes_is_refused_and_sees_an_alarm_come_and_go(place: Place) -> None:
    supply = place.start("-m", "agents.scpi_psu.agent", "--instance-id", "psu-1", "--port", "sim")
    cold = place.start("-m", "agents.cryostat.agent", "--instance-id", "cold-1", "--port", "sim")
    for agent in (supply, cold):
        agent.wait_for("joined test_realm as", 60.0)

    with connect(place.url, realm=place.realm, root=place.root) as obs:
        done = Housekeeper(obs["psu-1"], obs["cold-1"], "temperature", Show()).keep()
        left = obs["psu-1"].state.read().state
        limit = obs["cold-1"].temperature.config()["values"]["max_alarm"]

    assert (done.written, done.refused, done.transitions) == (1, 2, 2)
    assert done.read > 20
    assert done.alarms == 1
    assert set(done.events) == {*KINDS, "state"}
    assert left == "OFF"
    assert limit == 380.0
    for agent in (supply, cold):
        assert agent.end(60.0) == 0
