"""A program that fills the disk on which an archive lies, in a name space of its own: `python -m ... FOLDER`.

`unshare -Urm` gives it the right to mount a small disk there. It prints `good` when all went as it should.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from ocs.model.errors import RetryAfterError
from ocs.store.archive.archive import RETRY_S
from tests.ocs.store.archive.putting import Putting, answer, numbers_in, part_of

DISK = "3m"
BALLAST = 1_500_000


def main(folder: Path) -> None:
    """Put until the disk is full, make room, and put again what was refused."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(folder)], check=True)  # noqa: S607
    archive = folder / "archive"
    ballast = folder / "ballast"
    ballast.write_bytes(b"\0" * BALLAST)
    with Putting(archive) as putting:
        stored = _fill(putting)
        assert stored > 1000
        assert numbers_in(archive) == list(range(1, stored + 1))
        with suppress(RetryAfterError):  # not even what is refused is lost
            putting.put({"no": "batch"})
        ballast.unlink()
        assert putting.put(part_of(1, stored + 1000)) == answer(known=stored, stored=1000)
        assert putting.archive.seal()
        assert putting.put(part_of(1, stored + 2000)) == answer(known=stored + 1000, stored=1000)
        assert putting.troubles == []
    with Putting(archive) as putting:
        assert putting.put(part_of(1, stored + 2000)) == answer(known=stored + 2000)
    assert numbers_in(archive) == list(range(1, stored + 2001))
    print("good")  # noqa: T201 - the test hears it


def _fill(putting: Putting) -> int:
    stored = 0
    while True:
        try:
            putting.put(part_of(stored + 1, stored + 1000))
        except RetryAfterError as error:
            return stored if error.limit == RETRY_S else 0
        stored += 1000


if __name__ == "__main__":
    main(Path(sys.argv[1]))
