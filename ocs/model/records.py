"""Records: values with named parts, given as a map, a pydantic model or a dataclass, kept as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.scalars import Check, shown, wrong_type

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

_BOUND_ERRORS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}


class RecordForm:
    """The declared form of a record.

    Args:
        maker: A pydantic model, a dataclass, a `dict[...]`, or a pydantic `TypeAdapter`.

    Raises:
        TypeError: Pydantic cannot check it.
    """

    def __init__(self, maker: Any) -> None:
        from pydantic import PydanticUserError, TypeAdapter

        try:
            self._adapter: TypeAdapter[Any] = maker if isinstance(maker, TypeAdapter) else TypeAdapter(maker)
        except PydanticUserError as error:
            raise TypeError(f"{maker} cannot be a record: {error.message}") from error

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return self._adapter.json_schema()

    def check(self, value: Any, name: str) -> dict[str, Any]:
        """Return `value` as plain data: a dict of texts, numbers, truth values, lists and dicts.

        Raises:
            ParameterError: It does not have the declared form; the sentence names the part.
        """
        if value is None:
            raise wrong_type(value, name, "a record")
        from pydantic_core import PydanticSerializationError

        try:
            plain = self._adapter.dump_python(self.make(value, name), mode="json")
        except (PydanticSerializationError, UnicodeDecodeError) as error:
            raise ParameterError(f"{name} cannot be sent: {error}", field=name) from None
        if not isinstance(plain, dict):
            raise wrong_type(value, name, "a record")
        return plain

    def make(self, value: Any, name: str) -> Any:
        """Return `value` as the author's own type.

        Raises:
            ParameterError: It does not have the declared form.
        """
        from pydantic import ValidationError

        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            raise _refusal(error, name) from None


def _refusal(error: ValidationError, name: str) -> ParameterError:
    first = error.errors(include_url=False)[0]
    path = ".".join((name, *(str(part) for part in first["loc"])))
    sentence = first["msg"][:1].lower() + first["msg"][1:]
    if first["type"] == "missing":
        return ParameterError(f"{path} is needed", field=path)
    if first["type"] in _BOUND_ERRORS:
        limit = first["ctx"][_BOUND_ERRORS[first["type"]]]
        given = first["input"]
        return OutOfRangeError(f"{path} is {given!r}: {sentence}", field=path, given=given, limit=limit)
    return ParameterError(f"{path} is {shown(first['input'])}: {sentence}", field=path, given=shown(first["input"]))


def check_plain(value: Any, name: str) -> dict[str, Any]:
    """Return a record without declared form as plain data; models and dataclasses become maps.

    Raises:
        ParameterError: It is no map, or a part of it is nothing that can be sent.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    elif hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if not isinstance(value, Mapping):
        raise wrong_type(value, name, "a record: a map of names to values")
    return _plain_map(value, name)


def _plain_map(value: Mapping[Any, Any], name: str) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise wrong_type(key, f"a key of {name}", "a text")
    return {str(key): _plain(part, f"{name}.{key}") for key, part in value.items()}


def _plain(value: Any, name: str) -> Any:
    if value is None or type(value) in _PLAIN:
        return value
    for kind, convert in _CONVERTED:
        if isinstance(value, kind):
            return convert(value, name)
    raise wrong_type(value, name, "a number, text, truth value, bytes, list or map")


_PLAIN = frozenset({bool, int, float, str, bytes})
_CONVERTED: tuple[tuple[Any, Check], ...] = (
    (Mapping, _plain_map),
    (Enum, lambda member, name: _plain(member.value, name)),
    ((np.generic, np.ndarray), lambda array, name: _plain(array.tolist(), name)),
    ((list, tuple), lambda parts, name: [_plain(part, f"{name}[{number}]") for number, part in enumerate(parts)]),
    ((bytearray, memoryview), lambda block, _name: bytes(block)),
    (int, lambda number, _name: int(number)),
    (float, lambda number, _name: float(number)),
    (str, lambda text, _name: str.__str__(text)),
    (bytes, lambda block, _name: bytes(block)),
)
