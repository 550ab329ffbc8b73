"""Drives an agent of OCS 0.12 with our client on wampy and prints what it saw."""

from __future__ import annotations

import json
import sys
from typing import Any

from ocs.client_wampy import connect


def main(url: str, name: str) -> dict[str, Any]:
    """Run a task, and follow a feed for one message."""
    with connect(url) as obs:
        device = obs[name]
        session = device.delay_task(delay=0.1)
        device.acq()
        fields: list[str] = []
        for message in device.feeds["false_temperatures"].follow(10):
            fields = sorted(message.samples[0].data)
            break
        device.acq.stop()
        return {"success": session.success, "fields": fields, "stopped": device.acq.wait(10).success}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))  # noqa: T201 - its result
