"""Names for the shell's completion."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.ocs.cli.conftest import Served, system_test


def completed(served: Served, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", "from ocs.cli.main import ocs; ocs(prog_name='ocs')"],
        env={**served.environment, "_OCS_COMPLETE": "bash_complete", "COMP_WORDS": f"ocs {' '.join(words)}",
             "COMP_CWORD": str(len(words)), "OCS_COMPLETION_S": "25"},
        text=True, capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    return [line.removeprefix("plain,") for line in done.stdout.splitlines()]


@system_test
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("run", "fak"), ["faker-1"]),
        (("run", "faker-1", "del"), ["delay_task"]),
        (("run", "faker-1", "delay_task", "succ"), ["succeed="]),
        (("read", "psu-1.vol"), ["psu-1.voltage"]),
        (("read", "psu-1", "vol"), ["voltage"]),
        (("write", "psu-1", "s"), ["setpoint="]),
        (("command", "psu-1", "cal"), ["calibrate"]),
        (("command", "psu-1", "calibrate", "ref"), ["reference="]),
        (("state", "psu-1", "switch"), ["switch_on"]),
        (("watch", "faker-1", "false"), ["false_temperatures"]),
        (("config", "psu-1.voltage", "max_a"), ["max_alarm="]),
    ],
)
def test_names_are_completed(served: Served, words: tuple[str, ...], names: list[str]) -> None:
    assert completed(served, *words) == names
