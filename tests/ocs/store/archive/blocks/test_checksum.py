from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ocs.store.archive.blocks.checksum import fits, sign
from ocs.store.archive.blocks.parquet import DamagedBlockError, NewFiles, check_block


def block(path: Path, rows: int = 300) -> Path:
    times = pa.array(np.arange(rows) * 1000).cast(pa.timestamp("ns", "UTC"))
    table = pa.table({"time": times, "x": np.sqrt(np.arange(rows))}).replace_schema_metadata({"device": "stage-1"})
    with NewFiles() as files:
        files.write(path, table)
        files.publish()
    return path


def test_a_change_of_any_byte_is_noticed_but_in_the_name_of_the_checksum_itself(tmp_path: Path) -> None:
    path = block(tmp_path / "1.parquet")
    content = path.read_bytes()
    name = content.rfind(b"ocs-crc32")
    assert fits(path)

    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        assert fits(path) == (name <= at < name + 11), at


def test_a_long_block_is_looked_at_to_its_beginning(tmp_path: Path) -> None:
    path = block(tmp_path / "1.parquet", 300_000)
    assert path.stat().st_size > 1_000_000
    check_block(path)
    content = bytearray(path.read_bytes())
    content[500_000] ^= 1
    path.write_bytes(content)

    with pytest.raises(DamagedBlockError, match="its checksum does not fit"):
        check_block(path)


def test_a_file_without_a_checksum_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "1.parquet"
    pq.write_table(pa.table({"x": [1, 2]}), path)
    content = path.read_bytes()

    sign(path)

    assert path.read_bytes() == content
    assert fits(path)
