"""Tests of the oven of lesson 4: its driver, a dialogue byte for byte, and the whole agent on the simulator."""

import pytest
from agent import Oven
from driver import parse_kelvin, set_point

from ocs.model.errors import DeviceError
from ocs.model.operation import Outcome
from ocs.testing.contract import DeviceContract
from ocs.testing.plugin import AgentOf
from ocs.testing.scripted import ScriptedLink


def test_a_set_point_has_two_decimals() -> None:
    assert set_point(310) == "SP 310.00"


def test_nonsense_is_told_as_it_came() -> None:
    with pytest.raises(DeviceError, match=r"the oven answered '\?'; a temperature in K was expected"):
        parse_kelvin("?")


def test_the_temperature_is_asked_as_the_manual_says() -> None:
    oven = Oven("oven-1")
    oven.device_link = link = ScriptedLink((b"T?", b"293.150"))

    assert oven.kelvin() == 293.15
    link.assert_played()


def test_heat_ends_at_its_target(agent_of: AgentOf) -> None:
    oven = agent_of(Oven)

    session = oven.run("heat", target=310)

    assert session.outcome is Outcome.SUCCEEDED
    assert session.result == pytest.approx(310, abs=0.1)


def test_a_minute_of_acquisition_takes_no_time(agent_of: AgentOf) -> None:
    oven = agent_of(Oven)
    messages = oven.messages("thermal")

    oven.start("acq", rate=1)
    oven.clock.advance(60)  # seconds of the agent, not of yours
    oven.end("acq")

    assert len(messages) == 61


@pytest.mark.parametrize("device_class", [Oven])
class TestContract(DeviceContract):
    """What every device keeps: help, units, refusals, endings, losses."""
