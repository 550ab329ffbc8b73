"""What a device tells of its state, and its edges, as maps and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ocs.model.tango_state import TangoState
from ocs.wire.plain import sendable


@dataclass(frozen=True, slots=True)
class StateReport:
    """A device's state at one moment.

    Attributes:
        state: Name of the state in the device's chart.
        tango: What any client understands of it; ALARM also when a channel is beyond its limits.
        status: Sentences for people.
        since: When it was entered, POSIX s, UTC.
        by: Who made it so: the router's name of a caller, or `agent`.
        reason: Why, in the words of whoever did it.
        allowed: Triggers that a client may ask for now.
        seq: Number of the newest edge.
        epoch: Start of the agent process in ns.
    """

    state: str
    tango: TangoState
    status: str
    since: float
    by: str = ""
    reason: str = ""
    allowed: tuple[str, ...] = field(default_factory=tuple)
    seq: int = 0
    epoch: int = 0

    @property
    def number(self) -> int:
        """Tango's number of the state, 0 to 13."""
        return self.tango.value


@dataclass(frozen=True, slots=True)
class StateEvent:
    """An edge: where from, by which trigger, and the state since then."""

    source: str
    trigger: str
    time: float
    report: StateReport


def encode_report(report: StateReport) -> dict[str, Any]:
    """Return a state report as a map, the Tango state as word and as number."""
    return {
        "state": report.state,
        "tango": report.tango.name,
        "number": report.tango.value,
        "status": sendable(report.status),
        "since": report.since,
        "by": sendable(report.by),
        "reason": sendable(report.reason),
        "allowed": list(report.allowed),
        "seq": report.seq,
        "epoch": report.epoch,
    }


def decode_report(encoded: Mapping[str, Any]) -> StateReport:
    """Return the state report in a map; a Tango state that a later version has is UNKNOWN here."""
    word = str(encoded.get("tango", "UNKNOWN"))
    return StateReport(
        state=str(encoded.get("state", word)),
        tango=TangoState[word] if word in TangoState.__members__ else TangoState.UNKNOWN,
        status=str(encoded.get("status", "")),
        since=float(encoded.get("since") or 0.0),
        by=str(encoded.get("by", "")),
        reason=str(encoded.get("reason", "")),
        allowed=tuple(encoded.get("allowed", ())),
        seq=int(encoded.get("seq", 0)),
        epoch=int(encoded.get("epoch", 0)),
    )


def encode_edge(event: StateEvent) -> dict[str, Any]:
    """Return the payload of an edge."""
    report = encode_report(event.report)
    return {**report, "from": event.source, "to": report["state"], "trigger": event.trigger, "time": event.time}


def decode_edge(encoded: Mapping[str, Any]) -> StateEvent:
    """Return the edge in an event of `R.D.events.state`."""
    return StateEvent(
        source=str(encoded.get("from", "")), trigger=str(encoded.get("trigger", "")),
        time=float(encoded.get("time") or 0.0), report=decode_report(encoded),
    )  # fmt: skip
