"""Command lines as groups of words: flattened from the site file, merged by the name of the option.

The rules are those of OCS 0.12: an option on the command line replaces the values that the site file
gives the same option. `--mode=acq` and `--mode acq` are one option here; OCS passes both on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"-(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_END = "--"


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """An option with the words that follow it.

    Attributes:
        name: As `--port`, without `=value`; empty for words before the first option, `--` for those after a bare `--`.
        tokens: The words as they were given.
        values: The words that belong to the option.
    """

    name: str
    tokens: tuple[str, ...]
    values: tuple[str, ...]


class ArgumentError(ValueError):
    """An item of `arguments` is no word; pydantic takes it for the ValueError that it is.

    Args:
        message: What is wrong.
        path: Place of the item, from 0, list in list.
    """

    def __init__(self, message: str, path: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


def flatten_arguments(arguments: Any) -> tuple[str, ...]:
    """Return nested lists of scalars as one row of words.

    Raises:
        ArgumentError: It is no list, or an item is empty or a map.
    """
    return tuple(_words(arguments, ()))


def _words(value: Any, path: tuple[int, ...]) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _words(item, (*path, place))
    elif not path:
        raise ArgumentError(f"is {_kind(value)}; it must be a list, as in [--port, sim]")
    elif value is None:
        raise ArgumentError("is empty; write '' for an empty text, or remove it", path)
    elif isinstance(value, str | int | float):
        yield str(value)
    else:
        raise ArgumentError(f"is {_kind(value)}; write option and value as two items, as in [--port, sim]", path)


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, str):
        return f"the text {value!r}"
    return "a map" if isinstance(value, dict) else f"of the type {type(value).__name__}"


def is_option(word: str) -> bool:
    """Tell whether `word` begins an option; negative numbers and a single `-` do not."""
    return len(word) > 1 and word.startswith("-") and not _NUMBER.fullmatch(word)


def group_arguments(words: Sequence[str]) -> list[OptionGroup]:
    """Cut a command line before each option; the tokens of the groups, joined, are the command line again."""
    groups: list[OptionGroup] = []
    start = 0
    for place, word in enumerate(words):
        if word == _END:
            return [
                *groups,
                *_cut(words[start:place]),
                OptionGroup(_END, tuple(words[place:]), tuple(words[place + 1 :])),
            ]
        if is_option(word):
            groups.extend(_cut(words[start:place]))
            start = place
    return [*groups, *_cut(words[start:])]


def _cut(words: Sequence[str]) -> list[OptionGroup]:
    if not words:
        return []
    tokens = tuple(words)
    if not is_option(tokens[0]):
        return [OptionGroup("", tokens, tokens)]
    name, equals, value = tokens[0].partition("=")
    return [OptionGroup(name, tokens, ((value,) if equals else ()) + tokens[1:])]


def merge_arguments(weak: Sequence[OptionGroup], strong: Sequence[OptionGroup]) -> list[OptionGroup]:
    """Return `weak` without the options that `strong` has, and then `strong`.

    Words without an option stay in front and those after `--` at the end. An option that one side gives
    several times keeps all its occurrences (OCS keeps the last, which shuts out options that are collected).
    """
    names = {group.name for group in strong}
    merged = [*(group for group in weak if group.name not in names), *strong]
    return sorted(merged, key=lambda group: {"": 0, _END: 2}.get(group.name, 1))


def join_groups(groups: Iterable[OptionGroup]) -> tuple[str, ...]:
    """Return the words of the groups as one command line."""
    return tuple(token for group in groups for token in group.tokens)
