"""Parameters as words of a command line: `target=310 slow=yes`, read by the operation's schema."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ocs.model.errors import MissingParameterError, ParameterError, UnknownParameterError

TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
NOTHING = frozenset({"none", "null"})
_INTEGER = re.compile(r"[+-]?[0-9]+")
_ORDER = ("null", "boolean", "integer", "number", "array", "object", "string")
_EXPECTED = {
    "boolean": "yes or no",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list in JSON, as '[1, 2]'",
    "object": "a map in JSON, as '{\"a\": 1}'",
    "null": "none",
    "string": "a text",
}


class _UnfitError(Exception):
    """A word cannot be read as a type."""


def split_words(words: Sequence[str]) -> dict[str, str]:
    """Return `name=value` words as a map.

    Raises:
        UsageError: A word has no `=`, or a name comes twice.
    """
    given: dict[str, str] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{word!r} is no parameter; write name=value")
        if name in given:
            raise click.UsageError(f"parameter {name} is given twice; keep one")
        given[name] = text
    return given


def read_parameters(given: Mapping[str, str], schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the parameters with the types that the schema asks for.

    Args:
        given: Texts by name.
        schema: The operation's schema; None (agents of OCS) takes JSON where it is JSON, else the text.

    Raises:
        UnknownParameterError: The operation has no parameter of a name; the sentence tells the nearest one.
        MissingParameterError: One without default is not given.
        ParameterError: A text does not fit the type.
    """
    if schema is None:
        return {name: _guess(text) for name, text in given.items()}
    known: Mapping[str, Any] = schema.get("properties", {})
    for name in given:
        if name not in known:
            raise _unknown(name, known)
    for name in schema.get("required", ()):
        if name not in given:
            entry = known.get(name, {})
            told = entry.get("description", "").rstrip(".")
            raise MissingParameterError(
                f"parameter {name} is needed{f' ({told})' if told else ''}; write {name}={example(entry, schema)}",
                field=name,
            )
    return {name: read_value(name, text, known[name], schema) for name, text in given.items()}


def read_value(name: str, text: str, entry: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """Return the value that `text` means for one parameter.

    Raises:
        ParameterError: It means none.
    """
    choices = choices_of(entry, schema)
    kinds = kinds_of(entry, schema)
    if choices:
        if "null" in kinds and text.casefold() in NOTHING:
            return None
        found = [choice for choice in choices if str(choice) == text]
        if found:
            return found[0]
        near = difflib.get_close_matches(text, [str(choice) for choice in choices], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ParameterError(
            f"{name} is {text!r}; it must be one of {', '.join(str(choice) for choice in choices)}{hint}",
            field=name, given=text, allowed=list(choices),
        )  # fmt: skip
    if not kinds:
        return _guess(text)
    for kind in kinds:
        try:
            return _read(text, kind)
        except _UnfitError:
            continue
    unit = f" in {entry['unit']}" if entry.get("unit") else ""
    expected = " or ".join(_EXPECTED[kind] for kind in kinds if kind != "null") or _EXPECTED["null"]
    raise ParameterError(f"{name} is {text!r}; it must be {expected}{unit}", field=name, given=text)


def kinds_of(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Return the JSON types that a parameter may have, the narrowest first; empty for any."""
    kinds: set[str] = set()
    for one in _branches(entry, schema):
        told = one.get("type")
        if told is None:
            if "enum" not in one and "const" not in one:
                return []
            continue
        kinds.update([told] if isinstance(told, str) else told)
    return [kind for kind in _ORDER if kind in kinds]


def choices_of(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Any]:
    """Return the values among which a parameter must be; empty when it is free."""
    choices: list[Any] = []
    for one in _branches(entry, schema):
        if "enum" in one or "const" in one:
            choices.extend(one.get("enum", [one.get("const")]))
        elif one.get("type") != "null":
            return []
    return choices


def example(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return what stands for a value in a message, as `NUMBER`."""
    choices = choices_of(entry, schema)
    if choices:
        return str(choices[0])
    kinds = [kind for kind in kinds_of(entry, schema) if kind != "null"]
    word = {"boolean": "yes", "array": "'[...]'", "object": "'{...}'", "string": "TEXT"}
    return word.get(kinds[0], "NUMBER") if kinds else "VALUE"


def _branches(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the alternatives of a schema, references followed."""
    if "$ref" in entry:
        name = str(entry["$ref"]).rsplit("/", 1)[-1]
        return _branches(schema.get("$defs", {}).get(name, {}), schema)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in entry:
            return [branch for one in entry[key] for branch in _branches(one, schema)]
    return [entry]


def _read(text: str, kind: str) -> Any:
    if kind == "string":
        return text
    if kind == "null" and text.casefold() in NOTHING:
        return None
    if kind == "boolean" and text.casefold() in TRUTH:
        return TRUTH[text.casefold()]
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number":
        return _number(text)
    if kind in {"array", "object"}:
        return _structure(text, list if kind == "array" else dict)
    raise _UnfitError


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _UnfitError from None
    if not math.isfinite(number) or "_" in text:
        raise _UnfitError
    return number


def _structure(text: str, kind: type) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise _UnfitError from None
    if not isinstance(value, kind):
        raise _UnfitError
    return value


def _guess(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _unknown(name: str, known: Mapping[str, Any]) -> UnknownParameterError:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    told = f"it takes {', '.join(known)}" if known else "it takes none"
    return UnknownParameterError(f"there is no parameter {name}{hint or '; ' + told}", field=name, allowed=list(known))
