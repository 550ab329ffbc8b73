"""The end of a served site."""

from __future__ import annotations

from ocs.router.node import is_ready
from ocs.services.supervisor.plan import supervisor_name
from tests.ocs.cli.conftest import Served, gone, system_test


@system_test
def test_down_ends_everything(fresh: Served) -> None:
    pids = fresh.pids()
    assert len(pids) == 4

    told = fresh.ocs("down")

    assert f"{supervisor_name()} and all that it started have ended" in told
    assert fresh.process.wait(10) == 0
    assert gone(pids, 0.0)
    assert not is_ready(fresh.port)
    fresh.wait_for("all ended")
    assert "nothing to end" in fresh.ocs("down")
