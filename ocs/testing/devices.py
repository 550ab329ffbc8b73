"""The device classes that a checkout offers, and parameters with which their operations can be tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ocs.agent.device import Device
from ocs.agent.program.plugins import find_devices, known_classes

_EXAMPLES: dict[str, Any] = {"string": "x", "boolean": False, "array": [], "object": {}, "null": None}
_WRONG: dict[str, Any] = {"string": 3, "boolean": "maybe", "array": 3, "object": 3, "null": 3}


def all_devices(agent_paths: Sequence[Path] = ()) -> list[type[Device]]:
    """Return every device class of the installed packages and of the agent folders, once each.

    Raises:
        ConfigurationError: A class is announced but cannot be loaded.
    """
    found: dict[type[Device], None] = {}
    for agent_class in known_classes(agent_paths):
        found.update(dict.fromkeys(find_devices(agent_class, agent_paths).values()))
    return list(found)


def entries_of(schema: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Return the schema of each parameter, references followed."""
    whole = schema or {}
    definitions = whole.get("$defs", {})
    return {name: _followed(entry, definitions) for name, entry in whole.get("properties", {}).items()}


def example_parameters(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return values that fit for the parameters that have no default."""
    required = set((schema or {}).get("required", ()))
    return {name: example_of(entry) for name, entry in entries_of(schema).items() if name in required}


def example_of(entry: Mapping[str, Any]) -> Any:
    """Return a value that fits: in the middle of its limits, the first of its choices."""
    for choice in alternatives(entry):
        if "enum" in choice:
            return choice["enum"][0]
        if "const" in choice:
            return choice["const"]
        if choice.get("type") in {"number", "integer"}:
            low, high = choice.get("minimum"), choice.get("maximum")
            low = choice.get("exclusiveMinimum", -1) + 1 if low is None else low
            middle = low if high is None else (low + high) / 2
            return int(middle) if choice["type"] == "integer" else float(middle)
        if choice.get("type") in _EXAMPLES:
            return _EXAMPLES[choice["type"]]
    return None


def wrong_value(entry: Mapping[str, Any]) -> Any:
    """Return a value of a type that does not fit."""
    kinds = [choice.get("type") for choice in alternatives(entry)]
    if "string" in kinds or any("enum" in choice or "const" in choice for choice in alternatives(entry)):
        return {"no": "text"}
    return next((_WRONG[kind] for kind in kinds if kind in _WRONG and kind != "null"), "wrong")


def has_unit(entry: Mapping[str, Any]) -> bool:
    """Whether a number tells its unit; other types need none."""
    numbers = [choice for choice in alternatives(entry) if choice.get("type") == "number"]
    return not numbers or "unit" in entry or all("unit" in choice for choice in numbers)


def alternatives(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the types that a parameter may have."""
    choices = entry.get("anyOf") or entry.get("oneOf")
    if not choices:
        yield entry
        return
    for choice in choices:
        yield from alternatives(choice)


def _followed(entry: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(entry, Mapping):
        if "$ref" in entry:
            return {**definitions[entry["$ref"].rsplit("/", 1)[-1]], **{k: v for k, v in entry.items() if k != "$ref"}}
        return {key: _followed(value, definitions) for key, value in entry.items()}
    if isinstance(entry, list):
        return [_followed(value, definitions) for value in entry]
    return entry
