"""Channels of one feed: published together after each poll."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import Channel, Device
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class Cryostat(Device):
    """A cryostat."""

    kelvin: Any = 4.0
    word: Any = "on"
    both_fail = False

    temperature = Channel(float, unit="K", period_s=1.0, feed="thermal")
    power = Channel(float, unit="W", access="rw", feed="thermal", initial=0.5)
    only = Channel(float, unit="V", access="w", feed="thermal")
    state_of = Channel(str, period_s=1.0, feed="words")
    count = Channel(int, period_s=1.0, feed="words")
    alone = Channel(float, unit="V", feed="told")

    @temperature.read
    def read_temperature(self) -> Any:
        return self.kelvin

    @state_of.read
    def read_state_of(self) -> Any:
        return self.word

    @count.read
    def read_count(self) -> int:
        return 7


@pytest.fixture
def cryostat(panel_of: PanelOf) -> Panel:
    return panel_of(Cryostat, "cryostat")


def samples(messages: list[Any]) -> list[dict[str, Any]]:
    """Return the values of each sample."""
    return [
        {field: column[row] for field, column in block.data.items()}
        for message in messages
        for block in message.samples
        for row in range(len(block.timestamps))
    ]


def test_channels_of_a_feed_go_out_together_after_each_poll_with_one_time(cryostat: Panel) -> None:
    messages = cryostat.site.device("cryostat").messages("thermal")
    cryostat.write({"power": 2.0, "only": 1.0})
    cryostat.clock.advance(2.0)

    found = samples(messages)
    assert found == [{"temperature": 4.0, "power": 2.0, "only": 1.0}] * 2
    assert len({time for message in messages for block in message.samples for time in block.timestamps}) == 2


def test_a_float_without_value_goes_out_as_nan(cryostat: Panel) -> None:
    cryostat.device.kelvin = 5.0
    messages = cryostat.site.device("cryostat").messages("thermal")
    cryostat.clock.advance(1.0)

    found = samples(messages)[0]
    assert found["temperature"] == 5.0
    assert math.isnan(found["only"])


def test_a_poll_in_which_everything_failed_sends_nothing(cryostat: Panel) -> None:
    messages = cryostat.site.device("cryostat").messages("thermal")
    cryostat.device.kelvin = None
    cryostat.clock.advance(2.0)

    assert messages == []


def test_a_value_that_is_no_float_and_fails_leaves_its_sample_out_and_is_counted(cryostat: Panel) -> None:
    messages = cryostat.site.device("cryostat").messages("words")
    cryostat.device.word = None
    cryostat.clock.advance(2.0)
    cryostat.device.word = "off"
    cryostat.clock.advance(1.0)

    assert samples(messages) == [{"state_of": "off", "count": 7}]
    assert cryostat.device.channel_feeds.left_out == 2


def test_what_code_tells_goes_out_when_no_channel_of_its_feed_is_polled(cryostat: Panel) -> None:
    messages = cryostat.site.device("cryostat").messages("told")
    cryostat.device.alone.set(1.0)
    cryostat.device.alone.set(2.0)
    cryostat.clock.settle()

    assert samples(messages) == [{"alone": 1.0}, {"alone": 2.0}]


def test_the_feed_is_described_with_its_channels_and_units(cryostat: Panel) -> None:
    feeds = cryostat.query("describe")["feeds"]

    assert feeds["thermal"]["doc"] == "the channels temperature (K), power (W), only (V)"


def test_a_channel_that_is_added_makes_another_block(cryostat: Panel) -> None:
    messages = cryostat.site.device("cryostat").messages("thermal")
    cryostat.clock.advance(1.0)
    cryostat.device.add_channel("pressure", Channel(float, unit="Pa", feed="thermal", initial=9.0))
    cryostat.clock.advance(1.0)

    names = [block.block for message in messages for block in message.samples]
    assert len(set(names)) == 2
    assert samples(messages)[-1]["pressure"] == 9.0


class Mixed(Device):
    """Channels of one feed with handlers of both sorts."""

    a = Channel(float, unit="V", period_s=1.0, feed="both")
    b = Channel(float, unit="V", period_s=1.0, feed="both")

    @a.read
    def read_a(self) -> float:
        return 1.0

    @b.read
    async def read_b(self) -> float:
        return 2.0


def test_handlers_of_both_sorts_make_one_sample(panel_of: PanelOf) -> None:
    mixed = panel_of(Mixed)
    messages = mixed.site.device("device-1").messages("both")
    mixed.clock.advance(2.5)

    assert samples(messages) == [{"a": 1.0, "b": 2.0}] * 2
