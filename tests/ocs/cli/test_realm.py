"""Names for the shell's completion."""

from __future__ import annotations

import subprocess
import sys

from tests.ocs.cli.conftest import Served, system_test


@system_test
def test_names_are_completed(served: Served) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ocs.cli.main import ocs; ocs(prog_name='ocs')"],
        env={**served.environment, "_OCS_COMPLETE": "bash_complete", "COMP_WORDS": "ocs run fak", "COMP_CWORD": "2",
             "OCS_COMPLETION_S": "25"},
        text=True, capture_output=True, timeout=30, check=False,
    )  # fmt: skip

    assert done.stdout == "plain,faker-1\n"
