"""How long bytes take on a serial line; pure."""

from __future__ import annotations

BITS_PER_BYTE = 10
"""Start bit, eight data bits, stop bit."""

SLICE_S = 0.005
"""Bytes leave in slices of at most this time, so that a fast line does not cost a timer a byte."""


class Pace:
    """The timing of one line, each direction by itself.

    Args:
        baud_rate: In bit/s, at least 1; None for a line that takes no time.
    """

    def __init__(self, baud_rate: int | None) -> None:
        self._byte_s = BITS_PER_BYTE / baud_rate if baud_rate else 0.0
        self._slice = max(1, int(SLICE_S / self._byte_s)) if baud_rate else 0
        self._in_free = 0.0
        self._out_free = 0.0

    def arrival(self, now: float, count: int) -> float:
        """Return when the last of `count` bytes, given to the line at `now`, has come out of it."""
        self._in_free = max(now, self._in_free) + count * self._byte_s
        return self._in_free

    def departures(self, now: float, data: bytes) -> list[tuple[float, bytes]]:
        """Return the slices of `data`, each with the time at which the other end has it."""
        if not self._byte_s:
            return [(now, data)] if data else []
        slices = []
        start = max(now, self._out_free)
        for begin in range(0, len(data), self._slice):
            piece = data[begin : begin + self._slice]
            start += len(piece) * self._byte_s
            slices.append((start, piece))
        self._out_free = start
        return slices
