"""What the simulated thermometer's sensors feel: slow drift, thermal lag, and a beam over the stage."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from ocs.link.simulator import Monotonic

LAG_S = 0.15
"""Time constant of every sensor, in s."""
NOISE_K = 0.02
"""Standard deviation of one reading, in K."""
DRIFT_K = 0.02
"""Amplitude of the slow drift, in K."""
BASES_K = (77.0, 77.4, 50.2, 40.1, 20.3, 4.2, 10.5, 293.2)
"""Mean temperatures of the inputs 1 to 8, in K."""


@dataclass
class Beam:
    """How much input 1 warms up, by the place of the stage: a Gaussian of one dimension.

    Args:
        peak: Place of the maximum, in mm.
        amplitude: Height of the maximum, in K.
        sigma: Standard deviation of the Gaussian, in mm.
    """

    peak: float
    amplitude: float = 4.0
    sigma: float = 2.5

    def kelvin(self, position: float) -> float:
        """Return the warming in K with the stage at `position` in mm."""
        return self.amplitude * math.exp(-(((position - self.peak) / self.sigma) ** 2) / 2)


class Sensor:
    """One sensor that follows its surroundings with a first order lag.

    Between two looks the surroundings count as constant at what they are at the second.

    Args:
        monotonic: The clock, in s.
        surroundings: What the sensor would settle at, in K.
        lag_s: Time constant in s.
    """

    def __init__(self, monotonic: Monotonic, surroundings: Callable[[], float], lag_s: float = LAG_S) -> None:
        self._monotonic = monotonic
        self._surroundings = surroundings
        self._lag_s = lag_s
        self._kelvin = surroundings()
        self._seen = monotonic()

    def kelvin(self) -> float:
        """Return the temperature of the sensor at this moment, in K."""
        now, goal = self._monotonic(), self._surroundings()
        self._kelvin = goal + (self._kelvin - goal) * math.exp((self._seen - now) / self._lag_s)
        self._seen = now
        return self._kelvin


class World:
    """The surroundings of all inputs.

    Args:
        monotonic: The clock, in s.
        chance: Draws the phases of the drift and the noise of each reading.
        beam: What input 1 sees besides its base.
        stage: Tells the place of the stage in mm; None when there is no stage to be asked.
        inputs: How many sensors there are.
    """

    def __init__(
        self,
        monotonic: Monotonic,
        chance: random.Random,
        beam: Beam,
        stage: Callable[[], float | None],
        inputs: int = len(BASES_K),
    ) -> None:
        self.bases = list(BASES_K[:inputs])
        self.beam = beam
        self._monotonic = monotonic
        self._chance = chance
        self._stage = stage
        self._drifts = [(chance.uniform(0.0, math.tau), chance.uniform(400.0, 900.0)) for _ in self.bases]
        self._sensors = [
            Sensor(monotonic, lambda index=index: self._surroundings(index))  # type: ignore[misc]
            for index in range(inputs)
        ]

    def kelvin(self, index: int) -> float:
        """Return the true temperature of a sensor, counted from 0, in K."""
        return self._sensors[index].kelvin()

    def noise(self) -> float:
        """Draw the error of one reading, in K."""
        return self._chance.gauss(0.0, NOISE_K)

    def _surroundings(self, index: int) -> float:
        phase, period_s = self._drifts[index]
        drift = DRIFT_K * math.sin(phase + math.tau * self._monotonic() / period_s)
        return self.bases[index] + drift + (self._beam_kelvin() if index == 0 else 0.0)

    def _beam_kelvin(self) -> float:
        position = self._stage()
        return 0.0 if position is None else self.beam.kelvin(position)
