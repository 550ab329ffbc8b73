"""An append-only file of frames, each with its length and checksum: what was written whole is read whole.

A frame is eight bytes of head (length and CRC 32 of the payload, little-endian) and the payload. A file whose last
frame is incomplete has a torn tail: its writer was killed, or the power went, before the frame was done.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD = b"OCSLOG1\n"
LARGEST_FRAME = 64_000_000
"""A longer frame, in bytes, is none: its length was damaged."""

_FRAME = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as it was read.

    Attributes:
        offset: Where it begins, in bytes.
        payload: What it carries.
    """

    offset: int
    payload: bytes

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + _FRAME.size + len(self.payload)


@dataclass(frozen=True, slots=True)
class LogReport:
    """How a file is.

    Attributes:
        frames: How many frames are good.
        good_bytes: Up to where they reach.
        torn_bytes: Bytes of an incomplete frame at the end.
        damaged: Whether something else than frames follows the good ones.
    """

    frames: int
    good_bytes: int
    torn_bytes: int
    damaged: bool


class FramedLog:
    """A file of frames that is written.

    Args:
        path: The file; it must not be there yet.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            self._write([HEAD])
        except OSError:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise
        self.size = len(HEAD)

    def append(self, payloads: Sequence[Sequence[bytes]]) -> list[int]:
        """Append a frame for each payload, given in pieces; return their offsets.

        It is safe against the death of the process when this returns, against a loss of power after `sync`.

        Raises:
            OSError: The disk refuses, as when it is full; the file is as it was before.
        """
        pieces: list[bytes] = []
        offsets: list[int] = []
        at = self.size
        for payload in payloads:
            length, check = 0, 0
            for piece in payload:
                length += len(piece)
                check = zlib.crc32(piece, check)
            offsets.append(at)
            pieces.append(_FRAME.pack(length, check))
            pieces += payload
            at += _FRAME.size + length
        try:
            self._write(pieces)
        except OSError:
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size = at
        return offsets

    def sync(self) -> None:
        """Have everything on the disk when this returns."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, pieces: Sequence[bytes]) -> None:
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]


def scan(path: Path, offset: int = 0) -> Iterator[Frame]:
    """Yield the good frames of a file from an offset on; it ends at the first that is not.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        at = offset
        if at < len(HEAD):
            if file.read(len(HEAD)) != HEAD:
                return
            at = len(HEAD)
        file.seek(at)
        while True:
            head = file.read(_FRAME.size)
            if len(head) < _FRAME.size:
                return
            length, check = _FRAME.unpack(head)
            if length > LARGEST_FRAME or (length, check) == (0, 0):
                return
            payload = file.read(length)
            if len(payload) < length or zlib.crc32(payload) != check:
                return
            frame = Frame(at, payload)
            yield frame
            at = frame.end


def check(path: Path) -> LogReport:
    """Return how a file is.

    Raises:
        OSError: It cannot be read.
    """
    frames, good = 0, 0
    for frame in scan(path):
        frames, good = frames + 1, frame.end
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not good:
            file.seek(0)
            head = file.read(len(HEAD))
            good = len(HEAD) if head == HEAD else 0
            if not good:
                torn = HEAD.startswith(head)
                return LogReport(0, 0, size if torn else 0, damaged=not torn)
        file.seek(good)
        rest = file.read(_FRAME.size)
    if size == good:
        return LogReport(frames, good, 0, damaged=False)
    torn = len(rest) < _FRAME.size or (
        _FRAME.unpack(rest)[0] <= LARGEST_FRAME and good + _FRAME.size + _FRAME.unpack(rest)[0] > size
    )
    return LogReport(frames, good, size - good if torn else 0, damaged=not torn)
