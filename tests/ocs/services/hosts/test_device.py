from __future__ import annotations

import os

from ocs.model.operation import Status
from ocs.services.hosts import Hosts
from ocs.testing.plugin import AgentOf


def test_figures_are_read_from_the_start(agent_of: AgentOf) -> None:
    host = agent_of(Hosts)

    host.clock.advance(1.5)
    session = host.status("acq")

    assert session.status is Status.RUNNING
    assert session.data["fields"]["memory"]["memory_total"] > 0
    assert session.data["units"]["memory"]["memory_total"] == "B"


def test_each_part_of_the_machine_is_a_block_of_the_feed(agent_of: AgentOf) -> None:
    host = agent_of(Hosts)
    told = host.messages("figures")

    host.clock.advance(3.0)

    blocks = {sample.block: set(sample.data) for message in told for sample in message.samples}
    assert {"processor", "memory", "disk_root"} <= set(blocks)
    assert blocks["memory"] == {"memory_used", "memory_available", "memory_total", "swap_used"}


def test_the_busiest_processes_are_returned_first(agent_of: AgentOf) -> None:
    session = agent_of(Hosts).run("processes", count=5)

    shares = [consumer["cpu"] for consumer in session.result]
    assert 1 <= len(shares) <= 5
    assert shares == sorted(shares, reverse=True)


def test_this_process_is_among_all_of_them(agent_of: AgentOf) -> None:
    session = agent_of(Hosts).run("processes", count=100)

    assert os.getpid() in {consumer["pid"] for consumer in session.result} or len(session.result) == 100
