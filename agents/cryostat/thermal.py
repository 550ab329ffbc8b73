"""How a small cryostat warms and cools: one cold stage, a heater, a cooler, and thermometers at several places.

The stage has one heat capacity C, a link to the cold head and a weak one to the room:

    C dT/dt = P + G_cooler (T_head - T) + G_room (T_room - T)

Each thermometer follows its place with a lag of first order. While the power does not change, both have a solution
in closed form, so a look after an hour costs as much as one after a millisecond, and looking changes nothing.
All numbers are ours; no real cryostat was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

MAX_KELVIN = 400.0
"""Temperature of the stage at which the thermal cut-out opens the heater's circuit, in K."""


@dataclass(frozen=True)
class Plant:
    """What the cryostat is made of.

    Attributes:
        capacity: Heat capacity of the stage, J/K.
        cooler_link: Conductance to the cold head while the cooler runs, W/K.
        room_link: Conductance to the room, W/K.
        head: Temperature of the cold head, K.
        room: Temperature of the room, K.
        cooling: Whether the cooler runs.
    """

    capacity: float = 6.0
    cooler_link: float = 0.15
    room_link: float = 0.0005
    head: float = 3.0
    room: float = 293.0
    cooling: bool = True

    @property
    def link(self) -> float:
        """Conductance to everything around, W/K."""
        return self.room_link + (self.cooler_link if self.cooling else 0.0)

    @property
    def time_constant_s(self) -> float:
        """Time in which the stage comes nearer to its end temperature by a factor e, s."""
        return self.capacity / self.link

    def end_kelvin(self, watts: float) -> float:
        """Return the temperature that the stage comes to with a constant power, K."""
        cold = self.cooler_link * self.head if self.cooling else 0.0
        return (watts + cold + self.room_link * self.room) / self.link


@dataclass(frozen=True)
class Place:
    """Where a thermometer sits, and what it is.

    Attributes:
        share: Part of its temperature that is the stage's, 0 to 1.
        other: What the rest comes from, K; the room, while the cooler is off.
        rise: How much it is above that for each watt of the heater, K/W.
        lag_s: Its time constant, s.
        noise: Standard deviation of one reading, K.
    """

    share: float = 1.0
    other: float = 45.0
    rise: float = 0.0
    lag_s: float = 0.5
    noise: float = 0.002


PLACES: tuple[Place, ...] = (
    Place(lag_s=0.5, noise=0.002),
    Place(share=0.98, other=30.0, lag_s=4.0, noise=0.005),
    Place(rise=0.3, lag_s=0.3, noise=0.01),
    Place(share=0.2, lag_s=60.0, noise=0.02),
)
"""Thermometers 1 to 4: at the stage, at the sample, beside the heater, on the radiation shield."""


@dataclass(frozen=True)
class Temperatures:
    """Temperature of the stage and of each thermometer at one moment, K."""

    stage: float
    sensors: tuple[float, ...]


def settled(plant: Plant, places: tuple[Place, ...], watts: float = 0.0, stage: float | None = None) -> Temperatures:
    """Return the temperatures after a long time with the stage at `stage` K; where it ends by itself, if left out."""
    kelvin = plant.end_kelvin(watts) if stage is None else stage
    return Temperatures(kelvin, tuple(place.share * kelvin + _rest(plant, place, watts) for place in places))


def after(now: Temperatures, plant: Plant, places: tuple[Place, ...], watts: float, seconds: float) -> Temperatures:
    """Return the temperatures after `seconds` (0 or more) with a constant power."""
    end, tau = plant.end_kelvin(watts), plant.time_constant_s
    away = now.stage - end
    left = math.exp(-seconds / tau)

    def sensor(place: Place, kelvin: float) -> float:
        # With equal time constants the solution below is 0/0; this near to it is near enough.
        lag_s = place.lag_s * (1 + 1e-4) if abs(place.lag_s / tau - 1) < 1e-5 else place.lag_s  # noqa: PLR2004
        follows = place.share * away / (1 - lag_s / tau)
        goal = place.share * end + _rest(plant, place, watts)
        return goal + follows * left + (kelvin - goal - follows) * math.exp(-seconds / lag_s)

    return Temperatures(end + away * left, tuple(map(sensor, places, now.sensors)))


def _rest(plant: Plant, place: Place, watts: float) -> float:
    return (1 - place.share) * (place.other if plant.cooling else plant.room) + place.rise * watts


class Cryostat:
    """The cryostat as it is now, by its clock.

    Args:
        monotonic: The clock, in s.
        plant: What it is made of.
        places: Of its thermometers.
        stage: Temperature of the stage at first, K, 3 to 400; where it ends without heater, if left out.
        speed: How many times faster than in nature it warms and cools.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        plant: Plant | None = None,
        places: tuple[Place, ...] = PLACES,
        stage: float | None = None,
        speed: float = 1.0,
    ) -> None:
        self.places = places
        self._speed = speed
        self._monotonic = monotonic
        self._plant = plant or Plant()
        self._temperatures = settled(self._plant, places, stage=stage)
        self._watts = 0.0
        self._cut_out = False
        self._seen = monotonic()

    @property
    def temperatures(self) -> Temperatures:
        """The true temperatures at this moment."""
        self._look()
        return self._temperatures

    @property
    def plant(self) -> Plant:
        """What it is made of."""
        return self._plant

    @property
    def watts(self) -> float:
        """The power that the heater takes at this moment, W; 0 once the cut-out has opened."""
        self._look()
        return self._watts

    @property
    def cut_out(self) -> bool:
        """Whether the stage was too hot and the heater's circuit is open since."""
        self._look()
        return self._cut_out

    def heat(self, watts: float, *, ago_s: float = 0.0) -> None:
        """Give the heater a power, W, 0 or more; nothing happens while the cut-out is open.

        Args:
            watts: The power.
            ago_s: Since when, in s before now; since the last look, if that was later.
        """
        self._look(ago_s)
        self._watts = 0.0 if self._cut_out else watts

    def close_cut_out(self) -> None:
        """Close the cut-out by hand; it opens again when the stage is too hot."""
        self._look()
        self._cut_out = False

    def change(self, **values: float | bool) -> None:
        """Change what it is made of, from now on: `head`, `room`, `cooling` or any other of `Plant`."""
        self._look()
        self._plant = replace(self._plant, **values)  # type: ignore[arg-type] # the caller knows the fields

    def put(self, stage: float) -> None:
        """Put the stage to a temperature, K, as if it had been there for long."""
        self._look()
        self._temperatures = settled(self._plant, self.places, self._watts, stage)

    def _look(self, ago_s: float = 0.0) -> None:
        """Let the time pass until `ago_s` before now, in at most two steps: before and after the cut-out opens."""
        moment = max(self._seen, self._monotonic() - ago_s)
        left_s, self._seen = (moment - self._seen) * self._speed, moment
        until_s = self._cut_out_after_s()
        if until_s <= left_s:
            self._pass(until_s)
            self._cut_out, self._watts = True, 0.0
            left_s -= until_s
        self._pass(left_s)

    def _pass(self, seconds: float) -> None:
        self._temperatures = after(self._temperatures, self._plant, self.places, self._watts, seconds)

    def _cut_out_after_s(self) -> float:
        """Return the time until the stage is too hot, s; infinity if it will not be, or does not matter."""
        end, stage = self._plant.end_kelvin(self._watts), self._temperatures.stage
        if self._watts == 0 or max(end, stage) <= MAX_KELVIN:
            return math.inf
        if stage >= MAX_KELVIN:
            return 0.0
        return self._plant.time_constant_s * math.log((end - stage) / (end - MAX_KELVIN))
