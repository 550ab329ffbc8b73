"""Kills for as long as one likes: `make soak MINUTES=10` says in the end what became of each number.

Router, agent and archiver are killed alone and together, at once and for a while, in the middle of each other's starts.
Every few minutes the counting is stopped and each number accounted for. A seed repeats the order, not the moments.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from ocs.model.gap import GapCause
from ocs.site.state import router_folder
from ocs.testing.router_process import RouterProcess
from tests.system.kills import AGENT, ARCHIVER, ROUTER, Kills
from tests.system.line import Line
from tests.system.programs import CROSSBAR, REALM, Place

ACCOUNT_S = 180.0
LONGEST_AWAY_S = 20.0
OFTEN_AT_ONCE = 0.7


def main() -> int:
    """Kill until the time is over; 0 when all is accounted for."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ocs-soak-"))
    router = RouterProcess(router_folder(folder / "router", REALM), CROSSBAR)
    place = Place(router.port, folder / "state")
    say(f"seed {given.seed}, {given.minutes:g} minutes, files in {folder}")
    try:
        router.start()
        good = Soak(Line(place), router, given.seed).run(given.minutes * 60.0)
    finally:
        (folder / "programs.log").write_text("\n\n".join(program.said for program in place.started))
        place.end()
        router.kill()
    say("each number is accounted for" if good else f"NOT GOOD, see {folder}")
    return 0 if good else 1


class Soak:
    """A line, and whoever kills it.

    Args:
        line: The line.
        router: Its router, which runs.
        seed: Decides on whatever is left to chance.
    """

    def __init__(self, line: Line, router: RouterProcess, seed: int) -> None:
        self._line = line
        self._kills = Kills(line, router, seed)
        self._count = 0

    def run(self, seconds: float) -> bool:
        """Kill for so long; False when a number is missing without a word, or there twice."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            account_at = min(end, time.monotonic() + ACCOUNT_S)
            while time.monotonic() < account_at:
                self._kill()
            self._line.stop_counting()
            account = self._line.account()
            killed = len(account.of(GapCause.PROCESS_KILLED))
            say(f"{account.summary}; the agent was killed {killed} times")
            if not account.balanced:
                say(str(account))
                return False
            self._kills.kill([AGENT])
        return True

    def _kill(self) -> None:
        chance = self._kills.chance
        victims = chance.sample([ROUTER, AGENT, ARCHIVER], k=chance.choice([1, 1, 1, 2, 3]))
        away_s = 0.0 if chance.random() < OFTEN_AT_ONCE else chance.uniform(0.5, LONGEST_AWAY_S)
        self._count += 1
        say(f"{self._count:5} kill {' and '.join(victims)} for {away_s:.0f} s; {self._line.published} published")
        self._kills.kill(victims, away_s)


def say(text: str) -> None:
    """Tell whoever watches."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
