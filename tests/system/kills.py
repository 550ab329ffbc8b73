"""Router, agent and archiver, killed and started again in an order that a seed decides, while numbers run."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from ocs.testing.router_process import RouterProcess
from tests.system.line import Line
from tests.system.programs import Program

ROUTER, AGENT, ARCHIVER = "router", "agent", "archiver"

PATIENT = 0.6
"""So often what was killed is waited for before the next one dies; else that dies while the others are busy."""


class Kills:
    """The line, and those of it that are killed.

    Args:
        line: The line; agent and archiver are started here.
        router: Its router, which runs.
        seed: Decides on whatever is left to chance.
    """

    def __init__(self, line: Line, router: RouterProcess, seed: int) -> None:
        self.chance = random.Random(seed)
        self._line = line
        self._router = router
        self._programs: dict[str, Program] = {ARCHIVER: line.start_archiver(), AGENT: line.start_agent()}

    def kill(self, victims: Sequence[str], away_s: float = 0.0) -> None:
        """Kill some at once, and start them again after so many seconds."""
        for victim in victims:
            if victim == ROUTER:
                self._router.kill()
            else:
                self._programs[victim].kill()
                self._programs[victim].wait()
        threading.Event().wait(away_s)
        for victim in victims:
            if victim == ROUTER:
                self._router.start()
            elif victim == AGENT:
                self._programs[victim] = self._line.start_agent(joined=False)
            else:
                self._programs[victim] = self._line.start_archiver(joined=False)
        if self.chance.random() < PATIENT:
            self._line.wait_for_rows(self.chance.randrange(50, 500))
