"""The place of a simulated stage, for an instrument that rides on it."""

from __future__ import annotations

from ocs.link.simulator import Monotonic, ask_control
from ocs.model.errors import OcsError

CACHE_S = 0.02
PATIENCE_S = 0.05
RETRY_S = 0.5


class Stage:
    """The place of a simulated stage, asked at its control port at most every 20 ms.

    Args:
        directory: Where the simulators announce themselves.
        name: Of the stage's simulator.
        monotonic: The clock, in s.
    """

    def __init__(self, directory: str, name: str, monotonic: Monotonic) -> None:
        self._directory = directory
        self._name = name
        self._monotonic = monotonic
        self._position: float | None = None
        self._valid_until = monotonic()

    def __call__(self) -> float | None:
        """Return the place in mm; None while the stage's simulator does not answer."""
        if self._monotonic() >= self._valid_until:
            self._position = self._ask()
            wait = RETRY_S if self._position is None else CACHE_S
            self._valid_until = self._monotonic() + wait
        return self._position

    def _ask(self) -> float | None:
        request = {"get": "position"}
        try:
            return float(ask_control(self._directory, self._name, request, PATIENCE_S)["position"])
        except (OcsError, KeyError, TypeError, ValueError):
            return None
