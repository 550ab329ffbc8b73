"""What a device is and offers."""

from __future__ import annotations

from tests.ocs.cli.conftest import Served, system_test


@system_test
def test_a_device_describes_itself(served: Served) -> None:
    told = served.ocs("describe", "faker-1")

    assert "task delay_task" in told
    assert "delay: number s" in told
    schema = served.json("describe", "faker-1", "--schema")
    assert schema["delay_task"]["params"]["properties"]["delay"]["unit"] == "s"
