"""What a field's column is called: by the field, unless the archive itself has a column of that name."""

from __future__ import annotations

OWN = frozenset({"time", "epoch", "seq"})
"""Columns that each block has beside its fields."""

MARK = "$"
"""No field's name has it."""


def column_of(field: str) -> str:
    """Return the name of the column of a field."""
    return field + MARK if field in OWN else field


def field_of(column: str) -> str:
    """Return the field of a column that `column_of` named; a unit behind the name stays."""
    name, bracket, unit = column.partition("[")
    return name.removesuffix(MARK) + bracket + unit
