"""Syncing: files and folders, and what is told of those that are not there."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from ocs.store.durability import sync, sync_folder


def test_files_and_folders_are_synced_without_a_descriptor_left(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"1")
    before = psutil.Process().num_fds()

    sync(path)
    sync(tmp_path)
    sync_folder(tmp_path)

    assert psutil.Process().num_fds() == before


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "missing")


def test_a_folder_that_cannot_be_synced_stops_nobody(tmp_path: Path) -> None:
    sync_folder(tmp_path / "missing")
