"""An append-only file of frames, each with its length and checksum: what was written whole is read whole.

A frame is eight bytes of head (length and CRC 32 of the payload, little-endian) and the payload. A file whose last
frame is incomplete has a torn tail: its writer was killed, or the power went, before the frame was done.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HEAD = b"OCSLOG1\n"
LARGEST_FRAME = 64_000_000
"""No payload is longer, in bytes; a length beyond that is a damaged one."""

_FRAME = struct.Struct("<II")

Piece = bytes | memoryview


class Frame(NamedTuple):
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
        frames: How many frames are good, from where the check began.
        good_bytes: Up to where the file is good.
        torn_bytes: Bytes of an incomplete frame at the end.
        damaged: Whether something else than frames follows the good ones.
    """

    frames: int
    good_bytes: int
    torn_bytes: int
    damaged: bool


class FramedLog:
    """A file of frames that is written; by one thread.

    Args:
        path: The file; a new one must not be there yet.
        keep: To go on with a file that is there: so many bytes of it are good (`LogReport.good_bytes`), the rest is
            cut off.

    Raises:
        OSError: It cannot be made, or opened.
    """

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CLOEXEC | (0 if keep else os.O_CREAT | os.O_EXCL), 0o600)
        self.size = keep
        try:
            if keep:
                os.ftruncate(self._file, keep)
            else:
                self._write(HEAD)
        except OSError:
            self.close()
            if not keep:
                path.unlink(missing_ok=True)
            raise

    def append(self, payloads: Sequence[Piece | Sequence[Piece]]) -> list[int]:
        """Append a frame for each payload, whole or in pieces, by one write; return their offsets.

        They are safe against the death of the process when this returns, against a loss of power after `sync`.

        Raises:
            OSError: The disk refuses, as when it is full, or a payload has more than 64 MB; the file is as before.
            ValueError: A payload is empty.
        """
        parts: list[Piece] = []
        offsets: list[int] = []
        at = self.size
        for payload in payloads:
            pieces = (payload,) if isinstance(payload, bytes | memoryview) else payload
            length, crc = 0, 0
            for piece in pieces:
                length += piece.nbytes if isinstance(piece, memoryview) else len(piece)
                crc = zlib.crc32(piece, crc)
            if length > LARGEST_FRAME:
                raise OSError(errno.EFBIG, f"{length} bytes are too many for a frame, which has {LARGEST_FRAME}")
            if not length:
                raise ValueError("an empty payload could not be told from a damaged file")
            offsets.append(at)
            parts.append(_FRAME.pack(length, crc))
            parts += pieces
            at += _FRAME.size + length
        self._write(b"".join(parts))
        return offsets

    def sync(self) -> None:
        """Have everything on the disk when this returns.

        Raises:
            OSError: The disk refuses.
        """
        os.fdatasync(self._file)

    def clear(self) -> None:
        """Drop all frames; the file has only its head then.

        Raises:
            OSError: The disk refuses.
        """
        os.ftruncate(self._file, len(HEAD))
        self.size = len(HEAD)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, data: bytes) -> None:
        left, at = memoryview(data), self.size
        try:
            while left:
                done = os.pwrite(self._file, left, at)
                left, at = left[done:], at + done
        except OSError:
            with suppress(OSError):  # where not even this works, a reader finds a torn tail, and it is written over
                os.ftruncate(self._file, self.size)
            raise
        self.size = at


def scan(path: Path, offset: int = 0) -> Iterator[Frame]:
    """Yield the good frames of a file from an offset on; it ends at the first that is not.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        if not offset and file.read(len(HEAD)) != HEAD:
            return
        at = file.seek(max(offset, len(HEAD)))
        most = 0
        while len(head := file.read(_FRAME.size)) == _FRAME.size:
            length, crc = _FRAME.unpack(head)
            if length > most:  # the file may have grown; a damaged length allocates no more than that
                most = min(LARGEST_FRAME, os.fstat(file.fileno()).st_size)
            if not 0 < length <= most:
                return
            payload = file.read(length)
            if len(payload) < length or zlib.crc32(payload) != crc:
                return
            frame = Frame(at, payload)
            yield frame
            at = frame.end


def frame_end(path: Path, offset: int) -> int:
    """Return where the frame at an offset ends, by the length in its head, be it damaged or not.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        head = file.read(_FRAME.size)
    return offset + _FRAME.size + (_FRAME.unpack(head)[0] if len(head) == _FRAME.size else 0)


def check(path: Path, offset: int = 0) -> LogReport:
    """Return how a file is, from an offset on at which a frame begins.

    Raises:
        OSError: It cannot be read.
    """
    frames, good = 0, offset
    for frame in scan(path, offset):
        frames, good = frames + 1, frame.end
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not good:
            head = file.read(len(HEAD))
            if head != HEAD:
                torn = HEAD.startswith(head)
                return LogReport(0, 0, size if torn else 0, damaged=not torn)
            good = len(HEAD)
        file.seek(good)
        rest = file.read(_FRAME.size)
    left = size - good
    if len(rest) == _FRAME.size:
        length, _ = _FRAME.unpack(rest)
        if not left < _FRAME.size + length <= _FRAME.size + LARGEST_FRAME:
            return LogReport(frames, good, 0, damaged=True)
    return LogReport(frames, good, left, damaged=False)
