"""What readers of the archive hand on, piece by piece: some rows of one series, also as bytes on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from ocs.model.errors import ParameterError
from ocs.model.series import SeriesKey

_KEYS = (b"device", b"feed", b"block")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one series, in the order of their time.

    Attributes:
        series: Whose they are.
        table: `time` (ns, UTC), a column for each field that was asked for, and `<field>:quality` (a word) where
            something was not VALID. Decimated: `<field>` (mean), `<field>:min`, `<field>:max` and `<field>:count`
            of each numeric field, of others the last value. Columns carry their unit as metadata.
        fraction: How much of the whole answer is there with this chunk, 0 to 1.
    """

    series: SeriesKey
    table: pa.Table
    fraction: float = 1.0

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def to_bytes(self) -> bytes:
        """Return it as an Arrow IPC stream, which any Arrow library reads; the series is in the metadata."""
        words = (self.series.device, self.series.feed, self.series.block)
        metadata = dict(zip(_KEYS, words, strict=True))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.table.schema.with_metadata(metadata)) as stream:
            stream.write_table(self.table)
        return bytes(sink.getvalue().to_pybytes())

    @classmethod
    def from_bytes(cls, data: bytes, fraction: float = 1.0) -> Self:
        """Return the chunk in what `to_bytes` gave.

        Raises:
            ParameterError: The bytes are nothing of that kind.
        """
        try:
            with pa.ipc.open_stream(data) as stream:
                table = stream.read_all()
            table.validate()
            device, feed, block = ((table.schema.metadata or {})[key].decode() for key in _KEYS)
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise ParameterError(f"these are no rows of an archive ({type(error).__name__}: {error})") from None
        return cls(SeriesKey(device, feed, block), table.replace_schema_metadata(), fraction)

    def split(self, max_bytes: int) -> Iterator[Chunk]:
        """Yield it in pieces of at most so many bytes each, but at least of one row."""
        rows = max(1, len(self) * max_bytes // max(1, self.table.nbytes))
        for at in range(0, max(1, len(self)), rows):
            yield Chunk(self.series, self.table.slice(at, rows), self.fraction)
