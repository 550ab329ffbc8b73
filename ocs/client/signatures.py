"""Parameters of operations and commands as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def signature_of(name: str, params: Mapping[str, Any] | None) -> str:
    """Return a name with its parameters: their types, units and defaults.

    Args:
        name: The name.
        params: JSON schema of the parameters; None when it takes anything.
    """
    return f"{name}({', '.join(_parameters(params))})"


def _parameters(schema: Mapping[str, Any] | None) -> Iterator[str]:
    if schema is None:
        yield "..."
        return
    required = set(schema.get("required", ()))
    for name, entry in schema.get("properties", {}).items():
        kind = entry.get("type") or ("choice" if "$ref" in entry or "enum" in entry else "value")
        unit = f" [{entry['unit']}]" if entry.get("unit") else ""
        default = "" if name in required else f" = {entry.get('default')}"
        yield f"{name}: {kind}{unit}{default}"
