"""What pydantic found, said in sentences for the people who wrote the file."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ocs.site.arguments import ArgumentError
from ocs.site.document import describe_value
from ocs.site.findings import KeyPath, Remark, fold_key, suggestion
from ocs.site.schema import SECTIONS, Site, keys_of

_KEY_MARK = "[key]"
"""What pydantic adds to the path when not the value but the key of a map is wrong."""

_WANTED: dict[str, str] = {
    "string_type": "text",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "dict_type": "a map of keys",
    "model_type": "a map of keys",
    "tuple_type": "a list, each item with a leading -",
}


def remarks_of(error: ValidationError) -> list[Remark]:
    """Return one remark for each thing that is wrong."""
    details = error.errors(include_url=False)
    unknown = {_folded(detail["loc"]) for detail in details if detail["type"] == "extra_forbidden"}
    return [
        _remark(dict(detail))
        for detail in details
        # A key with a wrong spelling is not missing as well.
        if detail["type"] != "missing" or _folded(detail["loc"]) not in unknown
    ]


def _folded(path: KeyPath) -> KeyPath:
    return (*path[:-1], fold_key(str(path[-1])))


def _remark(detail: Mapping[str, Any]) -> Remark:
    path: KeyPath = tuple(step for step in detail["loc"] if step != _KEY_MARK)
    kind, given = str(detail["type"]), detail["input"]
    if kind == "extra_forbidden":
        return Remark(path, unknown_key(str(path[-1]), section_at(path[:-1])))
    if kind == "missing":
        return Remark(path[:-1], f"the key {path[-1]!r} is missing{_example(path)}")
    if kind == "value_error":
        problem = detail["ctx"]["error"]
        inside = problem.path if isinstance(problem, ArgumentError) else ()
        return Remark((*path, *inside), str(problem))
    if kind == "greater_than_equal":
        return Remark(path, f"is {given}; it must be {detail['ctx']['ge']:g} or more")
    return Remark(path, _wrong_kind(kind, given, str(detail["msg"])))


def _wrong_kind(kind: str, given: Any, message: str) -> str:
    wanted = _WANTED.get(kind)
    if wanted is None:
        return f"is {describe_value(given)}, which is refused: {message}"
    sentence = f"is {describe_value(given)}; it must be {wanted}"
    if kind == "string_type" and isinstance(given, bool | int | float):
        return f"{sentence}, so put it in quotes"
    if kind in {"tuple_type", "model_type", "dict_type"} and given is None:
        return f"{sentence}, or the key must go"
    return sentence


def unknown_key(key: str, section: type[BaseModel]) -> str:
    """Say that `key` is none of the section, and which may have been meant."""
    return f"the key {key!r} is not known here{suggestion(key, keys_of(section))}"


def _example(path: KeyPath) -> str:
    section = section_at(path[:-1])
    for name, declared in section.model_fields.items():
        if (declared.alias or name) == path[-1] and declared.examples:
            return f"; write for example {path[-1]}: {declared.examples[0]}"
    return ""


def section_at(path: KeyPath) -> type[BaseModel]:
    """Return the model of the map at `path`."""
    return _BY_SHAPE.get(_shape(path), Site)


def _shape(path: KeyPath) -> tuple[str, ...]:
    steps = ["[]" if isinstance(step, int) else step for step in path]
    if len(steps) > 1 and steps[0] == "hosts":
        steps[1] = "<host>"
    return tuple(steps)


_BY_SHAPE = {tuple(place.replace("[]", ".[]").split(".")) if place else (): model for place, model in SECTIONS}
