"""One simulated output with its load: voltage and current follow from settings, load and clock."""

from __future__ import annotations

import math

from agents.scpi_psu.reply import Rating
from agents.scpi_psu.status import Protection, Regulation
from ocs.link.simulator import Monotonic

OPEN_OHM = 1e9
"""A load that is not there."""
SHORT_OHM = 1e-3
"""The least resistance of a wire across the terminals."""
RAMP_S = 0.05
"""Time constant of the voltage, a choice of the simulator."""
ARRIVED_V = 5e-4
"""Half of the resolution: nearer to its set point, the voltage counts as arrived."""
NO_PROTECTION = Protection(0)
NO_REGULATION = Regulation(0)


class Terminals:
    """One output: a voltage that is approached exponentially, a limit of the current, and a resistor between the posts.

    Args:
        monotonic: The clock, in s.
        rating: The most that it gives.
        load_ohm: The resistor.
        ramp_s: Time constant with which the voltage follows its set point or falls after switching off.
    """

    def __init__(
        self, monotonic: Monotonic, rating: Rating, load_ohm: float = OPEN_OHM, ramp_s: float = RAMP_S
    ) -> None:
        self.rating = rating
        self.load_ohm = load_ohm
        self.protection = NO_PROTECTION
        self.volts_limit = rating.volts
        self.limited = False
        self.amperes_set = rating.amperes
        self._cause = NO_PROTECTION
        self._volts_set = 0.0
        self._on = False
        self._monotonic = monotonic
        self._ramp_s = ramp_s
        self._start_volts = 0.0
        self._changed = monotonic()

    @property
    def on(self) -> bool:
        """Whether the output is switched on."""
        return self._on

    @property
    def volts_set(self) -> float:
        """The set point of the voltage, in V."""
        return self._volts_set

    @volts_set.setter
    def volts_set(self, volts: float) -> None:
        self._keep_course()
        self._volts_set = volts

    @property
    def volts(self) -> float:
        """What a voltmeter at the posts shows, in V: less than is driven when the limit of the current is reached."""
        return min(self._driven(), self.amperes_set * self.load_ohm)

    @property
    def amperes(self) -> float:
        """What flows through the load, in A."""
        return min(self._driven() / self.load_ohm, self.amperes_set)

    @property
    def regulation(self) -> Regulation:
        """What the output holds now; nothing while it is off."""
        if not self._on:
            return NO_REGULATION
        limited = self._driven() > self.amperes_set * self.load_ohm
        return Regulation.CONSTANT_CURRENT if limited else Regulation.CONSTANT_VOLTAGE

    def switch(self, *, on: bool) -> None:
        """Switch the output; off also forgets what a protection has done, unless its cause lasts."""
        self._keep_course()
        self._on = on
        if not on:
            self.protection = self._cause

    def trip(self, protection: Protection) -> None:
        """Let something be wrong that makes a protection switch the output off; an empty one takes the cause away."""
        self._cause = protection
        if protection:
            self.switch(on=False)

    def reset(self) -> None:
        """Switch off, and take the settings of the factory; the load stays."""
        self.switch(on=False)
        self._volts_set = 0.0
        self.amperes_set = self.rating.amperes
        self.volts_limit = self.rating.volts
        self.limited = False

    def _driven(self) -> float:
        # What the regulator drives, before the limit of the current takes part of it away.
        goal = self._volts_set if self._on else 0.0
        left = (self._start_volts - goal) * math.exp(-(self._monotonic() - self._changed) / self._ramp_s)
        return goal if abs(left) < ARRIVED_V else goal + left

    def _keep_course(self) -> None:
        self._start_volts, self._changed = self._driven(), self._monotonic()
