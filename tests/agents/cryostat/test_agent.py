"""The cryostat as devices, with its simulator: thermometers, the heater by hand, the heater in control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.cryostat import driver
from agents.cryostat.agent import Heater, Thermometer
from agents.cryostat.chart import HeaterChart
from ocs.agent.program.launch import make_devices
from ocs.agent.program.plugins import find_devices
from ocs.link import Lines, Link, open_port
from ocs.link.simulator import Simulator, ask_control
from ocs.model.errors import DeviceError, ErrorCode, NotAllowedError, OutOfRangeError
from ocs.model.operation import Outcome, Status
from ocs.model.quality import Quality
from ocs.model.tango_state import TangoState
from ocs.site import agent_settings
from ocs.testing.running import LONGEST_S, RunningDevice, Site

pytestmark = pytest.mark.system

HEATER = "cryo/heater/1"
THERMOMETERS = [f"cryo/thermometer/{number}" for number in range(1, 5)]
LOOKS = 2000


class Cryo:
    """The agent with its devices as clients see them, and the world around the cryostat."""

    def __init__(self, site: Site, **properties: Any) -> None:
        self.site = site
        thermometers = [Thermometer(name, {"input": i, **properties}) for i, name in enumerate(THERMOMETERS, start=1)]
        site.start(*thermometers, Heater(HEATER, properties), instance="cryostat-1")
        self.heater = site.device(HEATER)
        self.thermometers = [site.device(name) for name in THERMOMETERS]

    def nature(self, **values: float | str | bool) -> None:
        ask_control(self.site.folder / "simulators", "cryostat", {"set": values}, 10.0)

    def truth(self, name: str) -> Any:
        return ask_control(self.site.folder / "simulators", "cryostat", {"get": name}, 10.0)[name]

    def state(self) -> str:
        return self.heater.state().state


@pytest.fixture
def cryo(memory_site: Site) -> Cryo:
    return Cryo(memory_site)


@pytest.fixture
def warm(cryo: Cryo) -> Cryo:
    """Give it at 100 K with the heater on."""
    cryo.nature(stage=100.0)
    cryo.heater.state("switch_on")
    return cryo


def refusal(device: RunningDevice, **values: Any) -> Any:
    (written,) = device.write(values).values()
    assert written.error is not None, f"{values} was not refused"
    return written.error


def now(device: RunningDevice, channel: str) -> Any:
    reading = device.reading(channel, source="device")
    assert reading.error is None, reading.error
    return reading.value


def test_the_folder_offers_two_classes() -> None:
    agents = Path(driver.__file__).parent.parent

    assert list(find_devices("CryostatAgent", [agents])) == ["Thermometer", "Heater"]


# -- thermometers ------------------------------------------------------------------------------------


def test_all_devices_have_one_controller_and_each_its_own_input(cryo: Cryo) -> None:
    assert [now(device, "temperature") for device in cryo.thermometers] == pytest.approx(
        [3.97, 4.49, 3.97, 36.8], abs=0.1
    )
    assert now(cryo.heater, "temperature") == pytest.approx(3.97, abs=0.1)
    assert [path.stem for path in (cryo.site.folder / "simulators").glob("*.json")] == ["cryostat"]


def test_a_sensor_that_is_open_is_told_and_comes_back(cryo: Cryo) -> None:
    second = cryo.thermometers[1]

    cryo.nature(thermometer_2_open=True)
    broken = second.reading("temperature", source="device")
    cryo.nature(thermometer_2_open=False)

    assert broken.error is not None
    assert "the sensor is open or not connected" in broken.error.message
    assert broken.quality is Quality.INVALID
    assert now(second, "temperature") == pytest.approx(4.49, abs=0.1)


def test_too_high_a_temperature_is_an_alarm_of_the_device(cryo: Cryo) -> None:
    first = cryo.thermometers[0]

    cryo.nature(stage=390.0)
    reading = first.reading("temperature", source="device")
    first.clock.settle()
    report = first.state()

    assert reading.quality is Quality.ALARM
    assert report.tango is TangoState.ALARM
    assert "at or above its max_alarm 380 K" in report.status


def test_thermometers_publish_what_they_measure(cryo: Cryo) -> None:
    messages = cryo.thermometers[0].messages("thermal")

    cryo.site.clock.advance(3.0)

    assert len(messages) >= 3
    assert now(cryo.thermometers[0], "temperature") == pytest.approx(3.97, abs=0.1)


def test_calibrating_moves_the_reading_to_the_reference(cryo: Cryo) -> None:
    first = cryo.thermometers[0]

    offset = first.command("calibrate", {"reference": 4.5})

    assert offset == pytest.approx(0.53, abs=0.05)
    assert now(first, "offset") == offset
    assert now(first, "temperature") == pytest.approx(4.5, abs=0.02)
    assert first.command("calibrate", {"reference": 4.5}) == pytest.approx(offset, abs=0.02)


def test_a_calibration_by_more_than_five_kelvin_is_refused(cryo: Cryo) -> None:
    first = cryo.thermometers[0]

    with pytest.raises(OutOfRangeError, match=r"offset is .*; it must be at most 5 K"):
        first.command("calibrate", {"reference": 20.0})

    assert now(first, "offset") == 0.0


def test_offset_and_set_point_outlive_the_agent(memory_site: Site) -> None:
    before = Cryo(memory_site)
    before.thermometers[2].write({"offset": -0.25})
    before.heater.write({"setpoint": 42.0})
    memory_site.clock.result_of(memory_site.agents.pop().end(), LONGEST_S)

    after = Cryo(memory_site)

    assert now(after.thermometers[2], "offset") == -0.25
    assert now(after.heater, "setpoint") == 42.0
    assert after.heater.reading("temperature", source="device").setpoint == 42.0


# -- the heater by hand --------------------------------------------------------------------------------


def test_it_begins_off_and_takes_no_power(cryo: Cryo) -> None:
    error = refusal(cryo.heater, power=1.0)

    assert cryo.state() == "OFF"
    assert error.code is ErrorCode.NOT_ALLOWED
    assert "in OFF; it can in MANUAL" in error.message
    assert cryo.truth("heater_power") == 0.0


def test_by_hand_the_power_is_what_was_written(cryo: Cryo) -> None:
    cryo.heater.state("switch_on")

    written = cryo.heater.write({"power": 12.5}, readback=True)

    assert cryo.state() == "MANUAL"
    assert written["power"].reading is not None
    assert written["power"].reading.value == cryo.truth("heater_power") == 12.5


@pytest.mark.parametrize(("value", "limit"), [(50.1, 50.0), (-0.1, 0.0)])
def test_a_power_that_the_heater_does_not_have_is_refused(warm: Cryo, value: float, limit: float) -> None:
    error = refusal(warm.heater, power=value)

    assert (error.code, error.limit) == (ErrorCode.OUT_OF_RANGE, limit)
    assert warm.truth("heater_power") == 0.0


def test_switched_off_it_has_no_power_any_more(warm: Cryo) -> None:
    warm.heater.write({"power": 12.5})

    report = warm.heater.state("switch_off")

    assert (report.state, report.tango) == ("OFF", TangoState.OFF)
    assert warm.truth("heater_power") == 0.0


def test_a_heater_that_is_open_is_a_fault_until_it_is_reset(warm: Cryo) -> None:
    warm.heater.write({"power": 12.5})
    warm.nature(heater_open=True)
    now(warm.heater, "power")

    fault = warm.heater.state()
    with pytest.raises(DeviceError, match="still reports: the heater is open or not connected"):
        warm.heater.state("reset")
    stays = warm.state()
    warm.nature(heater_open=False)
    mended = warm.heater.state("reset")

    assert (fault.state, fault.allowed) == ("FAULT", ("reset",))
    assert "The controller reports: the heater is open or not connected." in fault.status
    assert stays == "FAULT"
    assert mended.state == "OFF"
    assert warm.truth("heater_power") == 0.0


def test_it_is_not_switched_on_while_the_controller_could_not_heat(cryo: Cryo) -> None:
    cryo.nature(heater_open=True)

    with pytest.raises(NotAllowedError, match="switch_on is refused: the heater is open or not connected"):
        cryo.heater.state("switch_on")


def test_the_end_of_the_agent_switches_it_off(cryo: Cryo) -> None:
    simulator = cryo.heater.object.simulator
    cryo.heater.state("switch_on")
    cryo.heater.write({"power": 12.5})

    cryo.heater.object.shutdown()

    assert simulator.alive
    assert cryo.truth("heater_power") == 0.0


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[str]:
    """Give the port of a controller that is there before the agent comes, and stays."""
    simulator = Simulator("agents.cryostat.sim", ["--tcp", "0", "--no-timing"])
    yield simulator.start("cryostat", tmp_path / "simulators")
    simulator.stop()


def tell(port: str, text: str) -> None:
    link = Link(lambda: open_port(port), Lines(driver.TERMINATOR))
    link.open()
    link.ask(text)
    link.close()


def test_a_heater_that_is_found_on_is_told_so(memory_site: Site, controller: str) -> None:
    tell(controller, driver.set_power(7.0).text)

    cryo = Cryo(memory_site, port=controller)

    assert cryo.state() == "MANUAL"
    assert now(cryo.heater, "power") == 7.0


def test_a_heater_whose_agent_was_silent_too_long_is_off(memory_site: Site, controller: str) -> None:
    heater = Heater(HEATER, {"port": controller, "watchdog_s": 0.3})
    memory_site.start(heater)
    device = memory_site.device(HEATER)
    device.state("switch_on")
    device.write({"power": 7.0})

    folder, looks = memory_site.folder / "simulators", 0
    while looks < LOOKS and not ask_control(folder, "cryostat", {"get": "watchdog_expired"}, 10.0)["watchdog_expired"]:
        looks += 1  # each takes a moment of the real time, in which the controller lives
    now(device, "power")

    assert looks < LOOKS
    assert device.state().state == "OFF"
    assert "its watchdog switched the heater off" in device.state().reason


def test_a_controller_that_is_not_there_leaves_the_heater_unknown(memory_site: Site) -> None:
    memory_site.start(Heater(HEATER, {"port": "tcp://127.0.0.1:9"}))

    assert memory_site.device(HEATER).state().state == "UNKNOWN"


# -- the heater in control -----------------------------------------------------------------------------


def test_a_regulation_heats_until_the_temperature_is_there_and_leaves_the_power(memory_site: Site) -> None:
    cryo = Cryo(memory_site, speed=20.0)
    changes = cryo.heater.changes("regulate")

    session = cryo.heater.run("regulate", target=50.0, tolerance=10.0, dwell=0.0)

    assert session.outcome is Outcome.SUCCEEDED, session.messages
    assert session.result == pytest.approx(50.0, abs=10.0)
    assert cryo.state() == "MANUAL"
    assert now(cryo.heater, "setpoint") == 50.0
    assert {"temperature", "setpoint", "power"} <= set(session.data)
    assert any(change.progress is not None for change in changes)


def test_a_regulation_at_its_target_needs_its_dwell(warm: Cryo) -> None:
    session = warm.heater.run("regulate", target=100.0, tolerance=5.0, dwell=10.0)

    assert session.outcome is Outcome.SUCCEEDED, session.messages
    assert session.end_time is not None
    assert session.end_time - session.start_time == pytest.approx(10.0, abs=1.0)


def test_an_aborted_regulation_takes_the_power_away(cryo: Cryo) -> None:
    cryo.heater.start("regulate", target=300.0)
    cryo.site.clock.advance(2.0)
    heating = cryo.truth("heater_power"), cryo.state()

    session = cryo.heater.end("regulate")

    assert heating == (50.0, "CONTROL")
    assert session.outcome is Outcome.ABORTED
    assert (cryo.truth("heater_power"), cryo.state()) == (0.0, "OFF")


def test_while_it_regulates_no_power_is_written_and_nothing_else_regulates(cryo: Cryo) -> None:
    cryo.heater.start("hold", target=300.0)

    error = refusal(cryo.heater, power=1.0)
    with pytest.raises(NotAllowedError, match="in CONTROL; it can in OFF or MANUAL"):
        cryo.heater.start("regulate", target=20.0)

    assert "in CONTROL; it can in MANUAL" in error.message
    cryo.heater.end("hold")


def test_a_lost_link_does_not_forget_a_set_point_that_was_changed(warm: Cryo) -> None:
    warm.heater.start("hold", target=200.0)
    warm.site.clock.advance(1.0)
    warm.heater.write({"setpoint": 20.0})

    ask_control(warm.site.folder / "simulators", "cryostat", {"unplug": None}, 10.0)
    warm.site.clock.run_until(lambda: warm.heater.status("hold").degraded, LONGEST_S)
    ask_control(warm.site.folder / "simulators", "cryostat", {"plug": True}, 10.0)
    warm.site.clock.run_until(lambda: not warm.heater.status("hold").degraded, LONGEST_S)

    assert (warm.state(), now(warm.heater, "setpoint"), warm.truth("heater_power")) == ("CONTROL", 20.0, 0.0)
    warm.heater.end("hold")


def test_holding_follows_a_set_point_that_is_changed(warm: Cryo) -> None:
    warm.heater.start("hold", target=200.0)
    warm.site.clock.advance(1.0)
    up = warm.truth("heater_power")

    warm.heater.write({"setpoint": 20.0})
    warm.site.clock.advance(1.0)

    assert (up, warm.truth("heater_power")) == (50.0, 0.0)
    assert warm.heater.end("hold").outcome is Outcome.STOPPED
    assert warm.state() == "MANUAL"


def test_holding_without_set_point_holds_what_there_is(warm: Cryo) -> None:
    warm.heater.start("hold")
    warm.site.clock.advance(1.0)

    assert now(warm.heater, "setpoint") == pytest.approx(100.0, abs=5.0)
    warm.heater.end("hold")


def test_a_heater_that_is_switched_off_ends_what_holds(warm: Cryo) -> None:
    warm.heater.start("hold", target=200.0)
    warm.site.clock.advance(1.0)

    warm.heater.state("switch_off")
    session = warm.heater.wait("hold")

    assert session.outcome is Outcome.FAILED
    assert any("the heater is in OFF now" in text for _, text in session.messages)
    assert (warm.truth("heater_power"), warm.state()) == (0.0, "OFF")


def test_a_broken_sensor_takes_the_power_away_until_it_is_mended(warm: Cryo) -> None:
    warm.heater.start("hold", target=200.0)
    warm.site.clock.advance(1.0)
    heating = warm.truth("heater_power")

    warm.nature(thermometer_1_open=True)
    warm.site.clock.advance(2.0)
    broken = warm.truth("heater_power"), warm.heater.status("hold").degraded
    warm.nature(thermometer_1_open=False)
    warm.site.clock.advance(3.0)

    assert (heating, broken) == (50.0, (0.0, True))
    assert (warm.truth("heater_power"), warm.heater.status("hold").status) == (50.0, Status.RUNNING)
    warm.heater.end("hold")


def test_gains_are_a_record_and_take_effect_at_once(warm: Cryo) -> None:
    warm.heater.start("hold", target=110.0)
    warm.site.clock.advance(1.0)

    warm.heater.write({"gains": {"proportional": 0.0, "integral": 0.0, "derivative": 0.0}})
    warm.site.clock.advance(1.0)
    constant = warm.truth("heater_power")
    warm.site.clock.advance(5.0)

    assert warm.truth("heater_power") == constant
    warm.heater.end("hold")


def test_a_gain_that_cannot_be_is_refused(cryo: Cryo) -> None:
    before = now(cryo.heater, "gains")

    error = refusal(cryo.heater, gains={"proportional": -1.0})

    assert (error.code, error.field) == (ErrorCode.OUT_OF_RANGE, "gains.proportional")
    assert now(cryo.heater, "gains") == before


def test_what_is_regulated_has_settled_after_its_dwell(warm: Cryo) -> None:
    warm.heater.config("set", "temperature", {"settle_tolerance": 20.0})
    warm.heater.write({"setpoint": 100.0})

    warm.site.clock.advance(5.0)
    soon = warm.heater.reading("temperature").settled
    warm.site.clock.advance(8.0)

    assert (soon, warm.heater.reading("temperature").settled) == (False, True)


def test_every_state_has_a_word_for_operators() -> None:
    assert all(state.doc for state in HeaterChart.states.values())


def test_the_site_file_of_the_readme_makes_the_five_devices(tmp_path: Path) -> None:
    readme = (Path(driver.__file__).parent / "README.md").read_text()
    site = tmp_path / "site.yaml"
    site.write_text(readme.split("```yaml\n")[1].split("```")[0])
    settings = agent_settings("CryostatAgent", ["--site-file", str(site)], {})

    devices = make_devices(settings, {"Thermometer": Thermometer, "Heater": Heater})

    assert [(device.name, type(device)) for device in devices] == [
        *((name, Thermometer) for name in THERMOMETERS),
        (HEATER, Heater),
    ]
    assert [device.input for device in devices if isinstance(device, Thermometer)] == [1, 2, 3, 4]
    assert {tuple(device.simulator_options()) for device in devices} == {
        ("--tcp", "0", "--no-timing", "--speed", "2.0")
    }
