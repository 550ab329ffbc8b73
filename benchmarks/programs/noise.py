"""Ten channels of noisy doubles, the same for ours and for the bare programs."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

COLUMNS = 10
NAMES = tuple(f"channel_{number}" for number in range(COLUMNS))
BANK_ROWS = 65_536
"""More rows than a row group has: what repeats lies too far apart to be packed."""


@cache
def bank() -> Any:
    """Return the values of the ten channels, shape (10, BANK_ROWS): slow sines of several sizes with 1 % noise."""
    random = np.random.default_rng(4)
    turns = np.linspace(0.0, 200.0, BANK_ROWS)
    rows = [np.sin(turns / (1 + number)) + 0.01 * random.standard_normal(BANK_ROWS) for number in range(COLUMNS)]
    return np.array(rows) * np.array([[10.0 ** (number % 5 - 2)] for number in range(COLUMNS)])


def block(first: int, rows: int) -> dict[str, Any]:
    """Return columns of rows by name, from row number `first` of an endless repetition on.

    Args:
        first: A multiple of `rows`.
        rows: How many; at most BANK_ROWS.
    """
    begin = first % (BANK_ROWS // rows * rows)
    return dict(zip(NAMES, bank()[:, begin : begin + rows], strict=True))


def samples(rows: int) -> list[dict[str, float]]:
    """Return as many rows, each a value for each channel."""
    columns = [column.tolist() for column in block(0, rows).values()]
    return [dict(zip(NAMES, values, strict=True)) for values in zip(*columns, strict=True)]
