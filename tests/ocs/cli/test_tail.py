"""Values as they come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocs.cli.lines import Lines
from ocs.cli.tail import Tail
from ocs.client import Observatory
from ocs.model.errors import ConfigurationError, NotFoundError
from ocs.model.name_pattern import Pattern
from ocs.testing.running import ROOT, Site
from tests.ocs.cli.conftest import Served, system_test
from tests.ocs.client.oven import Oven


class Tailed:
    """A tail of an oven at work in memory."""

    def __init__(self, site: Site, *patterns: str) -> None:
        self.site = site
        self.lines = Lines()
        self.oven = Oven("oven")
        site.start(self.oven)
        tail = Tail(Observatory(site.script, ROOT, "registry"), Pattern(patterns), self.lines)
        for word in Pattern(patterns).words:
            tail.check(word)
        tail.listen()

    def after(self, seconds: float) -> list[dict[str, Any]]:
        self.site.clock.advance(seconds)
        self.texts, documents = [], []
        for text, document in self.lines.taken():
            self.texts.append(" ".join(text.split()[2:]))
            documents.append(document)
        return documents


def test_each_sample_of_a_feed_is_a_line_with_its_time_and_units(memory_site: Site) -> None:
    told = Tailed(memory_site, "oven").after(2.5)

    samples = [document for document in told if document["feed"] == "thermal"]
    assert len(samples) >= 2
    assert samples[0]["values"] == {"temperature": 300.0}
    assert samples[0]["units"] == {"temperature": "K"}
    assert samples[0]["time"] < samples[1]["time"]


def test_people_get_values_in_the_format_of_their_channel(memory_site: Site) -> None:
    tailed = Tailed(memory_site, "oven.temperature")

    tailed.after(1.5)

    assert set(tailed.texts) == {"oven.thermal temperature=300.00 K"}


def test_a_channel_of_a_feed_is_not_told_twice(memory_site: Site) -> None:
    tailed = Tailed(memory_site, "oven.temperature")
    tailed.after(1.5)
    tailed.oven.actual = 310.0

    told = tailed.after(1.0)

    assert [document["feed"] for document in told] == ["thermal"]
    assert told[0]["values"] == {"temperature": 310.0}


def test_a_channel_of_no_feed_is_told_by_its_events_and_the_state_by_its_edges(memory_site: Site) -> None:
    tailed = Tailed(memory_site, "oven.setpoint,oven.State")
    oven = memory_site.realm.device("oven")

    oven.setpoint.put(350.0)
    oven.state.switch_on()

    told = tailed.after(0.1)
    assert [document["values"] for document in told] == [{"setpoint": 350.0}, {"State": "ON"}]
    assert tailed.texts == ["oven setpoint=350.00 K", "oven State=ON"]


def test_what_can_never_show_itself_is_told_at_once(memory_site: Site) -> None:
    with pytest.raises(ConfigurationError, match=r"oven\.pressure sends no events: pressure is not polled"):
        Tailed(memory_site, "oven.pressure")


def test_a_name_that_the_first_sample_does_not_have_is_told_once(
    memory_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    tailed = Tailed(memory_site, "oven.temprature")

    assert tailed.after(2.5) == []

    assert capsys.readouterr().err == (
        "oven.temprature is not in feed thermal, which has temperature; waiting for others\n"
    )


def test_a_device_that_is_not_there_is_told_at_once(memory_site: Site) -> None:
    with pytest.raises(NotFoundError, match="there is no device furnace"):
        Tailed(memory_site, "oven,furnace.temperature")


@system_test
def test_programs_get_an_object_a_line_of_every_device_that_fits(served: Served) -> None:
    told = served.ocs("tail", "psu-*.voltage", "--json", "--count", "1", "--for", "0", expect=8)
    assert "0 of 1 came within 0 s" in told

    begun = served.begin("tail", "ps?-1.setpoint", "PSU-1.voltage", "--json", "--count", "2", "--for", "60")
    for volt in ("1", "2", "3", "4", "5", "6", "7", "8"):
        if begun.poll() is None:
            served.asked("write", "psu-1", f"setpoint={volt}")
    printed, errors = begun.communicate(timeout=90)
    served.asked("write", "psu-1", "setpoint=0")

    assert begun.returncode == 0, errors
    documents = [json.loads(line) for line in printed.splitlines()]
    assert len(documents) == 2
    assert {document["device"] for document in documents} == {"psu-1"}
    assert all(document["units"] == dict.fromkeys(document["values"], "V") for document in documents)
