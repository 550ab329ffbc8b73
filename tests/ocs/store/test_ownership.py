from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ocs.model.errors import ConfigurationError, DuplicateError
from ocs.store.ownership import LOCK_NAME, Ownership

HOLDER = """
import sys
from pathlib import Path
from ocs.store.ownership import Ownership
held = Ownership(Path(sys.argv[1]), "stage")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_owner_is_refused_and_told_who_it_is(tmp_path: Path) -> None:
    first = Ownership(tmp_path, "stage-1")

    with pytest.raises(DuplicateError, match=f"stage-1 runs already as process {os.getpid()}"):
        Ownership(tmp_path, "stage-1")

    first.release()


def test_after_its_release_a_folder_has_a_new_owner(tmp_path: Path) -> None:
    Ownership(tmp_path, "stage-1").release()

    Ownership(tmp_path, "stage-1").release()


def test_a_lock_without_a_readable_holder_is_a_lock(tmp_path: Path) -> None:
    first = Ownership(tmp_path, "stage-1")
    (tmp_path / LOCK_NAME).write_text("nonsense")

    with pytest.raises(DuplicateError, match="runs already on this machine"):
        Ownership(tmp_path, "stage-1")

    first.release()


@pytest.mark.system
def test_a_killed_owner_owns_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DuplicateError, match=f"as process {holder.pid}"):
            Ownership(tmp_path, "stage")
        holder.kill()
        holder.wait(10.0)

    Ownership(tmp_path, "stage").release()


def test_on_a_full_disk_a_folder_has_its_owner(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).symlink_to("/dev/full")

    owner = Ownership(tmp_path, "thermo-1")

    with pytest.raises(DuplicateError):
        Ownership(tmp_path, "thermo-1")
    owner.release()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")

    with pytest.raises(ConfigurationError, match="OCS_STATE_DIR"):
        Ownership(tmp_path / "state", "thermo-1")
