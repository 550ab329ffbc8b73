"""What an operator has to know of an agent's spool: that rows wait, that it becomes full, that rows are lost."""

from __future__ import annotations

from ocs.agent.data.recording import Recorder
from ocs.model.health import Cause, HealthLevel
from ocs.store.spool.spool import WARN_PART, Spool

UNWELL_S = 30.0
"""An archiver that takes nothing for so long, in s, makes its agents degraded."""

LOSING_S = 60.0
"""An agent is bad for so long, in s, after rows were lost; as long as the archiver takes nothing in any case."""


class SpoolHealth:
    """Looked at each second.

    Args:
        spool: The spool.
        recorder: What fills it.
    """

    def __init__(self, spool: Spool, recorder: Recorder) -> None:
        self._spool = spool
        self._recorder = recorder
        self._lost = 0
        self._lost_at = 0.0
        self._since: float | None = None

    def causes(self, now: float, trouble: str, trouble_since: float) -> list[Cause]:
        """Return what makes the agent unwell.

        Args:
            now: POSIX s.
            trouble: Why the archiver takes nothing; empty when it does.
            trouble_since: Since when it does not, POSIX s.
        """
        since = self._losing(now, since=trouble_since if trouble else now)
        causes = []
        if since is not None:
            causes.append(Cause(HealthLevel.BAD, "spool", since, self._loss))
        elif self._spool.filled > WARN_PART:
            told = f"the spool is full to {100 * self._spool.filled:.0f} %, then the oldest data go; start the archiver"
            causes.append(Cause(HealthLevel.DEGRADED, "spool", now, told))
        if trouble and now - trouble_since >= UNWELL_S:
            wait = f"{self._spool.depth_rows} rows wait in the spool" + ("" if since else ", nothing is lost")
            causes.append(
                Cause(HealthLevel.DEGRADED, "archive", trouble_since, f"{trouble}; {wait}: start the archiver")
            )
        return causes

    def _losing(self, now: float, since: float) -> float | None:
        """Return since when rows are lost, None when none were lately, and none since `since`."""
        lost = self._spool.dropped_rows + self._recorder.lost_rows
        if lost > self._lost:
            self._lost, self._lost_at = lost, now
            self._since = now if self._since is None else self._since
        elif now - self._lost_at >= LOSING_S and self._lost_at < since:
            self._since = None
        return self._since

    @property
    def _loss(self) -> str:
        why = self._spool.loss or self._recorder.loss
        return (
            f"{self._lost} rows are lost for the archive ({why}); `ocs gaps` tells which, "
            "see that the archiver runs, that the spool and its disk have room, and what the device sends"
        )
