"""YAML text into plain maps, lists and scalars that remember their lines.

The nodes are walked here instead of by the loader of the library, because this keeps all problems
instead of the first, and the spelling of numbers where arguments are made of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from ocs.site.findings import KeyPath, Remark

AS_WRITTEN = "arguments"
"""Below this key numbers and words stay text, so that an agent gets what was written."""

_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset(_TAG + name for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp"))
_TRUE = frozenset({"true"})


@dataclass(slots=True)
class Document:
    """A YAML file that was read.

    Attributes:
        data: Maps, lists, text, numbers, truth values and None.
        lines: The line of each key and list item, counted from 1; a key's line is that of the key, not its value.
        problems: What the schema cannot see any more, such as a key that is given twice, each with its line.
        refused: Paths whose value could not be taken over, so that nothing more is said about them.
    """

    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[tuple[int, Remark]] = field(default_factory=list)
    refused: set[KeyPath] = field(default_factory=set)

    def line(self, path: KeyPath) -> int:
        """Return the line of `path`, or of the nearest that holds it; 1 when nothing is known."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def add(self, path: KeyPath, line: int, sentence: str) -> None:
        """Keep one more problem."""
        self.problems.append((line, Remark(path, sentence)))


def read_document(text: str) -> Document:
    """Read YAML 1.2; what is wrong is kept in `problems`, nothing is raised."""
    document = Document()
    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        document.add((), line, _syntax_sentence(error, text, line))
        return document
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        document.add((), line, f"the character U+{ord(text[error.position]):04X} is not allowed in YAML; remove it")
        return document
    except RecursionError:
        document.add((), 1, "lists or maps are nested too deeply")
        return document
    if node is None:
        document.add((), 1, "the file is empty; a site file has the keys hub and hosts")
    elif not isinstance(node, MappingNode):
        document.add((), _line(node), "the file holds no map; a site file has the keys hub and hosts")
    else:
        document.lines[()] = 1
        document.data = _Walk(document).value(node, ())
    return document


def _syntax_sentence(error: MarkedYAMLError, text: str, line: int) -> str:
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    problem = str(error.problem)
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in problem:
        return "a tab stands where YAML wants blanks; indent with blanks"
    if "another document" in problem:
        return "a second document begins here; a site file holds one, so remove the line ---"
    if "undefined alias" in problem:
        return f"{problem.removeprefix('found ')}; aliases are not used in site files, so write the value out"
    column = error.problem_mark.column + 1 if error.problem_mark is not None else 1
    return f"this is no YAML: {problem} (column {column}); check indentation, brackets and quotes"


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


class _Walk:
    """The way through the nodes of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._anchors: set[str] = set()

    def value(self, node: Node, path: KeyPath) -> Any:
        """Return the plain value of `node`, and keep lines and problems below `path`."""
        self._document.lines.setdefault(path, _line(node))
        if node.anchor is not None:
            return self._anchored(node, path)
        if node.tag not in _KNOWN_TAGS:
            self._refuse(node, path, f"the tag {node.tag} is not used in site files; write a plain value")
            return None
        return self._inside(node, path)

    def _anchored(self, node: Node, path: KeyPath) -> None:
        # The value is not followed: an anchor may hold itself.
        self._document.refused.add(path)
        if node.anchor not in self._anchors:
            self._anchors.add(node.anchor)
            self._refuse(node, path, f"the anchor {node.anchor!r} is not used in site files; write the value out")

    def _inside(self, node: Node, path: KeyPath) -> Any:
        if isinstance(node, MappingNode):
            return self._map(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, place)) for place, item in enumerate(node.value)]
        try:
            return _scalar(node, as_written=AS_WRITTEN in path)
        except ValueError:
            # Only with an explicit tag, or where %YAML 1.1 asks for numbers such as 1:30.
            self._refuse(node, path, f"{node.value!r} is no number; write plain digits, or quotes around a text")
            return None

    def _map(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._refuse(key_node, path, "a list or map stands as a key; keys are words")
            elif key_node.tag == _TAG + "merge":
                self._refuse(key_node, path, "the merge key << is not used in site files; write the keys out")
            else:
                self._pair(result, key_node, value_node, path)
        return result

    def _pair(self, result: dict[str, Any], key_node: ScalarNode, value_node: Node, path: KeyPath) -> None:
        key = str(key_node.value)
        below = (*path, key)
        if key in result:
            first = self._document.lines[below]
            sentence = f"the key {key!r} is given a second time, first in line {first}; keep one"
            self._document.add(below, _line(key_node), sentence)
            return
        self._document.lines[below] = _line(key_node)
        result[key] = self.value(value_node, below)

    def _refuse(self, node: Node, path: KeyPath, sentence: str) -> None:
        self._document.refused.add(path)
        self._document.add(path, _line(node), sentence)


def _scalar(node: Node, *, as_written: bool) -> Any:
    """Return the value by the core schema of YAML 1.2 (chapter 10.3); dates stay text."""
    text = str(node.value)
    kind = str(node.tag).removeprefix(_TAG)
    if kind == "null" and not (as_written and text):
        return None
    if as_written:
        return text
    if kind == "bool":
        return text.casefold() in _TRUE
    if kind == "int":
        return _integer(text)
    if kind == "float":
        return float(text.replace("_", "").casefold().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2].casefold())
    return sign * (int(digits[2:], base) if base else int(digits))


def describe_value(value: Any) -> str:
    """Tell a plain value in a sentence, its kind first."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a map"
