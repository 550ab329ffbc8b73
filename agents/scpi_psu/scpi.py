"""How an instrument reads SCPI: program messages, short and long headers, numbers with units.

Source: IEEE 488.2, chapter 7; SCPI 1999.0 volume 1, chapters 6 (headers, path) and 7 (parameters).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agents.scpi_psu.status import ErrorNumber

Arguments = tuple[str, ...]
Handler = Callable[[Arguments], str | None]

_UNIT = re.compile(r"(\*[A-Z]+|:?[A-Z][A-Z0-9]*(?::[A-Z][A-Z0-9]*)*)(\?)?(?:\s+(.*))?", re.ASCII)
_MNEMONIC = re.compile(r"([A-Z]+)([a-z]*)(\d*)", re.ASCII)
_DECIMAL = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?)\s*([A-Z]*)", re.ASCII)
_SCALES = {"": 1.0, "M": 1e-3, "U": 1e-6, "K": 1e3}


class Refused(Exception):  # noqa: N818 - what an instrument does, not an error of ours
    """A message that the instrument does not take."""

    def __init__(self, error: ErrorNumber) -> None:
        super().__init__(error.name)
        self.error = error


@dataclass(frozen=True)
class Message:
    """One unit of a line: its header from the root, in capitals, whether it asks, and its parameters."""

    header: str
    query: bool
    arguments: Arguments


def messages(line: str) -> Iterator[Message]:
    """Yield the units of one line, which `;` separates; a header without colon goes on from the path of the last one.

    Raises:
        Refused: A unit is no SCPI at all.
    """
    path = ""
    for unit in line.upper().split(";"):
        if not unit.strip():
            continue
        found = _UNIT.fullmatch(unit.strip())
        if found is None:
            raise Refused(ErrorNumber.SYNTAX)
        header = found[1]
        if not header.startswith("*"):
            header = header.removeprefix(":") if header.startswith(":") else path + header
            path = header[: header.rfind(":") + 1]
        arguments = tuple(part.strip() for part in found[3].split(",")) if found[3] else ()
        yield Message(header, found[2] is not None, arguments)


def header_pattern(form: str) -> re.Pattern[str]:
    """Return what matches a header in all its forms, in capitals.

    Args:
        form: As manuals write it: `[SOURce:]VOLTage[:LEVel]`, capitals the short form, brackets what may be left out.
    """
    opened = form.replace("*", r"\*").replace("[", "(?:").replace("]", ")?")
    return re.compile(_MNEMONIC.sub(lambda m: f"{m[1]}(?:{m[2].upper()})?{m[3]}" if m[2] else m[0], opened), re.ASCII)


class Commands:
    """The commands of one instrument: a table that is asked with messages."""

    def __init__(self) -> None:
        self._rows: list[tuple[re.Pattern[str], bool, range, Handler]] = []

    def add(self, form: str, handler: Handler, *, arguments: Sequence[int] = (0,)) -> None:
        """Add a command; `form` as in `header_pattern`, with `?` at its end if it asks.

        Args:
            form: The header.
            handler: Obeys it; returns the answer of a question.
            arguments: The least and the largest number of parameters.
        """
        count = range(arguments[0], arguments[-1] + 1)
        self._rows.append((header_pattern(form.removesuffix("?")), form.endswith("?"), count, handler))

    def obey(self, message: Message) -> str | None:
        """Call the handler of a message and return the answer.

        Raises:
            Refused: There is no such command, it has another number of parameters, or its handler refuses.
        """
        for pattern, query, count, handler in self._rows:
            if query is message.query and pattern.fullmatch(message.header):
                if len(message.arguments) < count.start:
                    raise Refused(ErrorNumber.MISSING_PARAMETER)
                if len(message.arguments) not in count:
                    raise Refused(ErrorNumber.PARAMETER_NOT_ALLOWED)
                return handler(message.arguments)
        raise Refused(ErrorNumber.UNDEFINED_HEADER)


def decimal(text: str, unit: str = "") -> float:
    """Read a number, with its unit or without: `5`, `5.0E-1`, `500MV`, `0.5 V`.

    Raises:
        Refused: It is no number, or has another unit.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None or not math.isfinite(float(found[1])):
        raise Refused(ErrorNumber.DATA_TYPE)
    if not found[2]:
        return float(found[1])
    scale = _SCALES.get(found[2].removesuffix(unit)) if unit and found[2].endswith(unit) else None
    if scale is None:
        raise Refused(ErrorNumber.INVALID_SUFFIX)
    return float(found[1]) * scale


def whole(text: str, allowed: range) -> int:
    """Read an integer.

    Raises:
        Refused: It is no number, or outside `allowed`.
    """
    value = round(decimal(text))
    if value not in allowed:
        raise Refused(ErrorNumber.OUT_OF_RANGE)
    return value


def boolean(text: str) -> bool:
    """Read ON, OFF or a number, which is off when it is 0.

    Raises:
        Refused: It is another word.
    """
    if text in {"ON", "OFF"}:
        return text == "ON"
    return round(decimal(text)) != 0
