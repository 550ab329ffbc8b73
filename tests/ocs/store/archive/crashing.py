"""A program that copies the archive before each step on the file system: what a death of the process would leave then.

`python -m ... seal|compact ARCHIVE COPIES`: COPIES/1 is the archive as it was before the first step, COPIES/2 before
the second, and so on; the last one is the archive when all is done.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep.compaction import compact
from ocs.store.archive.upkeep.sealing import seal

STEPS = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link"})
END_OF_TIME = 2**62


class Copies:
    """Copies of a folder.

    Args:
        folder: The folder.
        target: Where its copies go.
    """

    def __init__(self, folder: Path, target: Path) -> None:
        self._folder = folder
        self._target = target
        self._count = 0
        self._busy = False

    def before_each_step(self) -> None:
        """Make one before each step that this process does in the folder from now on."""
        sys.addaudithook(self._heard)

    def make(self) -> None:
        """Make one now."""
        self._busy = True
        self._count += 1
        shutil.copytree(self._folder, self._target / str(self._count))
        self._busy = False

    def _heard(self, event: str, given: tuple[Any, ...]) -> None:
        if event in STEPS and not self._busy and str(given[0]).startswith(str(self._folder)):
            self.make()


def main(action: str, folder: Path, target: Path) -> None:
    """Seal the first file of the journal, or merge all that is due."""
    layout = Layout(folder)
    copies = Copies(folder, target)
    with Catalogue(layout.catalogue) as catalogue:
        copies.before_each_step()
        if action == "seal":
            seal(layout.journal(1), 1, catalogue, layout)
        else:
            compact(catalogue, layout, now=END_OF_TIME)
        copies.make()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
