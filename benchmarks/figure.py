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
        absolute: Whether the target is for the value itself, in its unit, instead of the ratio.
        detail: What belongs to the figure, whether the target is reached or not.
        counts: Whether the run was as it must be; if not, the target is not reached whatever was measured.
    """

    name: str
    value: float
    unit: str
    reference: float
    target: float
    at_least: bool = False
    runs: Sequence[float] = field(default_factory=list)
    note: str = ""
    absolute: bool = False
    detail: str = ""
    counts: bool = True

    @property
    def ratio(self) -> float:
        """Value over reference."""
        return self.value / self.reference if self.reference else self.value

    @property
    def ok(self) -> bool:
        """Whether the target is reached."""
        measured = self.value if self.absolute else self.ratio
        return self.counts and (measured >= self.target if self.at_least else measured <= self.target)

    def encode(self) -> dict[str, Any]:
        """Return the figure as an entry of build/bench.json."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "reference": round(self.reference, 4),
            "ratio": round(self.ratio, 4),
            "target": f"{'>=' if self.at_least else '<='} {self.target:g}{f' {self.unit}' if self.absolute else ''}",
            "ok": self.ok,
            "runs": [round(ratio, 4) for ratio in self.runs],
            **({"note": self.note} if self.note and not self.ok else {}),
            **({"detail": self.detail} if self.detail else {}),
        }


def in_turn(rounds: int, reference: Callable[[], float], ours: Callable[[], float]) -> list[Pair]:
    """Measure reference and ours in turn, and return (ours, reference) of each round."""
    pairs = []
    for _ in range(rounds):
        other = reference()
        pairs.append((ours(), other))
    return pairs


def compared(
    name: str,
    pairs: Sequence[Pair],
    unit: str,
    target: float,
    *,
    at_least: bool = False,
    note: str = "",
    absolute: bool = False,
    detail: str = "",
    counts: bool = True,
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
        absolute,
        detail,
        counts,
    )
