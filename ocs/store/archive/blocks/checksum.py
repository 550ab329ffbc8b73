"""The checksum of a whole block, which is in the block itself: Parquet has one of each page, but none of the rest.

It stands among the remarks at the end of the file, as eight hexadecimal digits; they count as zeros.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO

REMARK = {"ocs-crc32": "00000000"}
"""What a block has among its remarks before it is signed."""

_DIGITS = b"00000000"
_MARK = b"ocs-crc32\x18\x08"
"""The name of the remark as Parquet writes it, and the length of its value."""

_FOOTER = 1_000_000
_PIECE = 1_000_000


def sign(path: Path) -> None:
    """Write the checksum into a new block.

    Raises:
        OSError: The disk refuses.
    """
    with path.open("r+b") as file:
        at = _find(file)
        if at is not None:
            digits = b"%08x" % _checksum(file, at)
            file.seek(at)
            file.write(digits)


def fits(path: Path) -> bool:
    """Whether a block is as it was written; also where it has no checksum, as nobody knows.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        at = _find(file)
        if at is None:
            return True
        file.seek(at)
        return file.read(len(_DIGITS)) == b"%08x" % _checksum(file, at)


def _find(file: BinaryIO) -> int | None:
    """Return where the digits are."""
    size = file.seek(0, 2)
    begin = file.seek(max(0, size - _FOOTER))
    at = file.read().rfind(_MARK)
    return None if at < 0 else begin + at + len(_MARK)


def _checksum(file: BinaryIO, at: int) -> int:
    file.seek(0)
    crc, left = 0, at
    while piece := file.read(min(left, _PIECE)):
        crc, left = zlib.crc32(piece, crc), left - len(piece)
    crc = zlib.crc32(_DIGITS, crc)
    file.seek(at + len(_DIGITS))
    while piece := file.read(_PIECE):
        crc = zlib.crc32(piece, crc)
    return crc
