"""What a device is and offers."""

from __future__ import annotations

from ocs.cli.main import run
from tests.ocs.cli.conftest import Served, system_test


@system_test
def test_a_device_describes_itself(served: Served) -> None:
    told = served.asked("describe", "faker-1")

    assert "task delay_task" in told
    assert "delay: number s" in told
    schema = served.asked_json("describe", "faker-1", "--schema")
    assert schema["delay_task"]["params"]["properties"]["delay"]["unit"] == "s"


@system_test
def test_channels_commands_and_states_are_described(served: Served) -> None:
    told = served.asked("describe", "psu-1")

    assert "  setpoint: float64 V, read and write 0 to 30 V, set point kept" in told
    assert "  switch_on: OFF -> ON: Switch the output on." in told
    assert "command calibrate" in told
    assert "reference: number V 0 to 30, needed" in told
    assert served.asked_json("describe", "psu-1")["channels"]["voltage"]["config"]["max_alarm"] == 25


@system_test
def test_the_graph_comes_alone(served: Served) -> None:
    told = served.asked("describe", "psu-1", "--graph")

    assert told.startswith("stateDiagram-v2\n")
    assert "OFF --> ON: switch_on" in told


def test_two_answers_at_once_are_wrong_usage() -> None:
    assert run(["describe", "psu-1", "--graph", "--schema"]) == 2
