from __future__ import annotations

from ocs.agent.program.usage import usage
from ocs.services.demo.fake_data import FakeData


def test_the_help_of_an_agent_tells_its_properties_with_unit_and_default() -> None:
    text = usage({"FakeData": FakeData})

    assert "--sample-rate FLOAT" in text
    assert "[9.5 Hz]" in text
    assert "--instance-id NAME" in text
