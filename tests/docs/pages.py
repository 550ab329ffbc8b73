"""The pages, and the snippets in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.system.programs import CHECKOUT

DOCS = CHECKOUT / "docs"
PAGES = sorted([*DOCS.glob("**/*.md"), *(CHECKOUT / "examples").glob("**/*.md"), CHECKOUT / "README.md"])
RUNS = "# runs"
FILE = "# file "

_PYTHON = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
_AGENT = re.compile(r"# agent (\S+) as (\S+)\n")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
_PLAYED = re.compile(r"^<!-- runs in (\S+) -->\n(```console\n.*?^```)$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """A block of Python in a page, and what the page shows below as its output."""

    page: Path
    line: int
    text: str
    output: str = ""

    @property
    def agent(self) -> tuple[str, str] | None:
        """File and instance-id, where it is an agent that the page's other snippets talk to."""
        told = _AGENT.match(self.text)
        return None if told is None else (told[1], told[2])

    def __str__(self) -> str:
        return f"{self.page.relative_to(CHECKOUT)}:{self.line}"


def snippets() -> list[Snippet]:
    """Return every block of Python."""
    found = []
    for page in PAGES:
        text = page.read_text()
        found += [
            Snippet(page, text.count("\n", 0, block.start()) + 1, block[1], block[2] or "")
            for block in _PYTHON.finditer(text)
        ]
    return found


def links_of(page: Path) -> list[str]:
    """Return where a page's relative links point to."""
    return [link for link in _LINK.findall(page.read_text()) if "://" not in link]


def played_blocks(page: Path) -> list[tuple[str, str]]:
    """Return the console blocks that are marked to be run, with the folder to run them in."""
    return _PLAYED.findall(page.read_text())
