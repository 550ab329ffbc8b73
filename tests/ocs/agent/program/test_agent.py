"""The life of an agent: start, router away, duplicate names, end, and what is left on disk."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ocs.agent import AsyncSession, Device, Feed, Session, process, task
from ocs.agent.device import Device as AnyDevice
from ocs.model.errors import AgentLostError, DuplicateError, ErrorCode, NotFoundError, RouterLostError
from ocs.model.operation import Outcome, Status
from ocs.testing.clock import VirtualClock, wait_deaf
from ocs.testing.leftovers import LostFailures
from ocs.testing.memory_realm import Peer, Word
from ocs.testing.memory_router import MemoryRouter
from ocs.testing.plugin import AgentOf
from ocs.testing.running import Site


class Pump(Device):
    """A pump that runs from the start."""

    flow = Feed(doc="the flow")

    def setup(self) -> None:
        """Make what tests look at."""
        self.events: list[str] = ["setup"]

    def shutdown(self) -> None:
        """Leave the valve shut."""
        self.events.append("shutdown")

    @process(startup=True)
    def pump(self, session: Session) -> None:
        """Pump until stopped."""
        try:
            for number in session.ticks(1.0):
                session.data = {"number": number}
        finally:
            session.sleep(1.0)
            self.events.append("valve shut")

    @process(startup={"rate": 4.0})
    async def watch(self, session: AsyncSession, rate: float = 1.0) -> None:
        """Watch until stopped.

        Args:
            rate: In Hz.
        """
        async for _ in session.ticks(rate):
            pass

    @task(startup={"litres": "many"})
    def fill(self, session: Session, litres: float) -> None:
        """Fill.

        Args:
            litres: How many.
        """


class Deaf(Device):
    """A device that does not end."""

    def setup(self) -> None:
        """Make what tests set."""
        self.gate = threading.Event()

    @task
    def hang(self, session: Session) -> None:
        """Hang."""
        wait_deaf(self.gate)

    @task
    def rest(self, session: Session) -> None:
        """Rest."""


class Slow(Device):
    """A device that takes its time to be set up."""

    gate = threading.Event()

    def setup(self) -> None:
        """Wait for the test."""
        self.ready = False
        wait_deaf(self.gate)
        self.ready = True

    @task
    def use(self, session: Session) -> bool:
        """Use what setup made."""
        return self.ready


class Faulty(Device):
    """A device whose setup and shutdown fail."""

    def setup(self) -> None:
        """Fail."""
        raise RuntimeError("no power")

    def shutdown(self) -> None:
        """Fail."""
        raise RuntimeError("no power")

    @task
    def rest(self, session: Session) -> None:
        """Rest."""

    @process(startup=True)
    def watch(self, session: Session) -> None:
        """Watch."""
        session.sleep(1.0)


def test_what_starts_by_itself_runs_with_its_parameters(agent_of: AgentOf) -> None:
    pump = agent_of(Pump)

    assert pump.status("pump").status is Status.RUNNING
    assert pump.status("pump").author["name"] == "agent"
    assert pump.status("watch").params == {"rate": 4.0}


def test_what_cannot_start_by_itself_leaves_the_rest_alone(agent_of: AgentOf) -> None:
    pump = agent_of(Pump)

    assert pump.history("fill") == []


def test_the_end_interrupts_runs_lets_them_clean_up_and_leaves_the_device_safe(agent_of: AgentOf) -> None:
    pump = agent_of(Pump)
    device, agent = pump.object, pump.site.agents[0]

    pump.clock.result_of(agent.end())

    assert device.events == ["setup", "valve shut", "shutdown"]
    assert agent.members[0].operations["pump"].latest is not None
    assert agent.members[0].operations["pump"].latest.outcome is Outcome.INTERRUPTED
    with pytest.raises(NotFoundError):
        pump.query("get_api")


def test_a_second_end_is_the_first(agent_of: AgentOf) -> None:
    agent = agent_of(Pump).site.agents[0]

    assert agent.end() is agent.end()


def test_a_run_that_does_not_end_does_not_keep_the_agent(agent_of: AgentOf) -> None:
    deaf = agent_of(Deaf)
    deaf.start("hang")
    before = deaf.clock.now

    deaf.clock.result_of(deaf.site.agents[0].end())

    assert deaf.clock.now - before == pytest.approx(11.0)
    deaf.object.gate.set()
    deaf.clock.settle()


def test_operations_wait_until_the_device_is_set_up(memory_site: Site) -> None:
    Slow.gate.clear()
    memory_site.router.stop()
    memory_site.clock.settle()
    memory_site.agents.append(agent := _agent_in(memory_site, Slow("slow")))
    ready = agent.start()
    memory_site.router.start()
    Slow.gate.set()
    memory_site.clock.result_of(ready)

    memory_site.clock.run_until(lambda: memory_site.client.joined)
    assert memory_site.device("slow").run("use").result is True


def _agent_in(site: Site, device: AnyDevice):  # type: ignore[no-untyped-def] # noqa: ANN202 - as Site.start makes it
    from ocs.agent.program.agent import Agent, AgentPlace
    from ocs.testing.memory_router import WAY

    place = AgentPlace(type(device).__name__, device.name, "test_realm", "observatory", (WAY,), site.folder / "a")
    return Agent(place, [device], site.clock.timing, make_connection=site.router.connection)


def test_a_device_that_could_not_be_set_up_fails_its_runs_with_the_reason(agent_of: AgentOf) -> None:
    faulty = agent_of(Faulty)

    session = faulty.run("rest")

    assert session.failure is not None
    assert session.failure.code is ErrorCode.NOT_ALLOWED
    assert session.failure.message == "device-1 could not be set up: no power; mend it and ask for Init"
    assert faulty.history("watch") == []


def test_operations_go_on_while_the_router_is_away(agent_of: AgentOf, memory_router: MemoryRouter) -> None:
    pump = agent_of(Pump)
    before = pump.status("pump").data["number"]

    memory_router.stop()
    pump.clock.advance(60.0)
    memory_router.start()
    pump.clock.run_until(lambda: pump.site.client.joined and pump.site.agents[0].connection.joined)

    assert pump.status("pump").data["number"] >= before + 60


def test_the_agent_is_back_within_two_seconds_of_the_router(agent_of: AgentOf, memory_router: MemoryRouter) -> None:
    pump = agent_of(Pump)
    beats = pump.messages("heartbeat")
    memory_router.stop()
    pump.clock.advance(600.0)

    memory_router.start()
    pump.clock.advance(2.0)

    assert pump.query("get_agent_class") == "Pump"
    assert beats


def test_a_call_without_router_fails_at_once(agent_of: AgentOf, memory_router: MemoryRouter) -> None:
    pump = agent_of(Pump)
    before = pump.clock.now
    memory_router.stop()

    with pytest.raises(RouterLostError):
        pump.status("pump")

    assert pump.clock.now == before


def test_a_call_in_flight_ends_when_the_router_is_lost(agent_of: AgentOf, memory_router: MemoryRouter) -> None:
    pump = agent_of(Pump)
    waiting = pump.site.client.call("observatory.device-1.ops", "wait", "pump", timeout_s=1000.0)
    pump.clock.settle()

    memory_router.stop()

    with pytest.raises(RouterLostError, match="went away during the call"):
        pump.clock.result_of(waiting)


def test_a_frozen_router_is_noticed(agent_of: AgentOf, memory_router: MemoryRouter) -> None:
    pump = agent_of(Pump)

    memory_router.freeze()
    pump.clock.advance(8.0)

    assert not pump.site.agents[0].connection.joined
    memory_router.thaw()
    pump.clock.advance(6.0)
    assert pump.site.agents[0].connection.joined


def test_an_agent_starts_without_router_and_joins_when_there_is_one(
    memory_site: Site, memory_router: MemoryRouter
) -> None:
    memory_router.stop()
    agent = memory_site.start(Pump("pump"), joins=False)
    memory_site.clock.advance(30.0)
    assert agent.members[0].operations["pump"].active

    memory_router.start()
    memory_site.clock.advance(4.0)

    assert memory_site.device("pump").status("pump").data["number"] >= 30


def test_a_second_agent_in_the_same_folder_is_refused_and_told_who_holds_it(memory_site: Site) -> None:
    memory_site.start(Pump("pump"))

    with pytest.raises(DuplicateError, match="pump runs already as process") as caught:
        memory_site.start(Pump("pump"))

    assert caught.value.code is ErrorCode.DUPLICATE


def test_a_second_agent_of_the_same_name_elsewhere_gives_up(
    clock: VirtualClock, memory_router: MemoryRouter, tmp_path: Path
) -> None:
    here, there = Site(clock, memory_router, tmp_path / "here"), Site(clock, memory_router, tmp_path / "there")
    here.start(Pump("pump"))

    second = there.start(Pump("pump"), joins=False)
    clock.run_until(lambda: there.ended)

    assert there.ended[0].code is ErrorCode.DUPLICATE
    assert "end that one first" in there.ended[0].message
    assert here.device("pump").status("pump").status is Status.RUNNING
    assert not second.connection.joined
    there.end()
    here.end()


def test_a_name_is_taken_over_from_a_holder_that_does_not_answer(
    memory_site: Site, clock: VirtualClock, memory_router: MemoryRouter
) -> None:
    dead = memory_router.connection(reactor=clock.reactor)
    for uri in ("observatory.pump", "observatory.pump.ops"):
        dead.register(uri, lambda *_: clock.timing.pause(1e6))
    dead.start()
    clock.result_of(dead.when_joined())

    memory_site.start(Pump("pump"))

    assert memory_site.device("pump").status("pump").status is Status.RUNNING
    clock.result_of(dead.close())
    for call in clock.reactor.getDelayedCalls():
        if call.getTime() > 1e5:
            call.cancel()


def test_every_name_may_be_taken_over_not_the_first_only(
    memory_site: Site, clock: VirtualClock, memory_router: MemoryRouter
) -> None:
    dead = memory_router.connection(reactor=clock.reactor)
    dead.register("observatory.second", lambda *_: Deferred())
    dead.start()
    clock.result_of(dead.when_joined())

    memory_site.start(Deaf("first"), Deaf("second"))

    assert memory_site.ended == []
    assert memory_site.device("second").run("rest").outcome is Outcome.SUCCEEDED
    clock.result_of(dead.close())


def test_an_agent_that_the_router_does_not_let_register_ends(memory_site: Site, memory_router: MemoryRouter) -> None:
    def deny(peer: Peer, message: list[Any]) -> None:
        peer.refuse(Word.REGISTER, message[1], "wamp.error.not_authorized")

    memory_router.realms["test_realm"]._answers[Word.REGISTER] = deny

    memory_site.start(Deaf("deaf"), joins=False)
    memory_site.clock.settle()

    assert [error.code for error in memory_site.ended] == [ErrorCode.DENIED]


def test_an_agent_that_ends_starts_nothing_more(memory_site: Site, clock: VirtualClock) -> None:
    memory_site.start(Pump("pump"))
    pump = memory_site.device("pump")

    ending = memory_site.agents[0].end()
    with pytest.raises(AgentLostError, match="its agent is ending"):
        pump.start("fill", litres=1.0)

    clock.result_of(ending)


def test_runs_of_an_earlier_process_are_in_the_history(memory_site: Site) -> None:
    first = memory_site.start(Deaf("deaf"))
    memory_site.device("deaf")
    memory_site.device("deaf").object.gate.set()
    memory_site.device("deaf").run("hang")
    memory_site.clock.result_of(first.end())
    memory_site.agents.remove(first)

    memory_site.start(Deaf("deaf"))

    deaf = memory_site.device("deaf")
    assert [session.outcome for session in deaf.history("hang")] == [Outcome.SUCCEEDED]
    assert deaf.status("hang").outcome is Outcome.SUCCEEDED
    assert deaf.query("get_tasks")[0][1]["status"] == "no_history"


def test_several_devices_live_in_one_agent(memory_site: Site) -> None:
    memory_site.start(Pump("pump-1"), Pump("pump-2"), Deaf("deaf"), instance="trio")

    assert memory_site.device("pump-2").status("pump").status is Status.RUNNING
    numbers = {memory_site.device(name).status("pump").session_id for name in ("pump-1", "pump-2")}
    assert len(numbers) == 2


def test_a_handler_that_fails_ends_no_other(agent_of: AgentOf, lost: LostFailures) -> None:
    pump = agent_of(Pump)
    told: list[str] = []

    def fail(_topic: str, _payload: object) -> None:
        raise RuntimeError("handler")

    pump.site.subscribe("observatory.device-1.feeds.flow", fail)
    pump.site.subscribe("observatory.device-1.feeds.flow", lambda topic, _: told.append(topic))

    pump.object.flow.publish(a=1.0)
    pump.clock.settle()

    assert told == ["observatory.device-1.feeds.flow"]
    assert "a handler of observatory.device-1.feeds.flow failed" in lost.take()[0]
