"""Who is here."""

from __future__ import annotations

from ocs.services.supervisor.plan import supervisor_name
from tests.ocs.cli.conftest import Served, system_test


@system_test
def test_the_list_has_everybody(served: Served) -> None:
    devices = served.json("list")

    assert set(devices) >= {"registry", "faker-1", supervisor_name()}
    assert not devices["faker-1"]["expired"]
    assert ["faker-1", "FakeDataAgent", "here"] in [line.split()[:3] for line in served.ocs("list").splitlines()]
