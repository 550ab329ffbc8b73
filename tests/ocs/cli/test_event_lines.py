"""Events as lines."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ocs.cli.event_lines import EventLines
from ocs.cli.lines import Lines
from ocs.model.channel import Access, ChannelInterface
from ocs.model.channel_config import ChannelConfig
from ocs.model.datatype import DataType
from ocs.model.errors import NotFoundError
from ocs.model.event import EventKind
from ocs.model.valuetype import ValueType

VOLTAGE = ChannelInterface(
    "voltage", ValueType(DataType.FLOAT64), Access.READ,
    ChannelConfig("voltage", unit="V", format="%.1f", max_alarm=12.0),
)  # fmt: skip
EVENT = {"value": 5.0, "quality": "VALID", "time": 1.0, "seq": 1, "epoch": 7, "reason": "value"}
REPORT = {
    "state": "ON", "tango": "ON", "status": "", "since": 1.0, "by": "alice", "reason": "first light", "allowed": [],
    "seq": 1, "epoch": 7, "from": "OFF", "to": "ON", "trigger": "switch_on", "time": 1.0,
}  # fmt: skip


class Observatory:
    """A realm with one device, whose name is psu-1."""

    def __init__(self) -> None:
        self.asked = 0

    def __getitem__(self, name: str) -> Any:
        self.asked += 1
        if name != "psu-1":
            raise NotFoundError(f"there is no device {name}")
        return SimpleNamespace(interface=SimpleNamespace(channels={"voltage": VOLTAGE}))


class Told:
    """Lines of events, with what they say."""

    def __init__(
        self, device: str = "psu-1", channels: tuple[str, ...] = (), kinds: tuple[EventKind, ...] = ()
    ) -> None:
        self.lines = Lines()
        self.observatory = Observatory()
        self.events = EventLines(self.observatory, self.lines, device, channels, kinds)  # type: ignore[arg-type]

    def take(self, topic: str, **payload: Any) -> list[str]:
        self.events.take(f"observatory.{topic}", [payload])
        return [" ".join(text.split()[1:]) for text, _ in self.lines.taken()]

    def change(self, **payload: Any) -> list[str]:
        return self.take("psu-1.events.voltage.change", **{**EVENT, **payload})


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({}, "psu-1.voltage change 5.0 V"),
        ({"reason": "first"}, "psu-1.voltage change 5.0 V (first)"),
        (
            {"value": 13.0, "quality": "ALARM", "reason": "quality"},
            "psu-1.voltage change 13.0 V ALARM: voltage is 13 V, at or above its max_alarm 12 V (quality)",
        ),
        (
            {"value": None, "quality": "INVALID", "error": {"code": "device_error", "message": "nonsense"}},
            "psu-1.voltage change failing: psu-1.voltage: nonsense",
        ),
    ],
)
def test_a_change_is_its_value_quality_and_reason(payload: dict[str, Any], text: str) -> None:
    assert Told().change(**payload) == [text]


def test_what_was_missed_and_a_start_anew_are_told() -> None:
    told = Told()
    told.change()

    assert told.change(seq=4) == ["psu-1.voltage change 5.0 V (2 missed)"]
    assert told.change(seq=1, epoch=8) == ["psu-1.voltage change 5.0 V (its agent was started anew)"]


def test_programs_get_the_numbers() -> None:
    told = Told()
    told.events.take("observatory.psu-1.events.voltage.change", [{**EVENT, "seq": 3}])

    (_, document), *_ = told.lines.taken()
    assert (document["channel"], document["event"], document["value"]) == ("voltage", "change", 5.0)
    assert (document["seq"], document["epoch"], document["missed"], document["restarted"]) == (3, 7, 0, False)


def test_a_configuration_event_tells_what_changed_and_who_did_it() -> None:
    values = {"max_alarm": 11, "unit": "V"}

    assert Told().take("psu-1.events.voltage.config", values=values, changed=["max_alarm"], by="alice", seq=1) == [
        "psu-1.voltage config max_alarm=11, alice"
    ]


def test_a_data_ready_event_tells_its_counter() -> None:
    assert Told().take("psu-1.events.voltage.data_ready", counter=3, seq=1) == ["psu-1.voltage data_ready number 3"]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({}, "psu-1 state OFF -> ON by switch_on, alice: first light"),
        (
            {"from": "ON", "tango": "ALARM", "trigger": "", "by": "agent", "reason": "too hot"},
            "psu-1 state ON (ALARM), agent: too hot",
        ),
    ],
)
def test_an_edge_tells_its_way_its_trigger_and_its_author(payload: dict[str, Any], text: str) -> None:
    assert Told().take("psu-1.events.state", **{**REPORT, **payload}) == [text]


def test_health_and_a_changed_interface_are_lines_too() -> None:
    told = Told()
    cause = {"level": "bad", "source": "link", "since": 1.0, "sentence": "no link"}

    assert told.take("psu-1.events.health", level="bad", since=1.0, causes=[cause], seq=1) == [
        "psu-1 health bad: link: no link"
    ]
    assert told.take("psu-1.events.interface", added={"channels": ["a", "b"]}, removed={"operations": ["c"]}) == [
        "psu-1 interface added a, b; removed c"
    ]


def test_periodic_events_come_only_where_a_channel_or_their_kind_is_named() -> None:
    periodic = {**EVENT, "reason": "period"}

    assert Told().take("psu-1.events.voltage.periodic", **periodic) == []
    assert len(Told(channels=("volt*",)).take("psu-1.events.voltage.periodic", **periodic)) == 1
    assert len(Told(kinds=(EventKind.PERIODIC,)).take("psu-1.events.voltage.periodic", **periodic)) == 1


def test_channels_and_kinds_that_were_not_named_do_not_come() -> None:
    assert Told(channels=("current_*",)).change() == []
    assert Told(kinds=(EventKind.ALARM,)).change() == []


def test_state_and_status_are_told_by_the_edges_unless_they_are_named() -> None:
    state = {**EVENT, "value": "ON"}

    assert Told().take("psu-1.events.State.change", **state) == []
    assert Told(channels=("State",)).take("psu-1.events.State.change", **state) == ["psu-1.State change ON"]


def test_the_figures_of_agents_come_only_when_their_device_is_named() -> None:
    topic = "dserver/Psu/psu-1.events.cpu.change"

    assert Told(device="").take(topic, **EVENT) == []
    assert Told(device="dserver/Psu/psu-1").take(topic, **EVENT) == ["dserver/Psu/psu-1.cpu change 5"]


def test_a_device_is_asked_for_its_channels_once_and_again_when_they_changed() -> None:
    told = Told()
    told.change()
    told.change(seq=2)
    assert told.observatory.asked == 1

    told.take("psu-1.events.interface", added={"channels": ["a"]})
    told.change(seq=3)

    assert told.observatory.asked == 2


def test_a_device_that_went_is_not_asked_for_each_of_its_last_events() -> None:
    told = Told(device="gone-1")
    for seq in (1, 2):
        told.take("gone-1.events.voltage.change", **{**EVENT, "seq": seq})

    assert told.observatory.asked == 1


@pytest.mark.parametrize("args", [[], [None], ["text"], [{}], [{"level": "splendid"}]])
def test_what_is_no_event_is_passed_over(args: list[Any]) -> None:
    told = Told()

    for topic in ("observatory.psu-1.events.health", "observatory.psu-1.events.nothing.at.all"):
        told.events.take(topic, args)

    assert told.lines.taken() == []
