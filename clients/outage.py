"""An outage on purpose: kills the router of a running site in the middle of an observation, and sees it return."""

from __future__ import annotations

import threading
import time
from typing import Any

import psutil

from ocs.client import connect
from ocs.model.errors import OcsError

SCAN_S = 90.0
BACK_S = 90.0
GONE_S = 5.0
LOOK_S = 0.25


class Outage:
    """Kills the router once, when the stage is half-way through its scan.

    Args:
        supervisor: Process number of `ocs up`, whose child the router is.
        stage: Name of the stage.
        start: It is in its scan when it has been below this position, in mm,
        middle: and half-way when it is above this one, in mm.
    """

    def __init__(self, supervisor: int, stage: str = "stage-1", start: float = -13.5, middle: float = -2.0) -> None:
        self.began = 0.0
        self.duration_s: float | None = None
        self.trouble = ""
        self._supervisor = supervisor
        self._stage = stage
        self._positions = (start, middle)
        self._thread = threading.Thread(target=self._make, name="outage", daemon=True)

    def start(self) -> None:
        """Begin to watch the stage."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until the router is back."""
        self._thread.join(SCAN_S + BACK_S)

    def _make(self) -> None:
        start, middle = self._positions
        try:
            with connect() as obs:
                position = obs[self._stage].channels["position"]
                position.wait_until(lambda reading: _below(reading, start), timeout_s=SCAN_S)
                position.wait_until(lambda reading: not _below(reading, middle), timeout_s=SCAN_S)
        except (OcsError, KeyError) as error:
            self.trouble = f"no outage was made: {error}"
            return
        routers = [child for child in psutil.Process(self._supervisor).children() if "crossbar" in _command(child)]
        if not routers:
            self.trouble = "no outage was made: the site has no router of its own"
            return
        self.began = time.time()
        for process in [routers[0], *routers[0].children(recursive=True)]:
            process.kill()
        psutil.wait_procs(routers, timeout=GONE_S)
        self._await_return()

    def _await_return(self) -> None:
        deadline = time.monotonic() + BACK_S
        while time.monotonic() < deadline:
            threading.Event().wait(LOOK_S)
            try:
                with connect():
                    self.duration_s = time.time() - self.began
                    return
            except OcsError:
                continue
        self.trouble = f"the router was not back {BACK_S:g} s after it was killed"


def _below(reading: Any, position: float) -> bool:
    return reading.value is not None and bool(reading.value < position)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
