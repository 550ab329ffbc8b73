"""The power supply as a device, with its simulator: set points, switching, trips, ramps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agents.scpi_psu.agent import ScpiPsu
from ocs.link.simulator import ask_control
from ocs.model.errors import DeviceError, ErrorCode, NotAllowedError
from ocs.testing.plugin import AgentOf
from ocs.testing.running import ROOT, RunningDevice, Site
from ocs.wire import uris

NAME = "psu-1"
LOOKS = 50


class Psu:
    """The device as a client on the wire has it."""

    def __init__(self, device: RunningDevice) -> None:
        self.device = device
        self.clock = device.clock

    def read(self, *names: str, source: str = "device") -> dict[str, Any]:
        return dict(self._call(uris.read, list(names), source=source))

    def values(self, *names: str) -> list[Any]:
        return [reading["value"] for reading in self.read(*names).values()]

    def write(self, **values: Any) -> None:
        for name, answer in self._call(uris.write, values).items():
            assert "error" not in answer, f"{name}: {answer}"

    def refusal(self, **values: Any) -> dict[str, Any]:
        (answer,) = self._call(uris.write, values).values()
        return dict(answer["error"])

    def state(self, trigger: str | None = None) -> str:
        return str(self.report(trigger)["state"])

    def status(self) -> str:
        return str(self.report()["status"])

    def report(self, trigger: str | None = None) -> dict[str, Any]:
        return dict(self._call(uris.state, trigger))

    def command(self, name: str) -> None:
        self._call(uris.command, name)

    def nature(self, **values: float | str | bool) -> None:
        ask_control(self.device.site.folder / "simulators", NAME, {"set": values}, 10.0)

    def power_cycle(self) -> None:
        ask_control(self.device.site.folder / "simulators", NAME, {"power": "cycle"}, 10.0)

    def truth(self) -> dict[str, Any]:
        return ask_control(self.device.site.folder / "simulators", NAME, {"get": "*"}, 10.0)

    def wait_for(self, name: str, value: float) -> None:
        # The simulator lives in real time; each look takes the time of its bytes on the line.
        seen = [(self.values(name))[0]]
        while seen[-1] != value and len(seen) < LOOKS:
            seen.append(self.values(name)[0])
        assert seen[-1] == value, f"{name} was {seen}"

    def _call(self, uri: Callable[[str, str], str], *args: Any, **kwargs: Any) -> Any:
        asked = self.device.site.client.call(uri(ROOT, NAME), *args, timeout_s=60.0, **kwargs)
        return self.clock.result_of(asked, 60.0)


@pytest.fixture
def psu(agent_of: AgentOf) -> Psu:
    return Psu(agent_of(ScpiPsu, NAME))


@pytest.fixture
def on(psu: Psu) -> Psu:
    psu.write(voltage_1=5.0, current_1=1.0, voltage_3=3.3)
    psu.state("switch_on")
    return psu


def test_it_begins_off_with_what_the_supply_holds(psu: Psu) -> None:
    assert psu.state() == "OFF"
    assert psu.values("voltage_1", "current_1", "voltage_3", "current_3") == [0.0, 1.5, 0.0, 5.0]
    assert psu.values("measured_voltage_1", "measured_current_2", "power_3") == [0.0, 0.0, 0.0]


def test_a_set_point_goes_to_its_output(psu: Psu) -> None:
    psu.write(voltage_2=12.5, current_2=0.25)

    truth = psu.truth()
    assert (truth["set_voltage_2"], truth["set_current_2"]) == (12.5, 0.25)
    assert psu.values("voltage_2", "current_2") == [12.5, 0.25]


@pytest.mark.parametrize(
    ("name", "value", "limit"), [("voltage_1", 30.1, 30.0), ("voltage_3", 7, 6.0), ("current_2", -1, 0.0)]
)
def test_what_an_output_cannot_give_never_reaches_it(psu: Psu, name: str, value: float, limit: float) -> None:
    before = psu.truth()

    refused = psu.refusal(**{name: value})

    assert (refused["code"], refused["limit"]) == ("out_of_range", limit)
    assert psu.truth() == before


def test_switching_on_lets_currents_flow(on: Psu) -> None:
    on.wait_for("measured_voltage_1", 5.0)
    on.wait_for("measured_voltage_3", 3.3)

    assert on.state() == "ON"
    assert on.values("measured_current_1", "power_1", "measured_current_3") == pytest.approx([0.25, 1.25, 0.66])


def test_switching_off_leaves_the_set_points(on: Psu) -> None:
    assert on.state("switch_off") == "OFF"

    assert not any(on.truth()[f"output_{number}"] for number in (1, 2, 3))
    assert on.values("voltage_1", "voltage_3") == [5.0, 3.3]


def test_only_what_is_enabled_is_switched_on(psu: Psu) -> None:
    psu.write(enabled_1=False, enabled_3=False)

    psu.state("switch_on")

    assert [psu.truth()[f"output_{number}"] for number in (1, 2, 3)] == [False, True, False]


def test_an_output_is_switched_at_once_while_the_others_are_on(on: Psu) -> None:
    on.write(enabled_2=False)
    without = on.truth()["output_2"]
    on.write(enabled_2=True)

    assert (without, on.truth()["output_2"]) == (False, True)


def test_to_switch_nothing_on_is_refused(psu: Psu) -> None:
    psu.write(enabled_1=False, enabled_2=False, enabled_3=False)

    with pytest.raises(NotAllowedError, match="no output is enabled"):
        psu.state("switch_on")

    assert psu.state() == "OFF"


def test_all_outputs_are_read_in_one_exchange(psu: Psu) -> None:
    before = psu.device.object.link.counters.exchanges

    psu.read("measured_*", "power_*")

    assert psu.device.object.link.counters.exchanges - before == 1


def test_readings_are_published_together(on: Psu) -> None:
    told = on.device.messages("outputs")

    on.clock.advance(1.2)

    assert len(told) >= 2
    (sample,) = told[-1].samples
    quantities = ("measured_voltage", "measured_current", "power")
    assert set(sample.data) == {f"{what}_{number}" for what in quantities for number in (1, 2, 3)}


def test_a_voltage_settles_after_it_was_set(on: Psu) -> None:
    early = on.read("measured_voltage_1")["measured_voltage_1"]["settled"]
    on.wait_for("measured_voltage_1", 5.0)
    on.clock.advance(1.1)

    assert not early
    assert on.read("measured_voltage_1")["measured_voltage_1"]["settled"]


def test_a_current_at_its_rating_is_an_alarm(on: Psu) -> None:
    on.write(current_1=1.5)
    on.nature(load_1=0.1)

    on.clock.advance(1.0)

    report = on.report()
    assert (report["state"], report["tango"]) == ("ON", "ALARM")
    assert "measured_current_1 is 1.5 A" in report["status"]


def test_a_protection_that_trips_is_a_fault_with_its_reason(on: Psu) -> None:
    on.nature(trip_2="over_voltage")

    on.clock.advance(1.0)

    report = on.report()
    assert report["state"] == "FAULT"
    assert report["allowed"] == ["reset"]
    assert report["status"].startswith("CH2 was switched off: the voltage was too high")
    assert on.truth()["output_1"] is True


def test_a_fault_is_reset_when_its_cause_is_gone(on: Psu) -> None:
    on.nature(trip_2="over_temperature")
    on.clock.advance(1.0)

    with pytest.raises(DeviceError, match="CH2 was switched off: the supply was too hot"):
        on.state("reset")
    seen = [on.state()]
    on.nature(trip_2="none")
    seen += [on.state("reset"), on.state("switch_on")]

    assert seen == ["FAULT", "OFF", "ON"]


def test_what_cannot_be_switched_on_as_a_whole_stays_off(psu: Psu) -> None:
    psu.nature(trip_2="over_current")

    with pytest.raises(NotAllowedError, match="Settings conflict"):
        psu.state("switch_on")

    assert not any(psu.truth()[f"output_{number}"] for number in (1, 2, 3))
    assert psu.state() != "ON"


def test_a_supply_that_lost_its_power_is_off_and_comes_back_with_its_set_points(on: Psu) -> None:
    on.power_cycle()
    on.clock.advance(1.0)
    lost = on.report()
    on.state("switch_on")

    assert (lost["state"], lost["by"]) == ("OFF", "agent")
    assert "lost its power" in lost["reason"]
    assert on.state() == "ON"
    truth = on.truth()
    assert (truth["set_voltage_1"], truth["set_current_1"], truth["set_voltage_3"]) == (5.0, 1.0, 3.3)


def test_a_supply_in_local_refuses_until_control_is_taken(psu: Psu) -> None:
    psu.nature(remote=False)

    refused = psu.refusal(voltage_1=5.0)
    psu.command("take_control")
    psu.write(voltage_1=4.0)

    assert refused["code"] == "not_allowed"
    assert "take control again" in refused["message"]
    assert psu.truth()["set_voltage_1"] == 4.0


def test_an_old_error_is_not_blamed_on_a_new_command(psu: Psu) -> None:
    psu.device.object.link.tell("NONSENSE")

    psu.write(voltage_1=4.0)

    assert psu.truth()["set_voltage_1"] == 4.0


def test_init_leaves_outputs_on_and_tells_so(on: Psu) -> None:
    on.command("Init")

    assert on.state() == "ON"
    assert on.truth()["output_1"] is True
    assert on.values("voltage_1", "current_1") == [5.0, 1.0]


def test_init_finds_a_protection_that_tripped(psu: Psu) -> None:
    psu.nature(trip_3="over_current")

    psu.command("Init")

    assert psu.state() == "FAULT"
    assert "CH3 was switched off: the current was too high" in psu.status()


def test_set_points_outlive_agent_and_supply(memory_site: Site) -> None:
    agent = memory_site.start(ScpiPsu(NAME))
    Psu(memory_site.device(NAME)).write(voltage_1=5.0, current_1=1.0, enabled_2=False)
    memory_site.clock.result_of(agent.end())
    memory_site.agents.remove(agent)

    memory_site.start(ScpiPsu(NAME))

    psu = Psu(memory_site.device(NAME))
    truth = psu.truth()
    assert (truth["set_voltage_1"], truth["set_current_1"]) == (5.0, 1.0)
    assert psu.values("enabled_1", "enabled_2") == [True, False]
    assert psu.state() == "OFF"


def test_a_ramp_leads_the_set_point_to_its_target(on: Psu) -> None:
    session = on.device.run("ramp", channel=1, target=7.0, rate=1.0)

    assert session.success
    assert session.result == 7.0
    assert session.end_time == pytest.approx(session.start_time + 2.0, abs=0.3)
    assert on.truth()["set_voltage_1"] == 7.0


def test_a_ramp_that_is_aborted_stays_where_it_is(on: Psu) -> None:
    on.device.start("ramp", channel=1, target=0.0, rate=1.0)
    on.clock.advance(2.1)

    on.device.end("ramp")

    assert on.truth()["set_voltage_1"] == pytest.approx(3.0, abs=0.3)
    assert on.values("voltage_1") == [on.truth()["set_voltage_1"]]


def test_a_ramp_to_where_the_output_cannot_go_does_not_begin(on: Psu) -> None:
    session = on.device.run("ramp", channel=3, target=7.0, rate=1.0)

    assert session.failure is not None
    assert session.failure.code is ErrorCode.OUT_OF_RANGE
    assert on.truth()["set_voltage_3"] == 3.3


def test_a_ramp_ends_with_a_fault(on: Psu) -> None:
    on.device.start("ramp", channel=1, target=30.0, rate=0.1)
    on.clock.advance(1.0)
    on.nature(trip_1="over_voltage")

    session = on.device.wait("ramp")

    assert session.failure is not None
    assert "the supply is in FAULT" in session.failure.message
