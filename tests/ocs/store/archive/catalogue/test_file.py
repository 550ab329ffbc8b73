"""The file of the catalogue: made, read beside its writer, and refused in a sentence when it is none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ocs.model.errors import NotFoundError, OcsError, VersionError
from ocs.store.archive.catalogue.file import SCHEMA_VERSION, DamagedCatalogueError, opened

TABLES = {"series", "versions", "blocks", "rollups", "spans", "gaps", "cursors", "meta"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "an archive of 100 %? #1" / "catalogue.sqlite"


@pytest.fixture
def made(path: Path) -> Path:
    path.parent.mkdir()
    opened(path, read_only=False).close()
    return path


def test_a_new_file_has_all_tables_and_its_version(made: Path) -> None:
    with closing(sqlite3.connect(made)) as file:
        tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        version = file.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()

    assert tables == TABLES
    assert version == (str(SCHEMA_VERSION),)


def test_it_can_be_opened_again_and_keeps_what_it_has(made: Path) -> None:
    with closing(opened(made, read_only=False)) as first:
        first.execute("INSERT INTO meta VALUES ('remark', 'kept')")

    with closing(opened(made, read_only=False)) as again:
        assert again.execute("SELECT value FROM meta WHERE key = 'remark'").fetchone() == ("kept",)


def test_a_reader_sees_what_a_writer_has_committed_and_changes_nothing(made: Path) -> None:
    with closing(opened(made, read_only=False)) as writer, closing(opened(made, read_only=True)) as reader:
        writer.execute("INSERT INTO meta VALUES ('remark', 'new')")

        assert reader.execute("SELECT value FROM meta WHERE key = 'remark'").fetchone() == ("new",)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM meta")


def test_a_reader_makes_no_file(path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no archive"):
        opened(path, read_only=True)

    assert not path.exists()


def test_a_folder_that_is_not_there_is_the_disks_error(path: Path) -> None:
    with pytest.raises(OSError, match="cannot be opened"):
        opened(path, read_only=False)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_newer_version_is_refused_in_a_sentence(made: Path, read_only: bool) -> None:  # noqa: FBT001 - a parameter
    with closing(sqlite3.connect(made)) as file:
        file.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (str(SCHEMA_VERSION + 1),))
        file.commit()

    with pytest.raises(VersionError, match="update OCS"):
        opened(made, read_only=read_only)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("content", [b"no database at all, and long enough to be none" * 20, b"SQLite format 3\0" * 40])
def test_a_file_that_is_none_is_said_to_be_damaged(made: Path, content: bytes, read_only: bool) -> None:  # noqa: FBT001 - a parameter
    for file in made.parent.glob("catalogue.sqlite*"):
        file.unlink()
    made.write_bytes(content)

    with pytest.raises(DamagedCatalogueError, match="makes the catalogue anew") as refused:
        opened(made, read_only=read_only)

    assert isinstance(refused.value, OcsError)


def test_a_database_of_something_else_is_none(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE birds (name TEXT)")

    with pytest.raises(DamagedCatalogueError, match="other tables"):
        opened(path, read_only=True)
