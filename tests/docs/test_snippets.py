"""Every snippet of Python compiles and imports what there is; those marked `# runs` do."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, FILE, RUNS, Snippet, snippets
from tests.examples.lessons import masked
from tests.system.programs import CHECKOUT, Place, clean_environ

ALL = snippets()
MARKED = [snippet for snippet in ALL if snippet.text.startswith(RUNS)]
COPIES = [snippet for snippet in ALL if snippet.text.startswith(FILE)]


NAMED = {
    snippet.text.partition("\n")[0]: snippet for snippet in ALL if snippet.text.startswith(("# sleeper", "# test_"))
}


def imports_of(text: str) -> str:
    """Return the import statements of a snippet as a program; none of what is no Python, which another test tells."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(ast.unparse(node) for node in nodes)


@pytest.mark.parametrize("snippet", ALL, ids=str)
def test_a_snippet_is_python(snippet: Snippet) -> None:
    compile(snippet.text, str(snippet), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def test_snippets_import_what_there_is(tmp_path: Path) -> None:
    program = "\n".join(imports_of(snippet.text) for snippet in ALL)
    device = next(snippet for name, snippet in NAMED.items() if name == "# sleeper.py")
    (tmp_path / "sleeper.py").write_text(device.text)
    environ = clean_environ(PYTHONPATH=os.pathsep.join([str(tmp_path), str(CHECKOUT)]))

    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("snippet", COPIES, ids=str)
def test_a_copy_of_a_file_is_current(snippet: Snippet) -> None:
    first, _, text = snippet.text.partition("\n")

    assert text in (CHECKOUT / first.removeprefix(FILE)).read_text()


@pytest.mark.system
@pytest.mark.parametrize("snippet", MARKED, ids=str)
def test_a_marked_snippet_runs(snippet: Snippet, lab: Place) -> None:
    done = lab.run("-c", snippet.text)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout
    if snippet.output:
        assert masked(done.stdout.splitlines()) == masked(snippet.output.splitlines())


def test_the_tests_of_the_page_on_tests_pass(tmp_path: Path) -> None:
    for first, snippet in NAMED.items():
        (tmp_path / first.removeprefix("# ")).write_text(snippet.text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:pytest_wampy", "-p", "no:cacheprovider"]

    done = subprocess.run(
        command, env=clean_environ(), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_some_snippets_are_marked() -> None:
    assert len(MARKED) >= 8


@pytest.mark.parametrize("page", ["devices", "channels", "states", "health", "events"])
def test_an_explanation_shows_an_agent_and_a_program_that_uses_it(page: str) -> None:
    of_page = [snippet for snippet in ALL if snippet.page == DOCS / "explanations" / f"{page}.md"]

    assert [snippet for snippet in of_page if snippet.agent is not None]
    assert [snippet for snippet in of_page if snippet in MARKED and snippet.output]
