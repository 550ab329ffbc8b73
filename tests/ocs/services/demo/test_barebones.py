from __future__ import annotations

from ocs.model.operation import Outcome
from ocs.services.demo.barebones import Barebones
from ocs.testing.plugin import AgentOf


def test_it_counts_from_the_start_each_second(agent_of: AgentOf) -> None:
    bare = agent_of(Barebones)

    bare.clock.advance(2.5)

    assert bare.status("count").data["value"] == 3


def test_it_stays_idle_when_configured_so(agent_of: AgentOf) -> None:
    bare = agent_of(Barebones, mode="idle")

    bare.clock.advance(2.5)

    assert bare.history("count") == []


def test_each_number_is_published_once(agent_of: AgentOf) -> None:
    bare = agent_of(Barebones, mode="idle")
    told = bare.messages("feed_name")

    bare.start("count")
    bare.clock.advance(2.5)
    session = bare.end("count")
    bare.clock.advance(1.5)

    numbers = [value for message in told for value in message.samples[0].data["value"]]
    assert session.outcome is Outcome.STOPPED
    assert numbers == [1, 2, 3]


def test_a_printed_text_is_in_the_session(agent_of: AgentOf) -> None:
    session = agent_of(Barebones, mode="idle").run("print", text="good night")

    assert session.data["text"] == "good night"
    assert session.data["last_updated"] >= session.start_time
