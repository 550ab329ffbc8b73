from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ocs.store.archive.intake.quarantine import Quarantine

NOW_S = 1_772_323_200.5


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_line_that_a_loss_of_power_tore_does_not_spoil_those_that_follow(tmp_path: Path, cut: int) -> None:
    before = Quarantine(tmp_path, lambda: NOW_S)
    for number in (1, 2):
        before.put(number, "wrong_type", "no rows")
    before.flush()
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - cut)

    after = Quarantine(tmp_path, lambda: NOW_S)
    for number in (3, 4):
        after.put(number, "wrong_type", "no rows")
        after.flush()

    first, _, *others = path.read_text().splitlines()
    assert [json.loads(line)["shown"] for line in (first, *others)] == ["1", "3", "4"]
