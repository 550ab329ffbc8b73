"""The module as a device, with its simulator: the channels of its inputs, faults, curves, names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.lakeshore240.agent import Lakeshore240
from agents.lakeshore240.converter import DIODE
from ocs.link.simulator import ask_control
from ocs.model.errors import ErrorCode
from ocs.model.event import EventKind
from ocs.model.operation import Outcome
from ocs.testing.plugin import AgentOf
from ocs.testing.running import LONGEST_S, ROOT, RunningDevice
from ocs.wire import uris

NAME = "thermo-1"
LOOKS = 100
CURVE = """\
Sensor Model:   DT-TRIED
Serial Number:  X12345
Data Format:    2      (Volts/Kelvin)
SetPoint Limit: 325.0      (Kelvin)
Temperature coefficient:  1 (Negative)
Number of Breakpoints:   2

  1  0.50000       300.0
  2  1.60000         4.2
"""


class SmallModule(Lakeshore240):
    """A 240-2P."""

    def simulator_options(self) -> list[str]:
        """Return what the simulator is told."""
        return ["--inputs", "2"]


class Thermometer:
    """The device as a client on the wire has it."""

    def __init__(self, device: RunningDevice) -> None:
        self.device = device
        self.clock = device.clock

    def read(self, *names: str, source: str = "auto") -> dict[str, Any]:
        return dict(self._call(uris.read, list(names) or None, source=source))

    def reading(self, name: str) -> dict[str, Any]:
        return dict(self.read(name, source="device")[name])

    def write(self, name: str, value: Any) -> dict[str, Any]:
        return dict(self._call(uris.write, {name: value})[name])

    def config(self, name: str, **values: Any) -> None:
        self._call(uris.config, "set", name, values)

    def command(self, name: str) -> None:
        self._call(uris.command, name)

    def state(self) -> dict[str, Any]:
        return dict(self._call(uris.state))

    def health(self) -> dict[str, Any]:
        return dict(self._call(uris.management, "health"))

    def events(self, name: str, kind: EventKind) -> list[Any]:
        told: list[Any] = []
        self.device.site.subscribe(uris.channel_event(ROOT, NAME, name, kind), lambda _topic, event: told.append(event))
        return told

    def world(self, **request: Any) -> None:
        ask_control(self.device.site.folder / "simulators", NAME, request, 10.0)

    def _call(self, uri: Callable[[str, str], str], *args: Any, **kwargs: Any) -> Any:
        asked = self.device.site.client.call(uri(ROOT, NAME), *args, timeout_s=60.0, **kwargs)
        return self.clock.result_of(asked, 60.0)


@pytest.fixture
def thermo(agent_of: AgentOf) -> Thermometer:
    return Thermometer(agent_of(Lakeshore240, NAME, seed=1))


def of_inputs(names: Any) -> set[str]:
    return set(names) - {"State", "Status"}


@pytest.mark.parametrize(("module", "inputs"), [(Lakeshore240, 8), (SmallModule, 2)])
def test_each_input_that_the_module_has_gets_its_channels(
    agent_of: AgentOf, module: type[Lakeshore240], inputs: int
) -> None:
    device = agent_of(module, NAME)

    kinds = ("temperature", "sensor", "name", "curve")
    assert of_inputs(device.interface.channels) == {f"{kind}_{n}" for kind in kinds for n in range(1, inputs + 1)}


def test_temperature_and_signal_are_polled_with_their_units(thermo: Thermometer) -> None:
    thermo.clock.advance(2.0)

    channels = thermo.device.interface.channels
    readings = thermo.read("temperature_1", "sensor_1", source="cache")

    assert (channels["temperature_1"].config.unit, channels["sensor_1"].config.unit) == ("K", "V")
    assert readings["temperature_1"]["value"] == pytest.approx(77.0, abs=0.3)
    assert readings["sensor_1"]["value"] == pytest.approx(1.02, abs=0.01)
    assert {reading["quality"] for reading in readings.values()} == {"VALID"}


def test_a_temperature_beyond_its_limit_is_an_alarm_of_the_device(thermo: Thermometer) -> None:
    alarms = thermo.events("temperature_8", EventKind.ALARM)

    thermo.config("temperature_8", max_alarm=290.0)
    thermo.clock.advance(2.0)

    assert [alarm["quality"] for alarm in alarms] == ["ALARM"]
    assert thermo.state()["tango"] == "ALARM"
    assert "at or above its max_alarm 290 K" in thermo.state()["status"]


def test_a_sensor_without_wire_has_no_reading_and_the_others_have(thermo: Thermometer) -> None:
    thermo.world(set={"input_3_open": True})
    thermo.clock.advance(2.0)

    readings = thermo.read("temperature_2", "temperature_3", "sensor_3", source="cache")

    assert readings["temperature_2"]["quality"] == "VALID"
    for name in ("temperature_3", "sensor_3"):
        assert (readings[name]["value"], readings[name]["quality"]) == (None, "INVALID")
        assert "it may be open or not connected" in readings[name]["error"]["message"]
    assert thermo.state()["status"].startswith("The module reports input 3: the sensor is over range")
    assert "channel temperature_3" in {cause["source"] for cause in thermo.health()["causes"]}


def test_what_the_module_reports_is_told_no_more_when_it_is_over(thermo: Thermometer) -> None:
    thermo.world(set={"input_3_open": True})
    thermo.clock.advance(2.0)

    thermo.world(set={"input_3_open": False})
    thermo.clock.advance(2.0)

    assert thermo.reading("temperature_3")["quality"] == "VALID"
    assert thermo.state()["status"] == "The device is in ON state."


def test_a_temperature_beyond_the_curve_is_an_alarm_with_the_module_s_words(
    thermo: Thermometer, tmp_path: Path
) -> None:
    short = tmp_path / "short.340"
    short.write_text(CURVE.replace("0.50000       300.0", "1.58000         4.3"))
    thermo.device.run("upload_curve", input=8, path=str(short))

    reading = thermo.reading("temperature_8")

    assert (reading["value"], reading["quality"]) == (pytest.approx(4.3), "ALARM")
    assert "input 8: the temperature is above the curve of this input" in thermo.state()["status"]


def test_garbage_from_one_input_spoils_no_other(thermo: Thermometer) -> None:
    thermo.world(fault="garbage", count=1)

    readings = thermo.read(*[f"temperature_{number}" for number in range(1, 9)], source="device")

    assert sum("error" in reading for reading in readings.values()) == 1


def test_the_curves_are_known_from_the_start(thermo: Thermometer) -> None:
    curve = thermo.read("curve_5")["curve_5"]["value"]

    assert (curve["name"], curve["format"], curve["coefficient"]) == ("SIM DIODE", "VOLT", "NEGATIVE")
    assert curve["points"] == [list(point) for point in DIODE]


def test_an_upload_shows_in_the_curve_s_channel_and_tells_everybody(thermo: Thermometer, tmp_path: Path) -> None:
    changes = thermo.events("curve_2", EventKind.CHANGE)
    path = tmp_path / "tried.340"
    path.write_text(CURVE)

    assert thermo.device.run("upload_curve", input=2, path=str(path)).outcome is Outcome.SUCCEEDED

    assert [change["value"]["points"] for change in changes] == [[[0.5, 300.0], [1.6, 4.2]]]
    thermo.device.run("read_curves")
    assert thermo.read("curve_2")["curve_2"]["value"] == changes[0]["value"]


def test_an_upload_that_is_aborted_leaves_no_curve_and_says_so(thermo: Thermometer, tmp_path: Path) -> None:
    path = tmp_path / "tried.340"
    path.write_text(CURVE)

    thermo.device.start("upload_curve", input=2, path=str(path))
    thermo.device.end("upload_curve")

    assert "upload it again" in thermo.read("curve_2")["curve_2"]["error"]["message"]
    assert "the reading is invalid" in thermo.reading("temperature_2")["error"]["message"]


def test_curves_cannot_be_written(thermo: Thermometer) -> None:
    curve = thermo.read("curve_1")["curve_1"]["value"]

    assert "read only" in thermo.write("curve_1", curve)["error"]["message"]


def test_a_name_is_kept_by_the_module(thermo: Thermometer) -> None:
    assert "error" not in thermo.write("name_3", "cold plate")

    assert thermo.reading("name_3")["value"] == "cold plate"
    assert "cold plate" in thermo.device.run("identify").result["input_3"]


def test_a_label_is_the_name_s_channel_too(thermo: Thermometer) -> None:
    assert thermo.device.run("set_label", input=3, label="warm plate").result == "warm plate"

    assert thermo.reading("name_3")["value"] == "warm plate"


@pytest.mark.parametrize("name", ["a,b", "sixteen letters!", "Ä"])
def test_a_name_that_the_module_cannot_keep_is_refused(thermo: Thermometer, name: str) -> None:
    assert "cannot be a name" in thermo.write("name_3", name)["error"]["message"]
    assert thermo.reading("name_3")["value"] == "Input 3"


def test_an_input_that_is_switched_off_has_no_reading_to_offer(thermo: Thermometer) -> None:
    device = thermo.device.object

    device.link.tell("INTYPE 4,1,0,0,0,1,0")
    thermo.command("Init")

    assert of_inputs(device.channels) & {"temperature_4", "sensor_4", "name_4", "curve_4"} == {"name_4", "curve_4"}


def test_without_its_module_it_has_no_inputs_and_says_why(agent_of: AgentOf) -> None:
    thermo = Thermometer(agent_of(Lakeshore240, NAME, port="/dev/nowhere"))

    assert not of_inputs(thermo.read())
    assert thermo.device.run("identify").outcome is Outcome.FAILED
    assert thermo.device.run("set_label", input=1, label="plate").error(NAME).code is ErrorCode.LINK_LOST
    assert thermo.health()["causes"][0]["source"] == "link"


def test_a_module_that_comes_later_is_offered_when_it_comes(thermo: Thermometer) -> None:
    inputs, channels = thermo.device.object.input_channels, thermo.device.object.channels
    thermo.world(unplug=None)
    thermo.clock.advance(2.0)
    inputs.offer({})

    thermo.world(plug=True)

    thermo.clock.run_until(lambda: "curve_8" in thermo.device.object.channels, LONGEST_S)
    assert of_inputs(thermo.device.object.channels) == of_inputs(channels)
    assert thermo.reading("temperature_8")["quality"] == "VALID"


def test_acquisition_publishes_as_ever(thermo: Thermometer) -> None:
    told = thermo.device.messages("temperatures")

    thermo.device.start("acq", rate=10)
    thermo.clock.advance(1.0)
    thermo.device.end("acq")

    blocks = {sample.block: set(sample.data) for message in told for sample in message.samples}
    assert blocks == {"temperatures": {f"channel_{number}_{kind}" for number in range(1, 9) for kind in "TV"}}
