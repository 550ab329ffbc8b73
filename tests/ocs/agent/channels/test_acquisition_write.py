"""Writing: in the given order, the journal before the hardware, set points that come back, and what cannot be."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from ocs.agent import Channel, Device, Limits, Session, State, StateChart, Unit, task, transition
from ocs.model.cancellation import Cancelled, CancelReason
from ocs.model.errors import ConfigurationError, ErrorCode
from ocs.model.operation import Outcome
from ocs.model.quality import Quality
from ocs.store.settings import Settings
from ocs.testing.running import Site
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]
Volt = Annotated[float, Unit("V"), Limits(0, 30)]


class Source(Device):
    """A source whose hardware notes what it gets, and what the journal had then."""

    refuses = False

    def setup(self) -> None:
        """Prepare what the test looks at."""
        self.fails: BaseException | None = OSError("output is tripped") if self.refuses else None
        self.gets: list[tuple[str, Any]] = self.__dict__.get("gets", [])
        self.journal: list[Any] = []

    voltage = Channel(Volt, memorized="init")
    current = Channel(Annotated[float, Unit("A")], access="rw", memorized=True)
    mode = Channel(str, labels=("slow", "fast"), access="rw")
    ramped = Channel(Volt)
    only = Channel(float, unit="V", access="w")

    @voltage.read
    def read_voltage(self) -> float:
        return next((value for name, value in reversed(self.gets) if name == "voltage"), 0.0)

    @voltage.write
    def write_voltage(self, value: float) -> None:
        self.journal.append(self.hosted().settings.setpoint(self.name, "voltage"))
        self._get("voltage", value)

    @current.write
    def write_current(self, value: float) -> None:
        self._get("current", value)

    @ramped.write
    async def write_ramped(self, value: float) -> None:
        await asyncio.sleep(0.5)
        self._get("ramped", value)

    @only.write
    def write_only(self, value: float) -> None:
        self._get("only", value)

    def _get(self, name: str, value: Any) -> None:
        if self.fails is not None:
            raise self.fails
        self.gets.append((name, value))

    @task
    def put(self, session: Session, channel: str, value: float) -> None:
        """Write in the thread of a run.

        Args:
            channel: Which.
            value: What.
        """
        self.channels[channel].put(value)


@pytest.fixture
def source(panel_of: PanelOf) -> Panel:
    return panel_of(Source, "source")


def kept(panel: Panel, channel: str) -> Any:
    return panel.device.hosted().settings.setpoint(panel.device.name, channel)


def again(site: Site, device: Device) -> Panel:
    """Start the agent of a device anew."""
    site.clock.result_of(site.agents.pop().end())
    site.start(device)
    return Panel(site, device)


# -- order and results -------------------------------------------------------------------------------


def test_channels_are_written_in_the_given_order_whatever_their_handlers_are(source: Panel) -> None:
    written = source.write({"current": 2.0, "ramped": 3.0, "voltage": 4.0, "mode": "fast", "only": 1.0})

    assert [name for name, _ in source.device.gets] == ["current", "ramped", "voltage", "only"]
    assert {name: told["setpoint"] for name, told in written.items()} == {
        "current": 2.0, "ramped": 3.0, "voltage": 4.0, "mode": "fast", "only": 1.0,
    }  # fmt: skip


def test_each_channel_has_its_own_refusal_and_the_others_are_written(source: Panel) -> None:
    written = source.write({"voltage": 31.0, "current": 2.0, "nothing": 1, "mode": "fastest", "State": "ON"})

    codes = {name: told["error"]["code"] for name, told in written.items() if "error" in told}
    assert codes == {
        "voltage": "out_of_range", "nothing": "not_found", "mode": "out_of_range", "State": "not_allowed",
    }  # fmt: skip
    assert source.device.gets == [("current", 2.0)]


def test_what_is_read_back_goes_with_the_answer(source: Panel) -> None:
    written = source.write({"voltage": 4.0, "only": 1.0, "mode": 0}, readback=True)

    assert written["voltage"]["reading"]["value"] == 4.0
    assert written["voltage"]["reading"]["setpoint"] == 4.0
    assert written["mode"]["reading"]["value"] == "slow"
    assert "reading" not in written["only"]


def test_a_check_says_the_same_and_touches_neither_hardware_nor_journal(source: Panel) -> None:
    values = {"voltage": 4.0, "current": 2.0, "mode": "fast", "ramped": 31.0}

    written = source.write(values, check=True)

    assert {name: told.get("setpoint") for name, told in written.items()} == {
        "voltage": 4.0, "current": 2.0, "mode": "fast", "ramped": None,
    }  # fmt: skip
    assert source.device.gets == []
    assert (kept(source, "voltage"), kept(source, "current")) == (None, None)
    assert source.device.channels["mode"].setpoint is None


@pytest.mark.parametrize("channel", ["voltage", "current", "ramped"])
def test_hardware_that_refuses_tells_why_and_the_set_point_stays(source: Panel, channel: str) -> None:
    source.write({channel: 1.0})
    source.device.fails = OSError("fuse")

    told = source.write({channel: 2.0})[channel]

    assert told["error"]["code"] == ErrorCode.FAILED.value
    assert f"{channel}.write failed with OSError: fuse in _get (test_acquisition_write.py:" in told["error"]["message"]
    assert source.device.channels[channel].setpoint == 1.0


def test_an_async_writer_that_hangs_is_answered_at_the_deadline(panel_of: PanelOf) -> None:
    class Deaf(Device):
        """A device that never takes anything."""

        gain = Channel(float, unit="1", memorized=True)

        @gain.write
        async def write_gain(self, value: float) -> None:
            await asyncio.Event().wait()

    deaf = panel_of(Deaf)
    began = deaf.clock.now

    told = deaf.write({"gain": 1.0})["gain"]

    assert deaf.clock.now - began == pytest.approx(8.0)
    assert told["error"]["code"] == ErrorCode.TIMEOUT.value
    assert kept(deaf, "gain") is None


# -- journal -----------------------------------------------------------------------------------------


def test_the_journal_has_the_set_point_before_the_hardware_gets_it(source: Panel) -> None:
    source.write({"voltage": 5.0})

    assert source.device.journal == [5.0]
    assert kept(source, "voltage") == 5.0


@pytest.mark.parametrize("failure", [OSError("fuse"), SystemExit("out")])
def test_a_write_that_failed_leaves_the_journal_as_it_was(source: Panel, failure: BaseException) -> None:
    source.write({"voltage": 5.0})
    source.device.fails = failure

    told = source.write({"voltage": 6.0})["voltage"]

    assert "error" in told
    assert kept(source, "voltage") == 5.0


def test_a_first_write_that_failed_leaves_an_empty_journal(source: Panel) -> None:
    source.device.fails = OSError("fuse")

    source.write({"voltage": 6.0})

    assert kept(source, "voltage") is None


def test_a_run_that_is_aborted_in_its_write_leaves_the_journal_as_it_was(source: Panel) -> None:
    source.write({"voltage": 5.0})
    source.device.fails = Cancelled(CancelReason.ABORT)

    session = source.site.device("source").run("put", channel="voltage", value=7.0)

    assert session.outcome is not Outcome.SUCCEEDED
    assert kept(source, "voltage") == 5.0


def test_a_disk_that_refuses_leaves_the_hardware_untouched(source: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    source.write({"voltage": 5.0})

    def refuse(*_args: Any) -> None:
        raise ConfigurationError("voltage of source was not changed: the disk is full; make room")

    monkeypatch.setattr(Settings, "keep_setpoint", refuse)
    told = source.write({"voltage": 6.0, "current": 1.0, "mode": "fast"})

    assert "the disk is full" in told["voltage"]["error"]["message"]
    assert "error" in told["current"]
    assert told["mode"]["setpoint"] == "fast"
    assert source.device.gets == [("voltage", 5.0)]


def test_a_set_point_of_a_locked_journal_is_refused_in_words(source: Panel) -> None:
    source.write({"voltage": 5.0})
    source.device.hosted().settings._connection.execute("PRAGMA busy_timeout = 0")
    path = source.site.folder / "Source-source" / "settings.sqlite"
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        told = source.write({"voltage": 6.0})["voltage"]
        other.execute("ROLLBACK")
    other.close()
    good = source.write({"voltage": 7.0})["voltage"]

    assert "cannot be written (database is locked)" in told["error"]["message"]
    assert good["setpoint"] == 7.0
    assert source.device.gets == [("voltage", 5.0), ("voltage", 7.0)]


def test_code_writes_as_a_client_does(source: Panel) -> None:
    running = source.site.device("source")

    good = running.run("put", channel="voltage", value=5.0)
    bad = running.run("put", channel="voltage", value=31.0)
    in_loop_only = running.run("put", channel="ramped", value=1.0)

    assert good.success
    assert kept(source, "voltage") == 5.0
    assert "it must be at most 30 V" in str(bad.messages)
    assert "ramped has an async handler" in str(in_loop_only.messages)


# -- set points of before ----------------------------------------------------------------------------


def test_set_points_come_back_at_the_start_and_at_init(source: Panel) -> None:
    source.write({"voltage": 5.0, "current": 2.0, "mode": "fast"})

    second = again(source.site, Source("source"))
    after_start = list(second.device.gets)
    second.command("Init")
    after_init = list(second.device.gets)

    assert after_start == [("voltage", 5.0)]
    assert after_init == [("voltage", 5.0), ("voltage", 5.0)]
    readings = second.read(["voltage", "current", "mode"])
    assert (readings["voltage"]["value"], readings["voltage"]["setpoint"]) == (5.0, 5.0)
    assert second.device.channels["current"].setpoint == 2.0
    assert second.device.channels["mode"].setpoint is None


def test_a_channel_without_reader_shows_its_old_set_point_as_its_value(panel_of: PanelOf) -> None:
    class Notes(Device):
        """Holds what it is told."""

        note = Channel(str, access="rw", memorized=True)
        limit = Channel(float, unit="K", access="rw", memorized="init")

    notes = panel_of(Notes)
    notes.write({"note": "warm", "limit": 3.0})

    second = again(notes.site, Notes("device-1"))

    readings = second.read(["note", "limit"])
    assert (readings["note"]["value"], readings["note"]["setpoint"]) == ("warm", "warm")
    assert (readings["limit"]["value"], readings["limit"]["setpoint"]) == (3.0, 3.0)


def test_an_async_writer_gets_its_set_point_back_too(panel_of: PanelOf) -> None:
    class Lamp(Device):
        """A lamp."""

        got: tuple[float, ...] = ()
        power = Channel(float, unit="W", memorized="init")

        @power.write
        async def write_power(self, value: float) -> None:
            await asyncio.sleep(0.1)
            if value < 0:
                raise OSError("no such power")
            self.got = (*self.got, value)

    lamp = panel_of(Lamp)
    lamp.write({"power": 5.0})
    told = lamp.write({"power": -1.0})["power"]
    kept_after = kept(lamp, "power")

    second = again(lamp.site, Lamp("device-1"))
    second.clock.advance(1.0)

    assert "no such power" in told["error"]["message"]
    assert kept_after == 5.0
    assert second.device.got == (5.0,)
    assert second.device.channels["power"].setpoint == 5.0


def stubborn(device_class: type[Source] = Source) -> Source:
    """Return a source that refuses to take its set points back, until the test lets it."""
    device = device_class("source")
    device.refuses = True
    return device


def test_a_set_point_that_cannot_come_back_makes_alarm_with_the_reason_until_a_good_write(source: Panel) -> None:
    source.write({"voltage": 5.0})

    second = again(source.site, stubborn())
    second.clock.settle()
    state = second.state()
    failing = second.write({"voltage": 6.0})["voltage"]
    still = second.state()
    second.device.fails = None
    second.write({"voltage": 6.0})
    healed = second.state()

    assert (state["state"], state["tango"]) == ("ON", "ALARM")
    assert "voltage: its memorized set point 5.0 could not be restored" in state["status"]
    assert "output is tripped" in state["status"]
    assert "error" in failing
    assert still["tango"] == "ALARM"
    assert (healed["tango"], healed["status"]) == ("ON", "The device is in ON state.")


def test_a_set_point_that_could_not_come_back_is_not_forgotten(source: Panel) -> None:
    source.write({"voltage": 5.0})
    second = again(source.site, stubborn())
    second.write({"voltage": 6.0})

    third = again(second.site, Source("source"))

    assert third.device.gets == [("voltage", 5.0)]


def test_an_init_that_restores_clears_the_alarm(source: Panel) -> None:
    source.write({"voltage": 5.0, "current": 2.0})
    second = again(source.site, stubborn())
    second.clock.settle()
    before = second.state()["tango"]
    second.device.refuses = False

    second.command("Init")

    assert before == "ALARM"
    assert second.state()["tango"] == "ON"


def test_a_plain_set_point_that_fits_again_clears_the_alarm(source: Panel) -> None:
    source.write({"current": 2.0})
    source.config("set", "current", {"max_value": 1.0})
    second = again(source.site, Source("source"))
    second.clock.settle()
    before = second.state()
    second.config("reset", "current", ["max_value"])

    second.command("Init")

    assert "current: its memorized set point 2.0 could not be restored" in before["status"]
    assert "it must be at most 1" in before["status"]
    assert second.state()["tango"] == "ON"
    assert second.device.channels["current"].setpoint == 2.0


def test_a_failing_restore_of_a_device_that_is_off_shows_in_status_and_health(memory_site: Site) -> None:
    class OffChart(StateChart):
        OFF = State(tango="OFF", initial=True)
        ON = State(tango="ON")
        switch_on = transition(OFF, ON)

    class Off(Source):
        """Begins in OFF."""

        chart = OffChart

    memory_site.start(Off("source"))
    first = Panel(memory_site, memory_site.agents[0].members[0].device)
    first.write({"voltage": 5.0})
    second = again(memory_site, stubborn(Off))
    second.clock.settle()

    health = second.query("health")

    assert second.state()["tango"] == "OFF"
    assert "could not be restored" in second.state()["status"]
    assert health["level"] == "degraded"
    assert [cause["source"] for cause in health["causes"]] == ["channel voltage"]
    assert "write it again" in health["causes"][0]["sentence"]


def test_a_set_point_that_differs_from_the_value_says_so_in_alarm(source: Panel) -> None:
    source.config("set", "voltage", {"delta_val": 1.0, "delta_t_s": 2.0})
    source.write({"voltage": 5.0})
    source.device.gets.append(("voltage", 3.0))

    early = source.reading("voltage")
    source.clock.advance(2.0)
    late = source.reading("voltage")

    assert early["quality"] == Quality.VALID.value
    assert late["quality"] == Quality.ALARM.value
    assert "from its set point 5 V" in source.state()["status"]
