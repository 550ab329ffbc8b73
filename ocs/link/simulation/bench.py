"""The instrument on its bench: its line with the real timing, its power, its faults."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Protocol

from ocs.link.framing import Lines
from ocs.link.simulation.faults import Faults
from ocs.link.simulation.instrument import Instrument, Monotonic
from ocs.link.simulation.pacing import Pace
from ocs.model.errors import DeviceError

Report = Callable[[str], None]


class Later(Protocol):
    """Calls a function at a time of the monotonic clock, in the same thread."""

    def __call__(self, when: float, call: Callable[[], None], /) -> object:
        """Have `call` called at `when`; soon, if that has passed."""


class Power(Enum):
    """What can be done to the instrument's power."""

    ON = "on"
    OFF = "off"
    CYCLE = "cycle"


class Bench:
    """One instrument between the bytes that come and the bytes that go.

    Args:
        instrument: Answers the lines.
        pace: The timing of the line.
        faults: Spoil some answers.
        monotonic: The clock.
        later: Calls back at a time of this clock.
        report: Takes what a person should know, as text.
    """

    def __init__(
        self,
        instrument: Instrument,
        pace: Pace,
        faults: Faults,
        *,
        monotonic: Monotonic,
        later: Later,
        report: Report,
    ) -> None:
        self.instrument = instrument
        self.faults = faults
        self._pace = pace
        self._monotonic = monotonic
        self._later = later
        self._report = report
        self._lines = Lines(instrument.terminator)
        self._powered = True
        self.send: Callable[[bytes], None] = lambda _data: None

    @property
    def powered(self) -> bool:
        """Whether the instrument has power."""
        return self._powered

    def receive(self, data: bytes) -> None:
        """Take bytes that the other side has written."""
        when = self._pace.arrival(self._monotonic(), len(data))
        self._at(when, lambda: self._arrive(data))

    def switch(self, power: Power) -> None:
        """Switch the instrument on or off, or off and on again."""
        if power is not Power.ON:
            self._powered = False
            self._lines.reset()
        if power is not Power.OFF and not self._powered:
            self.instrument.power_cycle()
            self._powered = True

    def _arrive(self, data: bytes) -> None:
        if not self._powered:
            return
        try:
            lines = self._lines.feed(data)
        except DeviceError as error:
            self._report(error.message)
            return
        for line in lines:
            self._obey(line)

    def _obey(self, line: bytes) -> None:
        try:
            answer = self.instrument.answer(line)
        except Exception:  # noqa: BLE001 - the world goes on when an instrument's author erred
            self._report(f"the answer to {line!r} failed:\n{traceback.format_exc()}")
            return
        if answer is None:
            return
        emission = self.faults.spoil(answer, self.instrument.terminator)
        if emission is not None:
            when = self._monotonic() + emission.delay_s
            self._at(when, lambda: self._depart(emission.data))

    def _depart(self, data: bytes) -> None:
        for when, piece in self._pace.departures(self._monotonic(), data):
            self._at(when, partial(self._send, piece))

    def _send(self, piece: bytes) -> None:
        if self._powered:
            self.send(piece)

    def _at(self, when: float, call: Callable[[], None]) -> None:
        if when <= self._monotonic():
            call()
        else:
            self._later(when, call)
