from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocs.link.simulation.bench import Bench
from ocs.link.simulation.faults import Faults
from ocs.link.simulation.pacing import Pace
from ocs.link.simulation.requests import ControlRequests
from tests.ocs.link.fakes import FakeClock, chance
from tests.ocs.link.simulation.instruments import Thermometer


class Cable:
    """A port that only knows whether it is plugged."""

    name = "cable"
    plugged = True

    def plug(self) -> None:
        self.plugged = True

    def unplug(self) -> None:
        self.plugged = False

    def send(self, data: bytes) -> None:
        raise NotImplementedError(data)


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.cable = Cable()
        self.timers: list[Any] = []
        self.bench = Bench(
            Thermometer(self.clock),
            Pace(None),
            Faults(chance()),
            monotonic=self.clock,
            later=self._later,
            report=lambda _text: None,
        )
        self.requests = ControlRequests(self.bench, self.cable, monotonic=self.clock, later=self._later)

    def _later(self, when: float, call: Any, /) -> None:
        self.timers.append((when, call))

    def ask(self, request: object) -> Any:
        return json.loads(self.requests.answer(json.dumps(request).encode()))

    def ring(self) -> None:
        _, call = self.timers.pop(0)
        call()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_one_quantity_is_told(desk: Desk) -> None:
    assert desk.ask({"get": "kelvin"}) == {"kelvin": 293.0}


def test_all_quantities_are_told_with_the_state_of_the_bench(desk: Desk) -> None:
    assert desk.ask({"get": "*"}) == {"kelvin": 293.0, "cycles": 0, "power": "on", "plugged": True, "faults": {}}


def test_a_quantity_is_set(desk: Desk) -> None:
    assert desk.ask({"set": {"kelvin": 4.2}}) == {"ok": True}
    assert desk.ask({"get": "kelvin"}) == {"kelvin": 4.2}


def test_faults_are_ordered_counted_and_ended(desk: Desk) -> None:
    assert desk.ask({"fault": "silent", "count": 3}) == {"ok": True}
    assert desk.ask({"fault": "late", "seconds": 1.5}) == {"ok": True}
    assert desk.ask({"get": "faults"}) == {"faults": {"silent": 3, "late": 1}}

    desk.ask({"fault": "silent", "count": 0})
    assert desk.ask({"get": "faults"}) == {"faults": {"late": 1}}


def test_power_goes_and_comes(desk: Desk) -> None:
    desk.ask({"power": "off"})
    assert desk.ask({"get": "power"}) == {"power": "off"}

    desk.ask({"power": "on"})
    desk.ask({"power": "cycle"})
    assert desk.ask({"get": "cycles"}) == {"cycles": 2}


def test_a_cable_pulled_for_a_time_is_plugged_after_it(desk: Desk) -> None:
    desk.ask({"unplug": 5})
    assert not desk.cable.plugged
    assert desk.timers[0][0] == 105.0

    desk.ring()
    assert desk.cable.plugged


def test_a_cable_pulled_without_time_waits_for_the_plug(desk: Desk) -> None:
    desk.ask({"unplug": None})
    assert not desk.timers
    assert desk.ask({"get": "plugged"}) == {"plugged": False}

    desk.ask({"plug": True})
    assert desk.cable.plugged


def test_an_older_pull_does_not_plug_a_newer_one(desk: Desk) -> None:
    desk.ask({"unplug": 1})
    desk.ask({"plug": True})
    desk.ask({"unplug": None})

    desk.ring()

    assert not desk.cable.plugged


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"get": "volts"}, "there is no quantity 'volts'; there are kelvin, cycles"),
        ({"get": ["kelvin"]}, "there is no quantity"),
        ({"set": 3}, '"set" takes'),
        ({"set": {"kelvin": None}}, "kelvin takes a number"),
        ({"set": {"kelvin": "warm"}}, "kelvin is a number, not 'warm'"),
        ({"set": {"cycles": 3}}, "cycles cannot be set; kelvin can"),
        ({"fault": "gremlins"}, "fault is 'gremlins'; it must be one of lost_bytes, wrong_terminator"),
        ({"fault": "silent", "count": -1}, "count is -1; it must be 0 or more"),
        ({"fault": "late", "seconds": "soon"}, "'soon' is no time"),
        ({"power": []}, "power is []; it must be one of on, off, cycle"),
        ({"unplug": -1}, "-1 is no time"),
        ({"dance": True}, "give one of get, set, fault, power, unplug, plug"),
        ([1], "is no request"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(desk: Desk, request_: object, sentence: str) -> None:
    assert sentence in desk.ask(request_)["error"]


def test_what_is_no_json_is_answered_with_a_sentence(desk: Desk) -> None:
    assert "is no JSON" in json.loads(desk.requests.answer(b"{get\n"))["error"]
    assert "is no JSON" in json.loads(desk.requests.answer(b"\xff\xfe\n"))["error"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["get", "set", "fault", "power", "unplug", "plug", "count", "seconds", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["silent", "late", "off"]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=5,
        ),
    )
)
def test_nothing_that_is_asked_breaks_it(desk: Desk, request_: object) -> None:
    assert isinstance(desk.ask(request_), dict)
    assert "kelvin" in desk.ask({"get": "*"})
