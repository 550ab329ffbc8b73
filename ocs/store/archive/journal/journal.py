"""The journal: what was taken and is not in blocks yet, as a log of frames with Arrow record batches.

A payload begins with one byte: `S`, a schema, of which each file has its own; `R`, rows of one; `K`, numbers of rows
that were left out on purpose. A file beside it tells what was promised to the senders (`promises.py`): what is missing
of that was lost, what comes behind was never promised to anybody.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pyarrow as pa

from ocs.model.errors import ParameterError, TooLargeError, VersionError
from ocs.model.series import Batch, Fields, SeriesKey
from ocs.store.archive.journal.columns import TIME, arrow_arrays, arrow_fields, times_array
from ocs.store.archive.journal.promises import Promised, PromiseWriter, read_promises
from ocs.store.framed_log import HEAD, LARGEST_FRAME, FramedLog, frame_end, scan
from ocs.wire.archive import decode_fields, encode_field

_FormKey = tuple[int, int, tuple[str, ...], bool]

LARGEST_BODY = LARGEST_FRAME - 1_000_000
"""Bytes of a record batch; the rest of a frame is for its head."""

_LENGTH = struct.Struct("<I")
_HEAD = re.compile(rb"OCSLOG([2-9])\n")
"""First bytes of a file that a newer OCS made."""

_SEQ = pa.field("seq", pa.int64())
_EPOCH = pa.field("epoch", pa.int64())
_TIME = pa.field("time", TIME)


@dataclass(frozen=True, slots=True)
class Form:
    """What the rows of a frame are: whose, of which version, with which columns.

    Attributes:
        series: Number of the series in the catalogue.
        key: The series.
        version: Number of the version.
        fields: Its fields.
        qualities: Names of the fields that have a column of qualities.
        numbered: Whether each row has its number; else they count on from the first.
    """

    series: int
    key: SeriesKey
    version: int
    fields: Fields
    qualities: tuple[str, ...] = ()
    numbered: bool = False

    @property
    def schema(self) -> pa.Schema:
        """Columns of the record batch."""
        return pa.schema([_TIME, *([_SEQ] if self.numbered else []), *arrow_fields(self.fields, self.qualities)])


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the journal.

    Attributes:
        form: What they are.
        epoch: Their epoch.
        first: Number of the first row that the batch had when it came.
        last: Number of the last; what lies between and is not here was left out on purpose.
        batch: Their columns as they lie in the file.
        end: Where the next frame begins.
    """

    form: Form
    epoch: int
    first: int
    last: int
    batch: pa.RecordBatch
    end: int

    def table(self) -> pa.Table:
        """Return them as a table with the columns `time`, `epoch`, `seq`, fields and qualities."""
        batch, count = self.batch, self.batch.num_rows
        seq = batch.column("seq") if self.form.numbered else pa.array(np.arange(self.first, self.first + count))
        epoch = pa.array(np.full(count, self.epoch, dtype=np.int64))
        rest = [name for name in batch.schema.names if name not in {"time", "seq"}]
        schema = pa.schema([_TIME, _EPOCH, _SEQ, *(batch.schema.field(name) for name in rest)])
        arrays = [batch.column("time"), epoch, seq, *(batch.column(name) for name in rest)]
        return pa.Table.from_arrays(arrays, schema=schema)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Numbers of rows of which none was kept.

    Attributes:
        series: Number of the series in the catalogue.
        key: The series.
        epoch: Their epoch.
        first: Number of the first row.
        last: Number of the last.
        end: Where the next frame begins.
    """

    series: int
    key: SeriesKey
    epoch: int
    first: int
    last: int
    end: int


class JournalWriter:
    """Writes one file of the journal.

    Args:
        path: The file.

    Attributes:
        spoiled: Whether the disk failed in such a way that nothing more must be written to this file.
    """

    def __init__(self, path: Path) -> None:
        self.spoiled = False
        self._log = FramedLog(path)
        self._promises = PromiseWriter(path)
        self._known: dict[_FormKey, tuple[int, pa.Schema]] = {}
        self._forms: list[_FormKey] = []
        self._next = 0
        self._waiting: list[tuple[Any, ...]] = []

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._log.size

    @property
    def used(self) -> bool:
        """Whether anything was written."""
        return self._log.size > len(HEAD)

    def add(self, series: int, version: int, batch: Batch, numbers: Any = None, last: int | None = None) -> None:
        """Add rows to what the next `flush` writes.

        Args:
            series: Number of the series.
            version: Number of the version.
            batch: The rows.
            numbers: Number of each row, where they are not numbered without a hole.
            last: Number of the last row that the batch had when it came.

        Raises:
            ParameterError: A value does not go with its field's type.
            TooLargeError: The rows have more bytes than a frame takes.
        """
        qualities = tuple(sorted(batch.quality))
        number, schema = self._form(Form(series, batch.series, version, batch.fields, qualities, numbers is not None))
        arrays = [times_array(batch.times), *([] if numbers is None else [pa.array(numbers)]), *arrow_arrays(batch)]
        rows = pa.RecordBatch.from_arrays(arrays, schema=schema)
        end = batch.last if last is None else last
        head = msgpack.packb([number, batch.epoch, batch.seq, end])
        body = memoryview(rows.serialize())
        if body.nbytes > LARGEST_BODY:
            raise TooLargeError(
                f"{len(batch)} rows of {batch.series} have {body.nbytes / 1e6:.0f} MB; at most "
                f"{LARGEST_BODY / 1e6:.0f} MB are taken at a time: send fewer rows in a batch",
                limit=LARGEST_BODY,
            )  # fmt: skip
        self._waiting.append((b"R" + _LENGTH.pack(len(head)), head, body))
        if len(batch):
            since, until = int(batch.times.min()), int(batch.times.max())
            self._promises.add(Promised(series, batch.epoch, batch.seq, end, len(batch), since, until))

    def leave_out(self, series: int, key: SeriesKey, epoch: int, first: int, last: int) -> None:
        """Add numbers of rows that are left out to what the next `flush` writes."""
        told = [series, key.device, key.feed, key.block, epoch, first, last]
        self._waiting.append((b"K", msgpack.packb(told)))

    def flush(self) -> None:
        """Write what was added, and have it on the disk when this returns.

        Raises:
            OSError: The disk refuses; the file is as it was before, unless it is spoiled. What was added is forgotten.
        """
        if not self._waiting:
            return
        good = self._log.size
        try:
            self._log.append(self._waiting)
            self._sync(good)
        except OSError:
            self.forget()
            raise
        self._promises.keep(self._log.size)
        self._waiting.clear()
        self._forms.clear()

    def _sync(self, good: int) -> None:
        try:
            self._log.sync()
        except OSError:
            # what the kernel could not write it takes for written from now on: there may be a hole in the file
            self.spoiled = True
            with suppress(OSError):
                os.truncate(self._log.path, good)
            raise

    def forget(self) -> None:
        """Forget what was added since the last `flush`."""
        self._waiting.clear()
        self._promises.forget()
        for form in self._forms:
            self._known.pop(form, None)
        self._forms.clear()

    def close(self) -> None:
        """Close the file."""
        self._log.close()
        self._promises.close()

    def _form(self, form: Form) -> tuple[int, pa.Schema]:
        """Return the number of a form in this file, and its schema."""
        key = (form.series, form.version, form.qualities, form.numbered)
        known = self._known.get(key)
        if known is None:
            number = self._next
            told, known = msgpack.packb([number, *_encoded(form)]), (number, form.schema)
            self._waiting.append((b"S", told))
            self._known[key] = known
            self._forms.append(key)
            self._next += 1
        return known


class JournalReader:
    """Reads one file of the journal, also while it is written: `read` yields what came since the last time.

    Args:
        path: The file.
        offset: Rows that lie before it are not yielded.
        closed: Nothing more is written to the file: what is good behind a damaged part is read too, as far as it is
            known where it begins.

    Attributes:
        position: Up to where the file was read, in bytes.
        lost: Bytes before that which are damaged.
    """

    def __init__(self, path: Path, offset: int = 0, *, closed: bool = False) -> None:
        self._path = path
        self._from = offset
        self._closed = closed
        self._forms: dict[int, tuple[Form, pa.Schema]] = {}
        self.position = 0
        self.lost = 0

    def read(self) -> Iterator[Rows | LeftOut]:
        """Yield what is there and was not yielded; a torn end is left for the next time.

        Raises:
            VersionError: A newer OCS wrote the file, or a part of it.
            KeyError: The file is another than the one that was read before, or a damaged part had the schema of rows.
            OSError: The file cannot be read.
        """
        if not self.position:
            self._check_head()
        yield from self._read_on()
        while self._closed and (offset := self._behind_damage()) is not None:
            self.lost += offset - self.position
            self.position = offset
            yield from self._read_on()

    def _read_on(self) -> Iterator[Rows | LeftOut]:
        for frame in scan(self._path, self.position):
            try:
                item = self._item(frame.payload, frame.end)
            except KeyError:
                if not self._closed:
                    raise
                self.lost += frame.end - frame.offset
                item = None
            except (ValueError, TypeError, struct.error, pa.ArrowException, ParameterError) as error:
                raise self._newer(f"it cannot understand the frame at byte {frame.offset}: {error}") from error
            self.position = frame.end
            if item is not None and frame.offset >= self._from:
                yield item

    def _behind_damage(self) -> int | None:
        """Return where the next good frame begins behind what cannot be read, None if there is none to be found."""
        at = max(self.position, len(HEAD))
        for offset in (len(HEAD), frame_end(self._path, at), *read_promises(self._path).sizes):
            if offset > self.position and next(scan(self._path, offset), None) is not None:
                return offset
        return None

    def _check_head(self) -> None:
        with self._path.open("rb") as file:
            newer = _HEAD.fullmatch(file.read(len(HEAD)))
        if newer is not None:
            raise self._newer(f"it knows the format 1, this is {newer[1].decode()}")

    def _newer(self, why: str) -> VersionError:
        return VersionError(
            f"the journal file {self._path} was written by a newer OCS than this one ({why}); update OCS: the file is "
            "left as it is"
        )

    def _item(self, payload: bytes, end: int) -> Rows | LeftOut | None:
        kind = payload[:1]
        if kind == b"S":
            number, *told = msgpack.unpackb(memoryview(payload)[1:])
            form = _decoded(*told)
            self._forms[number] = (form, form.schema)
            return None
        if kind == b"K":
            series, device, feed, block, epoch, first, last = msgpack.unpackb(memoryview(payload)[1:])
            return LeftOut(series, SeriesKey(device, feed, block), epoch, first, last, end)
        if kind == b"R":
            begin = 1 + _LENGTH.size
            at = begin + _LENGTH.unpack_from(payload, 1)[0]
            number, epoch, first, last = msgpack.unpackb(memoryview(payload)[begin:at])
            form, schema = self._forms[number]
            return Rows(form, epoch, first, last, _batch(payload, at, schema), end)
        raise ValueError(f"its kind is {kind!r}")


def read_journal(path: Path, offset: int = 0) -> Iterator[Rows | LeftOut]:
    """Yield what a file of the journal has from an offset on, to which nothing more is written; errors as of `read`."""
    return JournalReader(path, offset, closed=True).read()


def _batch(payload: bytes, at: int, schema: pa.Schema) -> pa.RecordBatch:
    return pa.ipc.read_record_batch(pa.py_buffer(payload).slice(at), schema)


def _encoded(form: Form) -> list[Any]:
    key = form.key
    fields = {name: encode_field(kind) for name, kind in form.fields.items()}
    return [form.series, key.device, key.feed, key.block, form.version, fields, form.qualities, form.numbered]


def _decoded(  # noqa: PLR0917 - the parts of a frame, in order
    series: int, device: str, feed: str, block: str, version: int, fields: Mapping[str, Any], qualities: list[str],
    numbered: bool,  # noqa: FBT001 - a part of a frame
) -> Form:  # fmt: skip
    return Form(series, SeriesKey(device, feed, block), version, decode_fields(fields), tuple(qualities), numbered)
