"""Polling: a grid for each period, one hardware call for all of its channels, and slow devices that delay nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import Channel, Device
from ocs.model.errors import OutOfRangeError
from ocs.testing.running import Site
from tests.ocs.agent.panel import Hang, Panel

PanelOf = Callable[..., Panel]


class Logger8(Device):
    """A logger with channels of three periods."""

    took_s = 0.0
    broken = False
    calls: tuple[tuple[float, tuple[str, ...]], ...] = ()

    a = Channel(float, unit="V", period_s=0.5)
    b = Channel(float, unit="V", period_s=0.5)
    c = Channel(float, unit="V", period_s=2.0)
    d = Channel(float, unit="V")

    def read_hardware(self, names: list[str]) -> None:
        """Fetch all at once."""
        self.calls = (*self.calls, (round(self.seconds(), 3), tuple(names)))
        if self.took_s:
            self.hosted().timing.sleep(self.took_s)

    @a.read
    def read_a(self) -> float:
        if self.broken:
            raise OSError("no answer")
        return 1.0

    @b.read
    def read_b(self) -> float:
        return 2.0

    @c.read
    def read_c(self) -> float:
        return 3.0

    @d.read
    def read_d(self) -> float:
        return 4.0


@pytest.fixture
def logger8(panel_of: PanelOf) -> Panel:
    return panel_of(Logger8, "logger")


def times_of(panel: Panel, *names: str) -> list[float]:
    """Return when exactly these channels were fetched, in s since the first time."""
    times = [time for time, fetched in panel.device.calls if fetched == names]
    return [round(time - times[0], 3) for time in times]


def test_each_period_has_its_grid_and_one_hardware_call_for_its_channels(logger8: Panel) -> None:
    logger8.clock.advance(2.2)

    assert times_of(logger8, "a", "b") == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert times_of(logger8, "c") == [0.0, 2.0]
    assert {names for _, names in logger8.device.calls} == {("a", "b"), ("c",)}


def test_a_reading_that_takes_a_while_does_not_shift_the_grid(logger8: Panel) -> None:
    logger8.config("set", "c", {"poll_period_s": 100.0})
    logger8.device.took_s = 0.2
    logger8.clock.advance(2.4)

    assert times_of(logger8, "a", "b") == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_an_overrun_is_counted_and_shown_and_the_grid_stays(memory_site: Site) -> None:
    memory_site.start(Logger8("logger"))
    panel = Panel(memory_site, memory_site.agents[0].members[0].device)
    panel.config("set", "c", {"poll_period_s": 100.0})
    panel.clock.advance(0.75)
    panel.device.took_s = 0.7
    before = panel.config("get", "a")["a"]["polling"]
    panel.clock.advance(3.0)

    figures = panel.config("get", "a")["a"]["polling"]
    assert before["overruns"] == 0
    assert figures["overruns"] == 3
    assert figures["took_s"] == pytest.approx(0.7)
    assert all(time % 0.5 == 0 for time in times_of(panel, "a", "b"))
    panel.device.took_s = 0.0
    panel.site.clock.advance(1.0)
    admin = Panel(memory_site, memory_site.agents[0].admin)
    assert admin.value("poll_overruns", source="device") >= 3


def test_figures_tell_period_channels_count_and_last_error(logger8: Panel) -> None:
    logger8.device.broken = True
    logger8.clock.advance(0.6)
    bad = logger8.config("get", "b")["b"]["polling"]
    logger8.device.broken = False
    logger8.clock.advance(0.5)
    good = logger8.config("get", "b")["b"]["polling"]

    assert (bad["period_s"], bad["channels"], bad["count"]) == (0.5, ["a", "b"], 2)
    assert "a failed with OSError: no answer" in bad["last_error"]
    assert (good["count"], good["last_error"]) == (3, "")
    assert logger8.config("get", "d")["d"]["polling"] is None


def test_a_slow_device_delays_only_itself(memory_site: Site) -> None:
    slow, quick = Logger8("slow"), Logger8("quick")
    slow.took_s = 3.0
    memory_site.start(slow, quick)
    memory_site.clock.advance(4.2)

    assert times_of(Panel(memory_site, quick), "a", "b") == [0.5 * number for number in range(9)]
    assert Panel(memory_site, slow).config("get", "a")["a"]["polling"]["overruns"] > 3
    slow.took_s = 0.0
    memory_site.clock.advance(10.0)


def test_a_period_that_changes_holds_at_once(logger8: Panel) -> None:
    logger8.clock.advance(0.25)
    logger8.config("set", "a", {"poll_period_s": 0.1})
    logger8.config("set", "d", {"poll_period_s": 0.1})
    logger8.device.calls = ()
    logger8.clock.advance(0.52)

    assert times_of(logger8, "b") in ([0.0], [0.0, 0.5])
    assert len(times_of(logger8, "a", "d")) == 5


def test_polling_may_be_switched_off_and_on(logger8: Panel) -> None:
    logger8.config("set", "a", {"poll_period_s": "Not specified"})
    logger8.config("set", "b", {"poll_period_s": None})
    logger8.device.calls = ()
    logger8.clock.advance(1.8)
    off = times_of(logger8, "c")
    names = {name for _, fetched in logger8.device.calls for name in fetched}
    logger8.config("reset", "a", "poll_period_s")
    logger8.clock.advance(0.1)

    assert (off, names) == ([], set()) or names == {"c"}
    assert logger8.device.calls[-1][1] == ("a",)


@pytest.mark.parametrize("period_s", [0.0049, 0.0, -1.0])
def test_nothing_is_polled_faster_than_each_5_ms(logger8: Panel, period_s: float) -> None:
    with pytest.raises(OutOfRangeError, match="5 ms"):
        logger8.config("set", "a", {"poll_period_s": period_s})

    assert logger8.config("get", "a")["a"]["values"]["poll_period_s"] == 0.5


def test_5_ms_are_possible(logger8: Panel) -> None:
    logger8.config("set", "d", {"poll_period_s": 0.005})
    logger8.device.calls = ()
    logger8.clock.advance(0.1)

    assert len(times_of(logger8, "d")) in {20, 21}


def test_a_declaration_below_the_floor_is_refused() -> None:
    with pytest.raises(TypeError, match="5 ms"):

        class Fast(Device):
            """Too fast."""

            a = Channel(float, unit="V", period_s=0.001)


def test_an_init_at_the_moment_of_a_poll_is_no_overrun(logger8: Panel) -> None:
    logger8.clock.advance(1.0)
    logger8.command("Init")
    logger8.clock.advance(1.0)

    assert logger8.config("get", "a")["a"]["polling"]["overruns"] == 0


def test_a_trouble_with_one_poll_does_not_end_the_polling(
    logger8: Panel, monkeypatch: pytest.MonkeyPatch, lost: Any
) -> None:
    feeds = logger8.device.channel_feeds

    def break_down(_readings: Any) -> None:
        raise RuntimeError("no such field")

    with monkeypatch.context() as patched:
        patched.setattr(feeds, "publish", break_down)
        logger8.clock.advance(1.0)
    before = logger8.config("get", "a")["a"]["polling"]["count"]
    logger8.clock.advance(1.0)

    assert logger8.config("get", "a")["a"]["polling"]["count"] == before + 2
    lost.take()


def test_a_loop_that_was_late_counts_what_it_missed(logger8: Panel, hang: Hang) -> None:
    logger8.clock.advance(0.25)
    before = logger8.config("get", "a")["a"]["polling"]["overruns"]
    logger8.clock.loop.move_to(logger8.clock.loop.time() + 2.0)  # nothing ran meanwhile
    logger8.clock.settle()

    figures = logger8.config("get", "a")["a"]["polling"]
    assert figures["overruns"] - before == 3
    logger8.clock.advance(0.5)
    assert all(time % 0.5 in {0.0, 0.25} for time in times_of(logger8, "a", "b"))
