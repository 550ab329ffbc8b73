"""The notebook of lesson 6 runs from top to bottom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ocs.store
from ocs.model.errors import ConfigurationError, OcsError
from tests.examples.lessons import EXAMPLES
from tests.system.programs import Place, until

HERE = Path(__file__).parent
LESSON = EXAMPLES / "06-archive-and-plot"
NOTEBOOK = LESSON / "archive.ipynb"
FOLDERS = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")
"""Where Jupyter and matplotlib keep what they would else keep in the home folder."""

EXECUTE_S = 180.0

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


def executed(place: Place, folder: Path) -> dict[str, Any]:
    """Return the notebook with its outputs."""
    result = folder / "executed.ipynb"
    own = {name: str(folder / name.lower()) for name in FOLDERS}
    program = place.run(
        str(HERE / "execute_notebook.py"), str(NOTEBOOK), str(result), deadline_s=EXECUTE_S, **own
    )  # fmt: skip
    assert program.returncode == 0, program.stderr
    notebook: dict[str, Any] = json.loads(result.read_text())
    return notebook


def outputs(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return what the cells gave by kind, as `text/plain`, `image/png`, or `stderr`."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            yield output.get("data") or {output.get("name", "error"): output.get("text", "")}


def texts(notebook: dict[str, Any], kind: str) -> list[str]:
    """Return all that was given of a kind."""
    return ["".join(output[kind]) for output in outputs(notebook) if kind in output]


def archived(folder: Path) -> bool:
    try:
        with ocs.store.open(folder) as archive:
            return any(series.rows for series in archive.series("wave-1"))
    except (ConfigurationError, OcsError):
        return False


@pytest.mark.timeout(300)
def test_the_notebook_reads_plots_and_explains_what_was_archived(place: Place, tmp_path: Path) -> None:
    for file, name in (("archiver.py", "archiver"), ("agent.py", "wave-1")):
        program = place.start(str(LESSON / file), "--instance-id", name, "--archiver", "archiver")
        program.wait_for("joined")
    until(lambda: archived(place.state / place.realm / place.root / "archive"), "the first rows in the archive")

    notebook = executed(place, tmp_path)

    assert texts(notebook, "stderr") == []
    assert any("'wave-1.voltage': 'V'" in shown for shown in texts(notebook, "text/plain"))
    printed = "".join(texts(notebook, "stdout"))
    assert "of wave-1: archiving was paused: the cable is exchanged, " in printed
    in_files, by_archiver = (int(word) for word in printed.splitlines()[-1].split() if word.isdigit())
    assert in_files >= by_archiver > 0
    assert len(texts(notebook, "image/png")) == 2


def test_the_notebook_is_kept_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]

    assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
