"""Channels, states and health of real processes: kept over kills, refused in sentences, not held up by one reader."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from ocs.client import Observatory, connect
from ocs.client_wampy import connect as connect_wampy
from ocs.model.errors import (
    ConfigurationError,
    DeadlineError,
    NotAllowedError,
    NotFoundError,
    OcsError,
    OutOfRangeError,
    ParameterError,
)
from ocs.model.health import HealthLevel
from ocs.model.quality import Quality
from tests.system.programs import Place, Program, sentence, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

SITE = """
hub: {{wamp_server: "ws://127.0.0.1:{port}/ws", wamp_http: "http://127.0.0.1:{port}/call", wamp_realm: {realm},
       address_root: {root}}}
hosts:
  localhost:
    agent-instances:
      - agent-class: Panel
        instance-id: {instance}
        devices: [{devices}]
"""
DEVICES = "{name: lab/panel/1, class: Panel}, {name: lab/meter/1, class: Meter}"


def start(place: Place, instance: str, devices: str = DEVICES, *, ready: bool = True) -> Program:
    """Start an agent of several devices by a site file."""
    path = place.state.parent / f"{instance}.yaml"
    place.state.mkdir(parents=True, exist_ok=True)
    text = SITE.format(port=place.port, realm=place.realm, root=place.root, instance=instance, devices=devices)
    path.write_text(text)
    return place.agent("panel", instance, "--site-file", str(path), ready=ready)


@pytest.fixture
def panels(place: Place) -> Program:
    return start(place, "panels")


@pytest.fixture
def obs(place: Place, panels: Program) -> Iterator[Observatory]:
    with connect(place.url, realm=place.realm, root=place.root) as observatory:
        yield observatory


@pytest.fixture
def panel(obs: Observatory) -> Iterator[Any]:
    device = obs["lab/panel/1"]
    yield device
    device.behave(manner="good")


def refusal(kind: type[OcsError], function: Any, *args: Any, **kwargs: Any) -> str:
    """Return the sentence with which a request is refused."""
    with pytest.raises(kind) as caught:
        function(*args, **kwargs)
    return sentence(caught.value)


def test_a_set_point_outlives_a_kill_and_whoever_follows_sees_the_restart(place: Place, obs: Observatory) -> None:
    panel = obs["lab/panel/1"]
    events = panel.meter.follow(timeout_s=60.0)
    panel.lamp.put(4.5)
    first = next(event for event in events if event.reading.value == 4.5)

    place.started[-1].kill()
    start(place, "panels")
    after = next(event for event in events if event.restarted)
    restored = until(lambda: panel.meter.get() == 4.5, "the set point is back")

    assert restored
    assert after.epoch > first.epoch
    assert panel.lamp.read().setpoint == 4.5


def test_what_makes_no_sense_is_refused_in_one_sentence(panel: Any) -> None:
    told = [
        refusal(OutOfRangeError, panel.lamp.put, 11.0),
        refusal(OutOfRangeError, panel.lamp.put, math.nan),
        refusal(ParameterError, panel.lamp.put, "much"),
        refusal(ParameterError, panel.lamp.put, [1.0, 2.0]),
        refusal(NotAllowedError, panel.meter.put, 1.0),
        refusal(OutOfRangeError, panel.meter.configure, min_alarm=5.0, max_alarm=5.0),
        refusal(ConfigurationError, panel.lamp.subscribe, print, "periodic"),
        refusal(NotAllowedError, panel.state.switch_off),
        refusal(NotFoundError, panel.state.to, "NOWHERE"),
    ]

    assert panel.meter.get() == 0.0
    assert "at most 10 V" in told[0]
    assert "poll_period_s" in told[6]
    assert "switch_on" in told[7]


def test_a_wampy_client_reads_writes_and_is_refused_alike(place: Place, panels: Program) -> None:
    with connect_wampy(place.url, realm=place.realm, root=place.root) as obs:
        panel = obs["lab/panel/1"]
        panel.lamp.put(2.5)
        read = panel.read("*")
        reached = panel.meter.wait_until(lambda reading: reading.value == 2.5, 60.0)
        told = refusal(OutOfRangeError, panel.lamp.put, 11.0)

    assert read["State"].value == "OFF"
    assert reached.quality is Quality.VALID
    assert "at most 10 V" in told


@pytest.mark.parametrize("manner", ["none", "text"])
def test_a_reader_that_returns_nonsense_has_a_named_error_and_the_next_reading_is_good(panel: Any, manner: str) -> None:
    panel.behave(manner=manner)

    told = refusal(ParameterError, panel.odd.read)
    panel.behave(manner="good")

    assert "odd" in told
    assert panel.odd.get() == 1.0


def test_a_reader_that_hangs_holds_up_nobody_else(obs: Observatory, panel: Any) -> None:
    panel.behave(manner="hang")

    told = refusal(DeadlineError, panel.odd.read)
    others = obs["lab/meter/1"].value.read(source="device")
    state = panel.commands["State"]()
    hanging = until(lambda: _hang(panel), "health tells of the hanging reader")

    assert "read_odd" in told
    assert others.value == 2.0
    assert state == "OFF"
    assert "read_odd" in hanging.sentence


def _hang(panel: Any) -> Any:
    health = panel.health
    causes = [cause for cause in health.causes if cause.source == "channel thread"]
    return causes[0] if causes and health.level is HealthLevel.BAD else None


def test_two_agents_cannot_have_one_device(place: Place, panels: Program) -> None:
    second = start(place, "others", "{name: lab/panel/1, class: Panel}", ready=False)

    code = second.wait(60.0)

    assert code == 4
    assert any("lab/panel/1 runs already" in line for line in second.lines)
    assert panels.running


def test_names_that_differ_in_case_are_refused_before_anything_starts(place: Place) -> None:
    agent = start(place, "cased", "{name: lab/panel/1, class: Panel}, {name: LAB/panel/1, class: Panel}", ready=False)

    code = agent.wait(60.0)

    assert code == 3
    assert any("case" in line for line in agent.lines)
