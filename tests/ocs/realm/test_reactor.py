"""The event loop of a process, whose clock is set while it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

STORY = """
import time

true, ahead = time.time, [0.0]
time.time = lambda: true() + ahead[0]

from ocs.realm.reactor import install, loop_of

reactor, told = install(), []
reactor.callLater(0.05, ahead.__setitem__, 0, {step})
reactor.callLater(0.2, told.append, "first")
reactor.callLater(0.1, lambda: reactor.callLater(0.2, lambda: [told.append("second"), reactor.stop()]))
loop_of(reactor).call_later(20, reactor.stop)
reactor.run(installSignalHandlers=False)
print(*told)
"""


@pytest.mark.parametrize("step", [-3600, 3600])
def test_timers_do_not_mind_a_clock_that_is_set(step: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORY.replace("{step}", str(step))], capture_output=True, text=True, check=False,
        timeout=50,
    )  # fmt: skip

    assert done.stdout.split() == ["first", "second"], done.stderr
