"""`execute_notebook.py NOTEBOOK RESULT` executes one: in a program of its own, since kernels leave sockets behind."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

CELL_S = 120


def execute(source: Path, result: Path) -> None:
    """Write the notebook with its outputs; it is run in its folder, by a kernel of this interpreter.

    Raises:
        CellExecutionError: A cell failed.
    """
    notebook = nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call] # nbformat's own
    # No folder is looked into: whatever kernels this machine has, the one that is left is this interpreter's.
    kernels = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    NotebookClient(notebook, km=kernels, timeout=CELL_S, resources={"metadata": {"path": str(source.parent)}}).execute()
    result.write_text(nbformat.writes(notebook))  # type: ignore[no-untyped-call] # nbformat's own


if __name__ == "__main__":
    execute(*map(Path, sys.argv[1:]))
