"""`R.D.config`: layers, class scope, refusals that leave everything, and the event that follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import Channel, Device
from ocs.model.errors import ConfigurationError, ErrorCode, NotAllowedError, NotFoundError, OcsError
from ocs.model.event import EventKind
from ocs.store.settings import Settings
from ocs.testing.running import Site
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class Cell(Device):
    """A cell."""

    level = Channel(float, unit="K", access="rw", max_alarm=50, min_alarm=1, label="Level")
    word = Channel(str, access="rw")


class Other(Device):
    """Another class with a channel of that name."""

    level = Channel(float, unit="K", access="rw", max_alarm=50)


@pytest.fixture
def cells(memory_site: Site) -> dict[str, Panel]:
    return started(memory_site)


def started(site: Site) -> dict[str, Panel]:
    """Start an agent with two devices of one class and one of another."""
    devices = [Cell("one"), Cell("two"), Other("other")]
    site.start(*devices, instance="rack")
    return {device.name: Panel(site, device) for device in devices}


def restarted(site: Site) -> dict[str, Panel]:
    site.clock.result_of(site.agents.pop().end())
    return started(site)


def held(panel: Panel, key: str, channel: str = "level") -> tuple[Any, str]:
    told = panel.config("get", channel)[channel]
    return told["values"].get(key), told["sources"][key]


def test_each_value_has_its_source(cells: dict[str, Panel]) -> None:
    cells["one"].config("set", "level", {"max_alarm": 40.0}, scope="class")
    cells["one"].config("set", "level", {"unit": "mK"})

    assert held(cells["one"], "max_alarm") == (40.0, "class")
    assert held(cells["one"], "unit") == ("mK", "device")
    assert held(cells["one"], "label") == ("Level", "code")
    assert held(cells["one"], "max_warning") == (None, "library")


def test_a_class_changes_all_its_devices_and_no_other_class(cells: dict[str, Panel]) -> None:
    events = {name: panel.events("level", EventKind.CONFIG) for name, panel in cells.items()}

    answer = cells["one"].config("set", "level", {"max_alarm": 40.0}, "class")
    cells["one"].clock.settle()

    assert answer["level"]["changed"] == ["max_alarm"]
    assert held(cells["two"], "max_alarm") == (40.0, "class")
    assert held(cells["other"], "max_alarm") == (50.0, "code")
    assert {name: len(told) for name, told in events.items()} == {"one": 1, "two": 1, "other": 0}
    assert events["two"][0]["changed"] == ["max_alarm"]


def test_a_device_that_has_its_own_value_does_not_notice_its_class(cells: dict[str, Panel]) -> None:
    cells["two"].config("set", "level", {"max_alarm": 30.0})
    events = cells["two"].events("level", EventKind.CONFIG)

    cells["one"].config("set", "level", {"max_alarm": 40.0}, "class")
    cells["one"].clock.settle()
    still = held(cells["two"], "max_alarm")
    cells["two"].config("reset", "level", ["max_alarm"])

    assert (still, len(events)) == ((30.0, "device"), 1)
    assert held(cells["two"], "max_alarm") == (40.0, "class")


def test_what_is_not_kept_on_disk_does_not_hold(cells: dict[str, Panel], monkeypatch: pytest.MonkeyPatch) -> None:
    events = cells["one"].events("level", EventKind.CONFIG)

    def refuse(*_args: Any) -> None:
        raise ConfigurationError("the disk is full; make room")

    monkeypatch.setattr(Settings, "keep_config", refuse)
    for scope in ("device", "class"):
        with pytest.raises(ConfigurationError, match="the disk is full"):
            cells["one"].config("set", "level", {"max_alarm": 40.0}, scope)

    assert held(cells["one"], "max_alarm") == held(cells["two"], "max_alarm") == (50.0, "code")
    assert events == []


def test_every_layer_is_back_after_a_restart(cells: dict[str, Panel]) -> None:
    one = cells["one"]
    one.config("set", "level", {"max_alarm": 40.0, "min_alarm": 2.0}, "class")
    one.config("set", "level", {"max_alarm": 30.0, "poll_period_s": None})
    one.config("set", "word", {"label": "Word"})

    again = restarted(one.site)

    assert held(again["one"], "max_alarm") == (30.0, "device")
    assert held(again["two"], "max_alarm") == (40.0, "class")
    assert held(again["one"], "min_alarm") == (2.0, "class")
    assert held(again["one"], "label", "word") == ("Word", "device")
    assert held(again["two"], "label", "word") == ("word", "library")


def test_a_reset_is_back_after_a_restart_too(cells: dict[str, Panel]) -> None:
    one = cells["one"]
    one.config("set", "level", {"max_alarm": 30.0, "min_alarm": 3.0})
    one.config("reset", "level", "max_alarm")

    again = restarted(one.site)

    assert held(again["one"], "max_alarm") == (50.0, "code")
    assert held(again["one"], "min_alarm") == (3.0, "device")


def test_what_is_stored_and_makes_no_sense_any_more_is_passed_over(cells: dict[str, Panel]) -> None:
    settings = cells["one"].device.hosted().settings
    settings.keep_config("device", "one", "level", {"nonsense": 3, "max_alarm": "warm", "min_alarm": 3.0}, "test")

    again = restarted(cells["one"].site)

    assert held(again["one"], "max_alarm") == (50.0, "code")
    assert held(again["one"], "min_alarm") == (3.0, "device")


def test_the_three_reset_words(cells: dict[str, Panel]) -> None:
    one = cells["one"]
    one.config("set", "level", {"max_alarm": 40.0}, "class")
    told = []
    for word in ("Not specified", "", "NaN"):
        one.config("set", "level", {"max_alarm": word})
        told.append(held(one, "max_alarm"))

    assert told == [(None, "library"), (50.0, "code"), (40.0, "class")]


def test_a_reset_without_keys_resets_all_of_the_layer(cells: dict[str, Panel]) -> None:
    one = cells["one"]
    one.config("set", "level", {"max_alarm": 30.0, "label": "L"})

    answer = one.config("reset", "level")

    assert sorted(answer["level"]["changed"]) == ["label", "max_alarm"]
    assert held(one, "label") == ("Level", "code")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"min_alarm": 50.0}, ErrorCode.OUT_OF_RANGE),
        ({"max_alarm": 1.0}, ErrorCode.OUT_OF_RANGE),
        ({"label": "L", "min_value": 3.0, "max_value": 3.0}, ErrorCode.OUT_OF_RANGE),
        ({"label": "L", "max_alrm": 3.0}, ErrorCode.UNKNOWN_PARAMETER),
        ({"label": "L", "max_alarm": "warm"}, ErrorCode.WRONG_TYPE),
        ({}, ErrorCode.WRONG_TYPE),
        (None, ErrorCode.WRONG_TYPE),
        ([1], ErrorCode.WRONG_TYPE),
    ],
)
def test_a_refusal_leaves_the_old_configuration(cells: dict[str, Panel], values: Any, code: ErrorCode) -> None:
    one = cells["one"]
    before = one.config("get")
    events = one.events("level", EventKind.CONFIG)

    with pytest.raises(OcsError) as caught:
        one.config("set", "level", values)

    assert caught.value.code is code
    assert one.config("get") == before
    assert events == []


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("put", "level", {}), ErrorCode.NOT_FOUND),
        (("set", None, {"label": "x"}), ErrorCode.MISSING_PARAMETER),
        (("set", "lvl", {"label": "x"}), ErrorCode.NOT_FOUND),
        (("get", "lvl"), ErrorCode.NOT_FOUND),
        (("set", "level", {"label": "x"}, "site"), ErrorCode.WRONG_TYPE),
        (("reset", "level", 3), ErrorCode.WRONG_TYPE),
        (("reset", "level", ["max_alrm"]), ErrorCode.UNKNOWN_PARAMETER),
        (("set", "level", {"label": "x"}, ["device"]), ErrorCode.WRONG_TYPE),
        ((["get"],), ErrorCode.NOT_FOUND),
    ],
)
def test_requests_that_make_no_sense_have_a_typed_error(
    cells: dict[str, Panel], args: tuple[Any, ...], code: ErrorCode
) -> None:
    with pytest.raises(OcsError) as caught:
        cells["one"].config(*args)

    assert caught.value.code is code


def test_get_tells_all_channels_or_one(cells: dict[str, Panel]) -> None:
    assert set(cells["one"].config()) == {"State", "Status", "level", "word"}
    assert set(cells["one"].config("get", "LEVEL")) == {"level"}
    with pytest.raises(NotFoundError):
        cells["one"].config("get", "levels")


@pytest.mark.parametrize("name", ["State", "Status"])
def test_the_configuration_of_state_and_status_is_fixed(cells: dict[str, Panel], name: str) -> None:
    with pytest.raises(NotAllowedError, match=f"the configuration of {name} is fixed"):
        cells["one"].config("set", name, {"poll_period_s": 1.0})


def test_a_configuration_event_tells_what_changed_to_what_and_by_whom(cells: dict[str, Panel]) -> None:
    one = cells["one"]
    events = one.events("level", EventKind.CONFIG)

    one.config("set", "level", {"max_alarm": 40.0, "min_alarm": 1.0})
    one.config("set", "level", {"max_alarm": 40.0})
    one.config("reset", "level", ["max_alarm"])
    one.clock.settle()

    assert [event["changed"] for event in events] == [["max_alarm"], ["max_alarm"]]
    assert [event["values"]["max_alarm"] for event in events] == [40.0, 50.0]
    assert events[0]["sources"]["max_alarm"] == "device"
    assert (events[0]["seq"], events[1]["seq"], events[0]["reason"]) == (1, 2, "configured")
    assert events[0]["by"] not in {"", "agent"}
    assert events[0]["epoch"] == one.site.agents[0].epoch


def test_only_differences_are_stored(cells: dict[str, Panel]) -> None:
    one = cells["one"]
    one.config("set", "level", {"max_alarm": 50.0, "min_alarm": 2.0})

    assert one.device.hosted().settings.config("device", "one", "level") == {"min_alarm": 2.0}
