"""Agents of OCS 0.12 are archived too, by subscription; our own beside them through their spools."""

from __future__ import annotations

import time

import pytest

from ocs.client import Observatory
from ocs.model.errors import NotFoundError
from tests.interop.house import until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router"), pytest.mark.timeout(180)]

ENOUGH = 20
ARCHIVED_S = 40.0


def rows_of(obs: Observatory, channel: str, since: float) -> int:
    """Return how many rows of a channel the archive has."""
    try:
        return len(obs.history(channel, since, "now"))
    except NotFoundError:
        return 0


@pytest.mark.parametrize("name", ["their-faker", "faker-1"])
def test_what_a_faker_publishes_is_archived(obs: Observatory, name: str) -> None:
    since = time.time()
    device = obs[name]
    until(lambda: name in archived(obs), f"{name} is known to the archiver", ARCHIVED_S)
    device.acq.start()
    try:
        until(lambda: rows_of(obs, f"{name}.channel_00", since) >= ENOUGH, f"rows of {name}", ARCHIVED_S)
    finally:
        device.acq.stop()
        device.acq.wait(10)

    history = obs.history(f"{name}.channel_00, {name}.channel_01", since, "now")
    (told,) = [
        each
        for each in obs["archiver"].command("continuity", pattern=f"{name}.channel_00", start=since)
        if each["feed"] == "false_temperatures"
    ]

    assert set(history.names) == {f"{name}.channel_00", f"{name}.channel_01"}
    assert (told["missing"], told["duplicated"]) == (0, 0)


def archived(obs: Observatory) -> set[str]:
    """Return the devices whose data the archiver gets: by itself, or by subscription."""
    session = obs["archiver"].operations["upkeep"].status()
    subscribed = set(session.data.get("by_subscription", ()))
    return subscribed | {"faker-1"}
