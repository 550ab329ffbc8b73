from __future__ import annotations

from collections.abc import Callable

import pytest

from ocs.link.simulation.bench import Bench, Power
from ocs.link.simulation.faults import Fault, Faults
from ocs.link.simulation.pacing import Pace
from tests.ocs.link.fakes import FakeClock, chance
from tests.ocs.link.simulation.instruments import Thermometer


class World:
    """A bench whose time moves when the test says so."""

    def __init__(self, baud_rate: int | None = None) -> None:
        self.clock = FakeClock()
        self.sent: list[tuple[float, bytes]] = []
        self.reports: list[str] = []
        self.thermometer = Thermometer(self.clock)
        self._due: list[tuple[float, Callable[[], None]]] = []
        self.bench = Bench(
            self.thermometer,
            Pace(baud_rate),
            Faults(chance()),
            monotonic=self.clock,
            later=lambda when, call: self._due.append((when, call)),
            report=self.reports.append,
        )
        self.bench.send = lambda data: self.sent.append((round(self.clock.now - 100.0, 6), data))

    def run(self) -> None:
        while self._due:
            self._due.sort(key=lambda item: item[0])
            self.clock.now, call = self._due.pop(0)
            call()

    def say(self, data: bytes) -> bytes:
        self.bench.receive(data)
        self.run()
        answer = b"".join(piece for _, piece in self.sent)
        self.sent.clear()
        return answer


@pytest.fixture
def world() -> World:
    return World()


def test_a_line_is_answered_when_it_is_complete(world: World) -> None:
    assert world.say(b"T") == b""
    assert world.say(b"?\r\n*IDN?\r\n") == b"293.0\r\nthermometer\r\n"


def test_an_instrument_may_say_nothing(world: World) -> None:
    assert world.say(b"HUSH\r\n") == b""


def test_bytes_take_their_time_both_ways() -> None:
    world = World(baud_rate=1000)

    world.bench.receive(b"T?\r\n")
    world.run()

    assert world.sent[-1][0] == pytest.approx((4 + 7) * 0.01)
    assert b"".join(piece for _, piece in world.sent) == b"293.0\r\n"


def test_an_answer_that_fails_is_reported_and_the_next_works(world: World) -> None:
    assert world.say(b"FAIL\r\n") == b""
    assert "the author erred" in world.reports[0]
    assert world.say(b"T?\r\n") == b"293.0\r\n"


def test_an_endless_line_is_reported_and_the_next_works(world: World) -> None:
    assert world.say(b"x" * 70000) == b""
    assert "65536 bytes" in world.reports[0]
    assert world.say(b"T?\r\n") == b"293.0\r\n"


def test_an_instrument_without_power_says_nothing_and_starts_anew(world: World) -> None:
    world.bench.switch(Power.OFF)
    assert world.say(b"T?\r\n") == b""
    assert not world.bench.powered
    assert world.thermometer.cycles == 0

    world.bench.switch(Power.ON)
    assert world.say(b"T?\r\n") == b"293.0\r\n"
    assert world.thermometer.cycles == 1


def test_power_that_is_on_stays_on_unless_cycled(world: World) -> None:
    world.bench.switch(Power.ON)
    assert world.thermometer.cycles == 0

    world.bench.switch(Power.CYCLE)
    assert world.thermometer.cycles == 1


def test_an_answer_on_its_way_is_lost_with_the_power() -> None:
    world = World(baud_rate=1000)
    world.bench.faults.order(Fault.LATE, 1, 5.0)
    world.bench.receive(b"T?\r\n")
    world._due.append((102.0, lambda: world.bench.switch(Power.OFF)))

    world.run()

    assert world.sent == []


def test_a_late_answer_is_late(world: World) -> None:
    world.bench.faults.order(Fault.LATE, 1, 5.0)
    world.bench.receive(b"T?\r\n")
    world.run()

    assert world.sent == [(5.0, b"293.0\r\n")]
