"""What is added to and removed from one device while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import Channel, Device, Session, command, task
from ocs.model.errors import ConfigurationError, NotAllowedError, NotFoundError
from ocs.model.event import DeviceEventKind
from ocs.testing.running import Site
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class Frame(Device):
    """A frame with slots."""

    fixed = Channel(float, unit="V", initial=1.0)

    @task
    def check(self, session: Session) -> None:
        """Check."""

    @command
    def ping(self) -> str:
        """Answer."""
        return "pong"


@pytest.fixture
def frame(panel_of: PanelOf) -> Panel:
    return panel_of(Frame, "frame")


def measure(session: Session, times: int = 1) -> int:
    """Measure.

    Args:
        times: How often.
    """
    return times


def double(x: float) -> float:
    """Double.

    Args:
        x: What.
    """
    return 2 * x


def test_a_channel_that_is_added_is_read_written_polled_and_described(frame: Panel) -> None:
    got: list[float] = []
    frame.device.add_channel("slot", Channel(float, unit="V", period_s=1.0), read=lambda: 4.0, write=got.append)
    frame.clock.advance(0.5)

    assert (frame.reading("slot")["value"], frame.reading("slot")["age_s"]) == (4.0, 0.5)
    assert frame.write({"slot": 2.0})["slot"]["setpoint"] == 2.0
    assert got == [2.0]
    assert frame.query("describe")["channels"]["slot"]["access"] == "rw"


def test_a_channel_may_have_async_handlers_and_code_may_feed_it(frame: Panel) -> None:
    async def read() -> int:
        return 7

    frame.device.add_channel("count", Channel(int), read=read)
    fed = frame.device.add_channel("fed", Channel(str))
    fed.set("hot")

    assert (frame.value("count"), frame.value("fed")) == (7, "hot")


def test_two_devices_of_a_class_may_have_one_name_with_two_types(memory_site: Site) -> None:
    one, two = Frame("one"), Frame("two")
    memory_site.start(one, two, instance="rack")
    one.add_channel("slot", Channel(float, unit="V")).set(1.5)
    two.add_channel("slot", Channel(str)).set("text")

    panels = [Panel(memory_site, device) for device in (one, two)]

    assert [panel.value("slot") for panel in panels] == [1.5, "text"]
    assert [panel.query("describe")["channels"]["slot"]["dtype"] for panel in panels] == ["float64", "str"]
    assert "slot" not in Frame.declared_channels


def test_one_declaration_may_serve_several_channels(frame: Panel) -> None:
    template = Channel(float, unit="V")
    for number in (1, 2):
        frame.device.add_channel(f"slot_{number}", template, read=lambda number=number: float(number))

    readings = frame.read("slot*")

    assert {name: told["value"] for name, told in readings.items()} == {"slot_1": 1.0, "slot_2": 2.0}


def test_a_burst_makes_one_interface_event(frame: Panel) -> None:
    told = frame.told(DeviceEventKind.INTERFACE)
    for name in ("a", "b"):
        frame.device.add_channel(name, Channel(float, unit="V"))
    frame.device.add_command("double", double)
    frame.device.add_task("measure", measure)
    frame.device.remove_operation("check")
    frame.clock.advance(0.04)
    early = len(told)
    frame.clock.advance(0.1)

    assert early == 0
    assert len(told) == 1
    assert told[0]["added"] == {"channels": ["a", "b"], "operations": ["measure"], "commands": ["double"]}
    assert told[0]["removed"] == {"channels": [], "operations": ["check"], "commands": []}
    assert (told[0]["seq"], told[0]["epoch"], told[0]["reason"]) == (1, frame.site.agents[0].epoch, "changed")


def test_what_is_removed_is_gone_at_once(frame: Panel) -> None:
    frame.device.add_channel("slot", Channel(float, unit="V", period_s=1.0), read=lambda: 4.0)
    frame.clock.advance(2.0)
    frame.device.remove_channel("slot")
    frame.device.remove_command("ping")

    assert frame.reading("slot")["error"]["code"] == "not_found"
    assert frame.device.polling.told() == []
    with pytest.raises(NotFoundError):
        frame.command("ping")


def test_a_channel_in_alarm_that_is_removed_takes_its_alarm_with_it(frame: Panel) -> None:
    frame.device.add_channel("slot", Channel(float, unit="V", max_alarm=3)).set(4.0)
    before = frame.state()["tango"]
    frame.device.remove_channel("slot")

    assert before == "ALARM"
    assert frame.state()["tango"] == "ON"
    assert frame.state()["status"] == "The device is in ON state."


def test_events_of_a_channel_that_comes_back_go_on_counting(frame: Panel) -> None:
    events = frame.events("slot")
    for value in ("a", "b"):
        frame.device.add_channel("slot", Channel(str)).set(value)
        frame.device.remove_channel("slot")
    frame.clock.settle()

    assert [event["seq"] for event in events] == [1, 2]


@pytest.mark.parametrize("name", ["State", "Status"])
def test_what_every_device_has_cannot_be_removed(frame: Panel, name: str) -> None:
    with pytest.raises(NotAllowedError, match="every device has it"):
        frame.device.remove_channel(name)
    with pytest.raises(NotAllowedError, match="every device has it"):
        frame.device.remove_command(name)


def test_what_is_not_there_cannot_be_removed(frame: Panel) -> None:
    for remove in (frame.device.remove_channel, frame.device.remove_operation, frame.device.remove_command):
        with pytest.raises(NotFoundError, match=r"there is no .* called nothing"):
            remove("nothing")


@pytest.mark.parametrize("name", ["fixed", "Fixed", "check", "Check", "ping", "State", "init"])
def test_a_name_that_is_taken_in_any_case_is_refused(frame: Panel, name: str) -> None:
    with pytest.raises(ConfigurationError, match="frame has a"):
        frame.device.add_channel(name, Channel(float, unit="V"))
    with pytest.raises(ConfigurationError, match="frame has a"):
        frame.device.add_command(name, double)
    assert frame.query("describe")["commands"].keys() == {"State", "Status", "Init", "ping"}


def test_adding_the_same_name_twice_is_refused(frame: Panel) -> None:
    frame.device.add_channel("slot", Channel(float, unit="V"))

    with pytest.raises(ConfigurationError, match="frame has a channel slot already"):
        frame.device.add_channel("slot", Channel(float, unit="V"))


@pytest.mark.parametrize(("name", "channel"), [("read", lambda: Channel(float)), ("a b", lambda: Channel(float))])
def test_a_name_that_no_channel_can_have_is_refused(frame: Panel, name: str, channel: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot name a channel"):
        frame.device.add_channel(name, channel())


def test_a_declaration_that_makes_no_sense_is_refused_and_adds_nothing(frame: Panel) -> None:
    with pytest.raises(TypeError, match="min_alarm"):
        frame.device.add_channel("slot", Channel(float, min_alarm=3, max_alarm=1))

    assert "slot" not in frame.device.channels


def test_a_command_that_is_added_is_typed(frame: Panel) -> None:
    frame.device.add_command("double", double)

    assert frame.command("double", 4) == 8.0
    assert frame.query("describe")["commands"]["double"]["doc"].startswith("Double.")


def test_an_operation_that_is_removed_lets_its_run_go_on(frame: Panel) -> None:
    ended: list[str] = []

    def hold(session: Session) -> None:
        """Hold."""
        session.sleep(5.0)
        ended.append("well")

    frame.device.add_task("hold", hold)
    frame.site.device("frame").start("hold")
    frame.device.remove_operation("hold")
    frame.clock.advance(6.0)

    assert ended == ["well"]
    assert "hold" not in frame.site.device("frame").interface.operations


def test_a_device_that_is_not_part_of_an_agent_says_so() -> None:
    with pytest.raises(ConfigurationError, match="not part of an agent yet"):
        Frame("frame").add_channel("slot", Channel(float, unit="V"))
