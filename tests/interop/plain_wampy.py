"""Calls one of our agents with wampy as it is, and prints what it got; a process of its own, as wampy patches all."""

from __future__ import annotations

import json
import sys
from typing import Any

from wampy.peers.clients import Client


def main(url: str, name: str) -> dict[str, Any]:
    """Ask, start, wait and run."""
    operations = f"observatory.{name}.ops"
    with Client(url=url, realm="test_realm") as client:
        return {
            "api": client.call(f"observatory.{name}", "get_api"),
            "describe": client.call(f"observatory.{name}", "describe"),
            "started": client.call(operations, "start", "delay_task", {"delay": 0.1}),
            "ended": client.call(operations, "wait", "delay_task", timeout=3),
            "run": client.call(operations, "run", "delay_task", {"delay": 0.0}),
            "refused": client.call(operations, "start", "delay_task", {"dely": 1}),
        }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))  # noqa: T201 - its result
