"""What the operations do."""

from __future__ import annotations

from tests.ocs.cli.conftest import Served, system_test


@system_test
def test_the_status_of_all_of_one_and_of_an_operation(served: Served) -> None:
    assert "delay_task" in served.ocs("status")
    assert "FakeDataAgent" in served.ocs("status", "faker-1")
    assert served.json("status", "registry", "main")["status"] == "running"
