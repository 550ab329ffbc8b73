"""The handlers of a device: one after the other, and what others get while one of them hangs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import Channel, Device, command
from ocs.model.errors import DeadlineError, ErrorCode
from ocs.model.tango_state import TangoState
from ocs.testing.running import Site
from ocs.wire import uris
from tests.ocs.agent.panel import Hang, Panel

PanelOf = Callable[..., Panel]


class Meter(Device):
    """A meter whose handlers take as long as the test wants."""

    hang: Hang
    slow_s = 0.0
    written: tuple[float, ...] = ()
    told: tuple[str, ...] = ()

    level = Channel(float, unit="V", period_s=1.0, abs_change=0.5)
    gain = Channel(float, unit="1", access="rw")
    free = Channel(float, unit="V", initial=7.0)

    @level.read
    def read_level(self) -> float:
        self.hang.pause()
        return 4.0

    @gain.read
    def read_gain(self) -> float:
        return self.written[-1] if self.written else 0.0

    @gain.write
    def write_gain(self, value: float) -> None:
        self.written = (*self.written, value)

    @command
    def first(self) -> str:
        """Take a while."""
        self.told = (*self.told, "first begins")
        self.hosted().timing.sleep(2.0)
        self.told = (*self.told, "first ends")
        return "first"

    @command
    def second(self) -> str:
        """Take none."""
        self.told = (*self.told, "second")
        return "second"


@pytest.fixture
def meter(panel_of: PanelOf, hang: Hang) -> Panel:
    Meter.hang = hang
    return panel_of(Meter)


def test_handlers_of_one_device_run_one_after_the_other(meter: Panel) -> None:
    where = uris.command(*meter.where)
    first, second = meter.asked(where, "first"), meter.asked(where, "second")
    meter.clock.advance(3.0)

    assert (first, second) == (["first"], ["second"])
    assert meter.device.told == ("first begins", "first ends", "second")


def test_handlers_of_two_devices_run_side_by_side(memory_site: Site, hang: Hang) -> None:
    Meter.hang = hang
    devices = [Meter("one"), Meter("two")]
    memory_site.start(*devices)
    panels = [Panel(memory_site, device) for device in devices]
    began = memory_site.clock.now

    told = [panel.asked(uris.command(*panel.where), "first") for panel in panels]
    memory_site.clock.run_until(lambda: all(told))

    assert memory_site.clock.now - began == pytest.approx(2.0)


def test_state_status_and_cache_answer_while_a_handler_hangs(meter: Panel, hang: Hang) -> None:
    meter.clock.advance(1.5)
    hang.armed = True
    meter.clock.advance(1.0)
    began = meter.clock.now

    readings = meter.read(["State", "Status", "free"])
    state = meter.state()
    word, sentence = meter.command("State"), meter.command("Status")
    cached = meter.reading("level")

    assert meter.clock.now == began
    assert [readings["State"]["value"], word, state["tango"]] == ["ON"] * 3
    assert readings["Status"]["value"] == sentence == "The device is in ON state."
    assert readings["free"]["value"] == 7.0
    assert (cached["value"], cached["age_s"]) == (4.0, pytest.approx(1.5))


def test_other_devices_of_the_agent_go_on_while_a_handler_hangs(memory_site: Site, hang: Hang) -> None:
    Meter.hang = hang
    hanging, other = Meter("hanging"), Meter("other")
    other.hang = Hang()
    memory_site.start(hanging, other)
    hang.armed = True
    memory_site.clock.advance(30.0)

    panel = Panel(memory_site, other)

    assert panel.reading("level", source="device")["value"] == 4.0
    assert panel.reading("level")["age_s"] <= 1.0


def test_who_waits_for_a_handler_that_hangs_learns_which_and_where(meter: Panel, hang: Hang) -> None:
    meter.device.polling.stop()
    hang.armed = True
    began = meter.clock.now

    reading = meter.reading("level", source="device")

    assert meter.clock.now - began == pytest.approx(8.0)
    assert reading["error"]["code"] == ErrorCode.TIMEOUT.value
    assert reading["error"]["field"] == "level.read"
    assert "level.read of device-1 has not answered within 8 s" in reading["error"]["message"]
    assert "it is in pause (panel.py:" in reading["error"]["message"]


def test_who_waits_behind_a_handler_that_hangs_learns_what_is_before_him(meter: Panel, hang: Hang) -> None:
    hang.armed = True
    meter.clock.advance(3.0)

    with pytest.raises(DeadlineError) as caught:
        meter.command("second")

    told = "second of device-1 has not answered within 8 s and is not done any more: level.read before it is in pause"
    assert told in caught.value.message
    assert "for 10 s; other devices go on" in caught.value.message


def test_what_was_given_up_while_it_waited_is_never_done(meter: Panel, hang: Hang) -> None:
    hang.armed = True
    meter.clock.advance(2.0)

    written = meter.write({"gain": 3.0})
    with pytest.raises(DeadlineError):
        meter.command("second")
    hang.release()
    meter.clock.advance(2.0)

    assert written["gain"]["error"]["code"] == ErrorCode.TIMEOUT.value
    assert "is not done any more" in written["gain"]["error"]["message"]
    assert meter.device.written == ()
    assert meter.device.told == ()


def test_the_figures_tell_what_is_under_way(meter: Panel, hang: Hang) -> None:
    thread: Any = meter.device.thread
    idle = (thread.under_way, thread.queue_depth, thread.busy_s)
    hang.armed = True
    meter.clock.advance(3.5)
    meter.asked(uris.command(*meter.where), "second")

    busy = (thread.under_way, thread.queue_depth)

    assert idle == ("", 0, 0.0)
    assert busy == ("level.read", 2)
    assert 2.0 < thread.busy_s <= 3.5
    assert "pause (panel.py:" in thread.where()


def test_health_says_what_is_stuck_since_when_and_a_handler_that_returns_heals_it(meter: Panel, hang: Hang) -> None:
    meter.clock.advance(1.5)
    hang.armed = True
    meter.clock.advance(20.0)

    stuck = meter.query("health")
    hang.release()
    meter.clock.advance(5.0)
    well = meter.query("health")

    causes = {cause["source"]: cause for cause in stuck["causes"]}
    assert stuck["level"] == "bad"
    assert "stuck in level.read in pause (panel.py:" in causes["channel thread"]["sentence"]
    assert causes["channel thread"]["since"] == pytest.approx(meter.clock.wall() - 24.5, abs=1.0)
    assert well["level"] == "ok"


def test_after_a_hang_reads_are_good_again(meter: Panel, hang: Hang) -> None:
    hang.armed = True
    meter.clock.advance(30.0)
    hang.release()
    meter.clock.advance(2.0)

    assert meter.reading("level")["value"] == 4.0
    assert meter.reading("level")["age_s"] <= 1.0
    assert meter.device.state.tango is TangoState.ON
