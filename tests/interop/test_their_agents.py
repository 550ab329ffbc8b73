"""Our three clients drive the agents of OCS 0.12 on our router."""

from __future__ import annotations

import sys

import pytest

from ocs.client import Observatory
from ocs.model.errors import AbortedError, NotAllowedError, OcsError
from tests.interop.house import House

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


def test_operations_and_feeds_come_from_get_api(obs: Observatory) -> None:
    device = obs["their-faker"]

    assert sorted(device.operations) == ["acq", "count", "delay_task", "set_heartbeat"]
    assert "false_temperatures" in device.feeds
    assert device.interface.identity.device_class == "FakeDataAgent"


def test_a_call_of_a_task_starts_it_and_waits(obs: Observatory) -> None:
    session = obs["their-faker"].delay_task(delay=0.2)

    assert session.success
    assert session.data["delay_so_far"] >= 0.2


def test_a_task_that_fails_raises_with_the_agents_last_words(obs: Observatory) -> None:
    with pytest.raises(OcsError, match="delay_task"):
        obs["their-faker"].delay_task(delay=0.0, succeed=False)


def test_wrong_parameters_are_refused_in_the_agents_words(obs: Observatory) -> None:
    with pytest.raises(NotAllowedError, match="dely"):
        obs["their-faker"].delay_task(dely=1)


def test_a_task_can_be_aborted(obs: Observatory) -> None:
    run = obs["their-faker"].delay_task.start(delay=30)

    run.abort()

    with pytest.raises((AbortedError, OcsError), match="delay_task"):
        run.wait(10)


def test_a_feed_can_be_followed(obs: Observatory) -> None:
    device = obs["their-faker"]
    device.acq()

    message = next(iter(device.feeds["false_temperatures"].follow(10)))
    device.acq.stop()

    assert set(message.samples[0].data) == {"channel_00", "channel_01"}
    assert device.acq.wait(10).success


@pytest.mark.parametrize("script", ["our_async_client.py", "our_wampy_client.py"])
def test_the_other_flavours_do_the_same(house: House, script: str) -> None:
    told = house.tell(sys.executable, script, house.url, "their-faker")

    assert told == {"success": True, "fields": ["channel_00", "channel_01"], "stopped": True}
