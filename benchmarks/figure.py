"""One figure of the table: a value, its reference of the same run, and the target for their ratio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Pair = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """A measured figure.

    Attributes:
        name: What was measured.
        value: Ours.
        unit: Unit of value and reference.
        reference: The bare program's, or the figure to beat.
        target: What the ratio of value to reference must be: at most, or at least.
        at_least: Whether more is better.
        runs: Ratios of the single rounds.
        note: Why a target is missed.
    """

    name: str
    value: float
    unit: str
    reference: float
    target: float
    at_least: bool = False
    runs: Sequence[float] = field(default_factory=list)
    note: str = ""

    @property
    def ratio(self) -> float:
        """Value over reference."""
        return self.value / self.reference if self.reference else self.value

    @property
    def ok(self) -> bool:
        """Whether the target is reached."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def encode(self) -> dict[str, Any]:
        """Return the figure as an entry of build/bench.json."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "reference": round(self.reference, 4),
            "ratio": round(self.ratio, 4),
            "target": f"{'>=' if self.at_least else '<='} {self.target:g}",
            "ok": self.ok,
            "runs": [round(ratio, 4) for ratio in self.runs],
            **({"note": self.note} if self.note and not self.ok else {}),
        }


def in_turn(rounds: int, reference: Callable[[], float], ours: Callable[[], float]) -> list[Pair]:
    """Measure reference and ours in turn, and return (ours, reference) of each round."""
    pairs = []
    for _ in range(rounds):
        other = reference()
        pairs.append((ours(), other))
    return pairs


def compared(
    name: str, pairs: Sequence[Pair], unit: str, target: float, *, at_least: bool = False, note: str = ""
) -> Figure:
    """Return the figure of some rounds: the medians, and the ratio of each round."""
    return Figure(
        name,
        median(pair[0] for pair in pairs),
        unit,
        median(pair[1] for pair in pairs),
        target,
        at_least,
        [pair[0] / pair[1] for pair in pairs],
        note,
    )
