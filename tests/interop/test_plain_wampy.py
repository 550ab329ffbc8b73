"""A program on plain wampy, without our client, talks to our agents."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.interop.house import House

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

LARGEST_FRAME = 32_000
"""Bytes that plain wampy 1.1.0 reads without loss (spikes and performance pages)."""


@pytest.fixture(scope="module")
def told(house: House) -> dict[str, Any]:
    return house.tell(sys.executable, "plain_wampy.py", f"ws://127.0.0.1:{house.port}/wampy", "faker-1")


def test_it_reads_the_interface(told: dict[str, Any]) -> None:
    assert told["api"]["agent_class"] == "FakeDataAgent"
    assert "delay_task" in told["describe"]["operations"]


@pytest.mark.parametrize("what", ["api", "describe", "ended"])
def test_replies_are_small_enough_for_it(told: dict[str, Any], what: str) -> None:
    assert len(json.dumps(told[what])) < LARGEST_FRAME


def test_it_starts_and_waits(told: dict[str, Any]) -> None:
    assert told["started"][0] == 0
    assert told["ended"][2]["success"] is True


def test_it_starts_and_waits_in_one_call(told: dict[str, Any]) -> None:
    assert told["run"][2]["outcome"] == "succeeded"


def test_it_reads_why_it_was_refused(told: dict[str, Any]) -> None:
    assert told["refused"][0] == -1
    assert "dely" in told["refused"][1]
