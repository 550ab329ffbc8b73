"""What an instrument's author writes for its simulator: the instrument, without its wire."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol

Quantity = float | str | bool
"""What the control port reads and sets: a number in the unit of the instrument, a text, a switch."""

Monotonic = Callable[[], float]
"""A clock in seconds that never goes back; its zero means nothing."""


class Instrument(Protocol):
    """The state and the answers of one simulated instrument; it never sleeps and never does I/O.

    What moves is computed from the clock when it is asked for. All methods are called in one thread.
    """

    @property
    def terminator(self) -> bytes:
        """The bytes that end a line, in both directions; a plain attribute does."""

    def answer(self, line: bytes) -> bytes | None:
        """Obey one line and return the answer, both without the terminator.

        The kit adds the terminator at the end; an answer of several lines has it between them.
        None means that the instrument says nothing, `b""` that it sends an empty line. Nonsense is
        answered as the instrument would answer it. An exception is printed on stderr and nothing is
        sent.
        """

    def quantities(self) -> dict[str, Quantity]:
        """Return everything that the control port may read, at this moment."""

    def set_quantity(self, name: str, value: Quantity) -> None:
        """Change one quantity from outside, as nature or a hand would.

        Raises:
            NotFoundError: There is no quantity of this name, or it cannot be set.
            ParameterError: The value is of the wrong type or out of range.
        """

    def power_cycle(self) -> None:
        """Forget what the real instrument forgets when its power comes back."""


MakeInstrument = Callable[[argparse.Namespace, Monotonic], Instrument]
"""Makes the instrument from the command line and a clock."""

AddOptions = Callable[[argparse.ArgumentParser], None]
"""Adds the options of one kind of instrument to the command line."""
