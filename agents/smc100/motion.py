"""How the simulated stage moves: pieces of constant acceleration, computed from the time passed."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """A time in s during which the acceleration, in mm/s2, is constant."""

    duration_s: float
    acceleration: float


@dataclass(frozen=True)
class Motion:
    """A motion from a place and a velocity on, through its pieces; afterwards the stage stands.

    Args:
        start: Place at its begin, in mm.
        end: Place after its last piece, in mm; given, so that no rounding moves it.
        velocity: At its begin, in mm/s.
        pieces: One after the other; they lead to `end` with velocity 0.
    """

    start: float
    end: float
    velocity: float = 0.0
    pieces: tuple[Piece, ...] = ()

    @property
    def duration_s(self) -> float:
        """How long it lasts, in s."""
        return sum(piece.duration_s for piece in self.pieces)

    def at(self, time_s: float) -> tuple[float, float]:
        """Return place in mm and velocity in mm/s at `time_s`, not negative, after the begin."""
        if time_s >= self.duration_s:
            return self.end, 0.0
        place, velocity, left = self.start, self.velocity, time_s
        for piece in self.pieces:
            t = min(left, piece.duration_s)
            place += velocity * t + piece.acceleration * t * t / 2
            velocity += piece.acceleration * t
            left -= t
        return place, velocity


def travel(start: float, target: float, velocity: float, acceleration: float) -> Motion:
    """Plan a move from rest to rest; velocity in mm/s and acceleration in mm/s2 are limits above 0."""
    length = abs(target - start)
    push = math.copysign(acceleration, target - start)
    ramp_s = min(velocity / acceleration, math.sqrt(length / acceleration))
    peak = acceleration * ramp_s
    cruise_s = max(0.0, length / peak - ramp_s) if peak > 0 else 0.0
    pieces = (Piece(ramp_s, push), Piece(cruise_s, 0.0), Piece(ramp_s, -push))
    return Motion(start, target, pieces=pieces)


def brake(start: float, velocity: float, acceleration: float) -> Motion:
    """Plan how to stop from `velocity` in mm/s with `acceleration` in mm/s2, above 0."""
    stop_s = abs(velocity) / acceleration
    piece = Piece(stop_s, -math.copysign(acceleration, velocity))
    return Motion(start, start + velocity * stop_s / 2, velocity, (piece,))


def rest(place: float) -> Motion:
    """Stand at a place, in mm."""
    return Motion(place, place)
