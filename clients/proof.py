"""What the archive has of a demonstration: whether a sample is missing, and the temperatures for its picture."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from clients.thermometer import Sample
from ocs.client import connect

TEMPERATURE = "thermo-1.channel_1_T"
SPOOLS_TIMEOUT_S = 60.0
SENT_S = 1.0
"""A spool whose oldest row is younger than so many seconds has caught up."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the archive has of all devices in a span of time.

    Attributes:
        samples: Rows that it has.
        missing: Numbers of rows that it does not have, though later ones came.
        duplicated: Rows that it has twice.
        gaps: Gap records.
    """

    samples: int
    missing: int
    duplicated: int
    gaps: int

    @property
    def complete(self) -> bool:
        """Whether there are samples, each of them once."""
        return self.samples > 0 and not self.missing and not self.duplicated


def look_into_archive(start: float) -> tuple[Proof, list[Sample]]:
    """Return what the archive has since `start` (POSIX s), and the scanned thermometer's samples from it.

    Raises:
        OcsError: There is no archiver, or it does not answer.
        TimeoutError: A spool was not empty within 60 s.
    """
    with connect() as obs:
        await_spools(obs)
        end = time.time()
        found = obs["archiver"].command("continuity", pattern="*", start=start, end=end)
        gaps = obs.gaps("*", start, end)
        columns = obs.history(TEMPERATURE, start, end).to_numpy()
    samples, missing, duplicated = (sum(each[key] for each in found) for key in ("rows", "missing", "duplicated"))
    times = columns["time"].astype("int64") / 1e9
    return (
        Proof(samples, missing, duplicated, len(gaps)),
        [Sample(*each) for each in zip(times.tolist(), columns[TEMPERATURE].tolist(), strict=True)],
    )


def await_spools(obs: Any) -> None:
    """Wait until the agents have nothing left to send that is older than a second."""
    deadline = time.monotonic() + SPOOLS_TIMEOUT_S
    for name in obs.devices():
        while name.startswith("dserver/") and (obs[name].channels["spool_age"].get() or 0.0) > SENT_S:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the spool of {name} is not empty after {SPOOLS_TIMEOUT_S:g} s")
            threading.Event().wait(0.5)
