"""The signature of an operation as its schema: what it accepts, what it gives back.

A function's annotations, defaults, `Unit` and `Limits` make a pydantic model. It checks the parameters
of a request before anything starts, and its JSON schema is published, from which clients make help,
command-line options and forms.
"""

from __future__ import annotations

import copy
import difflib
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
    create_model,
)

from ocs.model.errors import (
    MissingParameterError,
    OcsError,
    OutOfRangeError,
    ParameterError,
    UnknownParameterError,
)

_STRICT = (bool, int, float, str, bytes)
_CONFIG = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False, arbitrary_types_allowed=False)
_ARGUMENT = re.compile(r"    (\w+)(?: \([^)]*\))?: (.*)")
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "more than"),
    "less_than": ("lt", "less than"),
}


class Parameters:
    """The declared parameters of one operation.

    Args:
        function: The author's function; parameters called `self` and `session` are not part of it.

    Raises:
        TypeError: A parameter has no annotation, or one that cannot be checked.
    """

    def __init__(self, function: Callable[..., Any], *, skip: Iterable[str] = ("self", "session")) -> None:
        hints = typing.get_type_hints(function, include_extras=True)
        skipped = set(skip)
        told = described(inspect.getdoc(function) or "")
        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if name in skipped:
                continue
            fields[name] = _field(function, name, parameter, hints, told.get(name))
        try:
            self.model: type[BaseModel] = create_model(function.__name__, __config__=_CONFIG, **fields)
        except PydanticUserError as error:
            raise TypeError(f"{function.__qualname__}: {error.message}") from error
        self.names = tuple(fields)
        self._units = {name: _unit_of(hints.get(name)) for name in self.names}
        self._defaults = self._make_defaults()

    def _make_defaults(self) -> dict[str, Any] | None:
        fields = self.model.model_fields.values()
        if any(field.is_required() for field in fields):
            return None
        return {name: field.get_default(call_default_factory=True) for name, field in self.model.model_fields.items()}

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the parameters, with `unit` beside the standard keys."""
        published = self.model.model_json_schema()
        published.pop("title", None)
        for entry in published.get("properties", {}).values():
            entry.pop("title", None)
            _hoist_unit(entry)
        return published

    def check(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the parameters with their defaults filled in.

        Raises:
            ParameterError: A name is unknown or missing, a value has the wrong type or is out of range;
                it names the field, the given value and the limit.
        """
        if not given:
            if self._defaults is not None:
                return copy.deepcopy(self._defaults) if self._defaults else {}
            given = {}
        if not isinstance(given, Mapping):
            raise ParameterError(
                f"parameters are given by name, as a map; this is {_shown(given)}",
                given=_shown(given),
            )
        try:
            checked = self.model.__pydantic_validator__.validate_python(dict(given))
        except ValidationError as error:
            raise self._refusal(error) from None
        values: dict[str, Any] = checked.__dict__
        return dict(values)

    def _refusal(self, error: ValidationError) -> OcsError:
        details = error.errors(include_url=False)
        first = min(details, key=lambda detail: detail["type"] == "missing")
        path = ".".join(str(part) for part in first["loc"])
        name = str(first["loc"][0]) if first["loc"] else ""
        kind, value = first["type"], first.get("input")
        unit = f" {self._units[name]}" if self._units.get(name) else ""
        if kind == "extra_forbidden":
            return self._unknown(name)
        if kind == "missing":
            needed = self.model.model_fields[name].description if name in self.model.model_fields else None
            return MissingParameterError(
                f"parameter {path} is needed{f': {needed}' if needed else ''}",
                field=path,
                allowed=list(self.names),
            )
        if kind in _BOUNDS:
            key, words = _BOUNDS[kind]
            limit = first["ctx"][key]
            return OutOfRangeError(
                f"{path} is {_shown(value)}{unit}; it must be {words} {limit:g}{unit}{self._range(name, unit)}",
                field=path, given=value, limit=limit,
            )  # fmt: skip
        if kind == "finite_number":
            return OutOfRangeError(f"{path} is {value}; it must be a finite number{unit}", field=path, given=str(value))
        expected = first.get("ctx", {}).get("expected")
        sentence = f"it must be {expected}" if expected else _lower(first["msg"])
        return ParameterError(
            f"{path} is {_shown(value)}: {sentence}",
            field=path,
            given=_shown(value),
            allowed=expected,
        )

    def _unknown(self, name: str) -> UnknownParameterError:
        near = difflib.get_close_matches(name, self.names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        allowed = f"it takes {', '.join(self.names)}" if self.names else "it takes no parameters"
        return UnknownParameterError(
            f"there is no parameter {name}{hint or '; ' + allowed}",
            field=name,
            allowed=list(self.names),
        )

    def _range(self, name: str, unit: str) -> str:
        entry = self.schema.get("properties", {}).get(name, {})
        low, high = entry.get("minimum"), entry.get("maximum")
        return "" if low is None or high is None else f" (allowed: {low:g} to {high:g}{unit})"


class Result:
    """What an operation gives back, from the return annotation of its function.

    Args:
        function: The author's function.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        annotation = typing.get_type_hints(function, include_extras=True).get("return", Any)
        self.annotation = _unwrapped(annotation)
        self._adapter: TypeAdapter[Any] | None = None
        if self.annotation not in {Any, None, type(None)}:
            self._adapter = TypeAdapter(self.annotation)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the result; empty when nothing is declared."""
        return {} if self._adapter is None else self._adapter.json_schema()

    def check(self, value: Any) -> Any:
        """Return `value` as plain data.

        Raises:
            ParameterError: The function returned something else than it declares.
        """
        if self._adapter is None:
            return value
        try:
            return self._adapter.dump_python(self._adapter.validate_python(value))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ParameterError(
                f"the result is {_shown(value)}, but the operation declares another type: {_lower(first['msg'])}",
                field="result", given=_shown(value),
            ) from None  # fmt: skip


def described(docstring: str) -> dict[str, str]:
    """Return what the `Args:` section of a docstring says of each parameter."""
    told: dict[str, str] = {}
    inside, last = False, ""
    for line in inspect.cleandoc(docstring).splitlines():
        if not line.startswith(" "):
            inside = line.strip() == "Args:" or (inside and not line.strip())
        elif inside and (found := _ARGUMENT.match(line)):
            last = found[1]
            told[last] = found[2]
        elif inside and last:
            told[last] += " " + line.strip()
    return told


def _field(
    function: Callable[..., Any], name: str, parameter: inspect.Parameter, hints: dict[str, Any], doc: str | None
) -> Any:
    if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
        raise TypeError(f"{function.__qualname__}: *{name} cannot be published; name each parameter")
    if name not in hints:
        raise TypeError(f"{function.__qualname__}: parameter {name} needs an annotation, it is the schema")
    annotation = hints[name]
    base = annotation.__origin__ if typing.get_origin(annotation) is Annotated else annotation
    if base in _STRICT:
        annotation = Annotated[annotation, Field(strict=True)]
    if doc:
        annotation = Annotated[annotation, Field(description=doc)]
    default = ... if parameter.default is parameter.empty else parameter.default
    return (annotation, default)


def _hoist_unit(entry: dict[str, Any]) -> None:
    """Give a value that may be left out the unit of what it is otherwise."""
    for option in entry.get("anyOf", ()):
        if "unit" in option:
            entry.setdefault("unit", option["unit"])


def _unwrapped(annotation: Any) -> Any:
    """Return what the caller gets in the end: the value inside Awaitable, Coroutine, Deferred or Generator."""
    origin = typing.get_origin(annotation)
    name = getattr(origin, "__name__", "")
    arguments = typing.get_args(annotation)
    if name in {"Awaitable", "Coroutine", "Deferred", "Generator"} and arguments:
        return arguments[-1]
    return annotation


def _unit_of(annotation: Any) -> str:
    for extra in getattr(annotation, "__metadata__", ()):
        symbol = getattr(extra, "symbol", None)
        if symbol is not None:
            return str(symbol)
    return ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - one line of a terminal


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
