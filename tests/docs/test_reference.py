"""The pages that follow from the code are those that the code gives."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, links_of
from tests.system.programs import CHECKOUT, clean_environ


def test_the_reference_is_current() -> None:
    command = [sys.executable, str(DOCS / "generate.py"), "--check"]

    done = subprocess.run(
        command, env=clean_environ(), cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_of_states_has_a_chart_drawn_from_a_device_class() -> None:
    page = (DOCS / "explanations" / "states.md").read_text()

    assert "<!-- chart agents.smc100.chart:StageChart -->\n```mermaid\nstateDiagram-v2\n" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links_of(page) if not (page.parent / link).exists()] == []


def test_every_page_can_be_found_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        found = [(page.parent / link).resolve() for link in links_of(page)]
        waiting += [path for path in found if path.suffix == ".md" and path.exists()]

    decisions = DOCS / "explanations" / "decisions"
    assert [page for page in DOCS.glob("**/*.md") if page not in seen and page.parent != decisions] == []


def test_troubleshooting_quotes_what_programs_say() -> None:
    quotes = re.findall(r"^### `(.*)`$", (DOCS / "how-to" / "troubleshooting.md").read_text(), re.MULTILINE)
    source = "\n".join(path.read_text() for path in (CHECKOUT / "ocs").glob("**/*.py"))

    assert len(quotes) > 10
    assert [quote for quote in quotes if quote not in source] == []
