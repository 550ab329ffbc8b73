from __future__ import annotations

import pytest

from ocs.model.operation import Outcome, Status
from ocs.services.demo.fake_data import FakeData
from ocs.testing.plugin import AgentOf


def test_the_delay_task_takes_its_time_and_tells_how_far_it_is(agent_of: AgentOf) -> None:
    faker = agent_of(FakeData)

    session = faker.run("delay_task", delay=3.0)

    assert session.success
    assert session.elapsed_s == pytest.approx(3.0, abs=0.1)
    assert session.data["requested_delay"] == 3.0
    assert session.data["delay_so_far"] >= 3.0


def test_the_delay_task_fails_when_asked_to(agent_of: AgentOf) -> None:
    session = agent_of(FakeData).run("delay_task", delay=0.0, succeed=False)

    assert session.outcome is Outcome.FAILED
    assert session.failure is not None
    assert "as asked" in session.failure.message


def test_the_delay_task_is_aborted_at_once(agent_of: AgentOf) -> None:
    faker = agent_of(FakeData)
    faker.start("delay_task", delay=100.0)

    session = faker.end("delay_task")

    assert session.outcome is Outcome.ABORTED
    assert session.elapsed_s < 1.0


def test_samples_go_out_together_each_second_with_their_tags(agent_of: AgentOf) -> None:
    faker = agent_of(FakeData, num_channels=3, sample_rate=10.0)
    told = faker.messages("false_temperatures")

    faker.start("acq")
    faker.clock.advance(1.05)
    faker.end("acq")

    block = told[0].message["temps"]
    assert set(block["data"]) == {"channel_00", "channel_01", "channel_02"}
    assert len(block["timestamps"]) >= 10
    assert block["influxdb_tags"]["channel_02"] == {"channel": 2, "_field": "temperature"}


def test_the_session_holds_the_newest_sample(agent_of: AgentOf) -> None:
    session = agent_of(FakeData).run("acq", test_mode=True)

    assert set(session.data["fields"]) == {"channel_00", "channel_01"}
    assert session.data["timestamp"] == pytest.approx(session.start_time, abs=1.0)


def test_acquisition_degrades_and_recovers_by_turns(agent_of: AgentOf) -> None:
    faker = agent_of(FakeData)
    faker.start("acq", degradation_period=2.0)

    faker.clock.advance(3.0)
    degraded = faker.status("acq").degraded
    faker.clock.advance(2.0)
    recovered = faker.status("acq").degraded
    faker.end("acq")

    assert (degraded, recovered) == (True, False)


def test_the_heartbeat_can_be_switched_off(agent_of: AgentOf) -> None:
    faker = agent_of(FakeData)
    faker.run("set_heartbeat", heartbeat=False)
    beats = faker.messages("heartbeat")

    faker.clock.advance(3.0)
    silent = len(beats)
    faker.run("set_heartbeat", heartbeat=True)
    faker.clock.advance(3.0)

    assert silent == 0
    assert len(beats) >= 2


def test_in_mode_acq_both_processes_start_by_themselves(agent_of: AgentOf) -> None:
    faker = agent_of(FakeData, mode="acq")

    faker.clock.advance(2.1)

    assert faker.status("acq").status is Status.RUNNING
    assert faker.status("count").data["counter"] == 2
