"""The contract suite over every device class of this checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocs.testing.contract import DeviceContract
from ocs.testing.devices import all_devices

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("device_class", all_devices([CHECKOUT / "agents"]), ids=lambda found: found.__name__)
class TestEveryDevice(DeviceContract):
    """Each class, found as agents find it."""
