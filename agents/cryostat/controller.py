"""What all devices of the cryostat share: the controller, each over a connection of its own."""

from __future__ import annotations

from typing import TypeVar

from agents.cryostat import driver
from agents.cryostat.driver import Query
from ocs.agent import Device, Lines, LinkTo, Property

T = TypeVar("T")


class OfController(Device):
    """A device behind the cryostat's controller, which serves several connections at once."""

    port: Property[str] = Property("sim", doc="tcp://host:7777, /dev/ttyUSB0 for a single device, or sim")
    simulator_name: Property[str] = Property(
        "cryostat", doc="simulated controller; devices of one agent with the same name share it, empty for one alone"
    )
    seed: Property[int] = Property(-1, doc="seed of the simulator's noise; -1 for a new one each time")
    speed: Property[float] = Property(1.0, doc="how many times faster than in nature the simulated stage is", unit="1")
    link = LinkTo(
        lambda: Lines(driver.TERMINATOR), driver.BAUD_RATE, simulator="agents.cryostat.sim", shared="simulator_name"
    )

    def simulator_options(self) -> list[str]:
        """Return what the simulator is told, the same for all who share it."""
        seed = [] if self.seed < 0 else ["--seed", str(self.seed)]
        return ["--tcp", "0", "--no-timing", "--speed", str(self.speed), *seed]

    def check_link(self) -> None:
        """See that the controller answers."""
        self.ask(driver.identity())

    def ask(self, query: Query[T]) -> T:
        """Return the typed answer to a question."""
        return query.parse(self.link.ask(query.text))
