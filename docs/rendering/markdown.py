"""Words of Markdown that the pages are made of."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from typing import Any

NOTE = "<!-- Written by docs/generate.py from the code; change it there. -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def first_sentence(thing: Any) -> str:
    """Return the first line of a docstring."""
    return inspect.cleandoc(thing.__doc__ or "").partition("\n")[0]


def code_of(data: Any) -> str:
    """Return data as a JSON block, short lists and maps on one line."""
    return f"```json\n{_json(data, 0)}\n```\n"


def _json(data: Any, depth: int) -> str:
    flat = json.dumps(data, default=_unknown)
    if len(flat) + 2 * depth <= FLAT or not isinstance(data, (dict, list)):
        return flat
    inner = "  " * (depth + 1)
    if isinstance(data, dict):
        parts = [f"{json.dumps(key)}: {_json(value, depth + 1)}" for key, value in data.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + "\n" + "  " * depth + "}"
    return "[\n" + ",\n".join(inner + _json(value, depth + 1) for value in data) + "\n" + "  " * depth + "]"


FLAT = 100
"""Columns within which data stay on one line."""


def _unknown(value: Any) -> str:
    return "<bytes>" if isinstance(value, bytes) else str(value)
