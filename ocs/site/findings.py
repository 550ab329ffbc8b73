"""What is wrong or doubtful in a site file, each with its file, line and path."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from typing_extensions import override

KeyPath = tuple[str | int, ...]
"""Where something stands in the file: keys of maps and, counted from 0, places in lists."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Severity(Enum):
    """How much a finding matters: an error refuses the file, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding before its line is known."""

    path: KeyPath
    sentence: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on a site file.

    Attributes:
        file: The file as it was named by the caller.
        line: Counted from 1.
        path: The keys that lead there, as in `hosts.localhost.agent-instances[0].manage`; empty for the whole file.
        severity: Whether the file is refused for it.
        sentence: What is wrong, what was allowed, what to do.
    """

    file: Path
    line: int
    path: str
    severity: Severity
    sentence: str

    @override
    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: "
        return f"{where}{self.path}: {self.sentence}" if self.path else f"{where}{self.sentence}"


def path_text(path: Iterable[str | int]) -> str:
    """Spell a path for people; keys with dots or blanks are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        key = step if _PLAIN_KEY.fullmatch(step) else f'"{step}"'
        text += f".{key}" if text else key
    return text


def suggestion(word: str, known: Collection[str]) -> str:
    """Return `; did you mean 'x'` for a near miss, else the known words; empty when there are none.

    Case, `-` and `_` do not count, so that `instance_id` finds `instance-id`.
    """
    folded = {fold_key(name): name for name in known}
    near = difflib.get_close_matches(fold_key(word), folded, n=1, cutoff=0.7)
    if near:
        return f"; did you mean {folded[near[0]]!r}?"
    return f"; known are {', '.join(sorted(known))}" if known else ""


def fold_key(word: str) -> str:
    """Return what two spellings of one key have in common."""
    return word.casefold().replace("_", "-")
