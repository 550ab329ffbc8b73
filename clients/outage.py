"""An outage on purpose: kills the router of a running site in the middle of an observation, and sees it return."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from typing import Any

import psutil

from ocs.client import connect
from ocs.model.errors import OcsError

SCAN_S = 90.0
BACK_S = 90.0
GONE_S = 5.0
LOOK_S = 0.25


class Outage:
    """Kills the router once, in the middle of a scan.

    Attributes:
        began: When it was killed, POSIX s.

    Args:
        supervisor: Process number of `ocs up`, whose child the router is.
        stage: Name of the stage.
        start: It is in its scan when it has been below this position, in mm,
        middle: and in the middle of it when it is above this one, in mm.
    """

    def __init__(self, supervisor: int, stage: str = "stage-1", start: float = -13.5, middle: float = 0.0) -> None:
        self.began = 0.0
        self._duration_s: float | None = None
        self._trouble = "the router was not killed: the stage did not come to the middle of its scan in time"
        self._supervisor = supervisor
        self._stage = stage
        self._positions = (start, middle)
        self._thread = threading.Thread(target=self._make, name="outage", daemon=True)

    def start(self) -> None:
        """Begin to watch the stage."""
        self._thread.start()

    def wait(self) -> float:
        """Return for how long the router was away, in s, when it is back.

        Raises:
            TimeoutError: It was not killed, or is not back; the sentence says which.
        """
        self._thread.join(SCAN_S + BACK_S)
        if self._duration_s is None:
            raise TimeoutError(self._trouble)
        return self._duration_s

    def _make(self) -> None:
        try:
            self._await_scan()
            router = self._router()
        except (OcsError, LookupError) as error:
            self._trouble = f"the router was not killed: {error}"
            return
        self._trouble = f"the router was not back {BACK_S:g} s after it was killed"
        sys.stdout.write("demo: the router is killed now, in the middle of the scan\n")
        sys.stdout.flush()
        self.began = time.time()
        for process in [router, *router.children(recursive=True)]:
            process.kill()
        psutil.wait_procs([router], timeout=GONE_S)
        self._await_return()

    def _await_scan(self) -> None:
        start, middle = self._positions
        with connect() as obs:
            position = obs[self._stage].channels["position"]
            position.wait_until(lambda reading: _below(reading, start), timeout_s=SCAN_S)
            position.wait_until(lambda reading: not _below(reading, middle), timeout_s=SCAN_S)

    def _router(self) -> psutil.Process:
        for child in psutil.Process(self._supervisor).children():
            if "crossbar" in _command(child):
                return child
        raise LookupError("the site has no router of its own")

    def _await_return(self) -> None:
        deadline = time.monotonic() + BACK_S
        while time.monotonic() < deadline:
            threading.Event().wait(LOOK_S)
            with suppress(OcsError), connect():
                self._duration_s = time.time() - self.began
                return


def _below(reading: Any, position: float) -> bool:
    return reading.value is not None and bool(reading.value < position)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
