"""A program that puts rows into an archive until it is killed: `python -m ... ARCHIVE`.

It prints the number of the last row of each put when that is answered, and seals now and then.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ocs.store.archive.archive import Archive, ArchiveOptions
from tests.ocs.store.archive.putting import NOW_S, part_of

ROWS = 50


def main(folder: Path) -> None:
    """Go on where the rows ended that are there."""
    archive = Archive(
        folder, now=lambda: NOW_S, on_trouble=print, options=ArchiveOptions(seal_s=1000.0, seal_bytes=20_000)
    )
    archive.open()
    first = 1
    while True:
        answer = archive.put([part_of(at, at + 4) for at in range(first, first + ROWS, 5)]).result(30.0)
        assert answer["stored"] + answer["known"] == ROWS
        first += ROWS
        print(first - 1, flush=True)  # noqa: T201 - the test hears it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
