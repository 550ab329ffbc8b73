"""A thermometer on a pseudo terminal whose cable is pulled, whose answers are late, or garbage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ocs.client import Observatory, connect
from ocs.link.simulator import ask_control
from ocs.model.errors import DeadlineError, DeviceError, LinkLostError
from ocs.model.operation import Outcome
from tests.system.programs import Place, Program, sentence, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

NAME = "thermo-9"
GOING_ON, ANSWERS_AGAIN = "; going on when the device answers", "the device answers again"


@pytest.fixture(scope="module")
def lab(router: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(router.port, tmp_path_factory.mktemp("lab"))
    agent = place.start("-m", "agents.lakeshore240.agent", "--instance-id", NAME, "--port", "sim")
    agent.wait_for("joined test_realm as")
    yield place
    assert agent.end() == 0
    place.end()


@pytest.fixture(scope="module")
def obs(lab: Place) -> Iterator[Observatory]:
    with connect(lab.url, realm=lab.realm, root=lab.root) as observatory:
        thermo = observatory[NAME]
        until(lambda: (run := thermo.read_curves.status()) and run.ended, "the curves of a new module")
        for channel in thermo.channels.values():
            if channel.interface.polled:  # a fault of one answer must meet what the test asks
                channel.configure(poll_period_s="Not specified")
        yield observatory


@pytest.fixture
def thermo(lab: Place, obs: Observatory) -> Iterator[Any]:
    """The thermometer as a client sees it; afterwards its cable is in and its runs have ended."""
    device = obs[NAME]
    device.identify()
    yield device
    world(lab, plug=True)
    for operation in (device.acq, device.identify):
        session = operation.status()
        if session is not None and not session.ended:
            operation.end()
            operation.wait(10)
    until(lambda: answers(device), "the thermometer")


def world(lab: Place, **request: Any) -> dict[str, Any]:
    """Ask the simulator of the thermometer."""
    return ask_control(lab.simulators, NAME, request)


def told(device: Any) -> list[str]:
    return [text for _, text in device.acq.status().messages]


def answers(device: Any) -> bool:
    try:
        return bool(device.identify().result)
    except (LinkLostError, DeadlineError, DeviceError):
        return False


def test_a_process_is_degraded_without_the_device_and_recovers_with_it(lab: Place, thermo: Any) -> None:
    run = thermo.acq.start(rate=20)
    until(lambda: thermo.acq.status().data, "data")

    world(lab, unplug=None)
    degraded = until(lambda: (now := thermo.acq.status()).degraded and now, "degraded")
    unplugged = time.time()
    world(lab, plug=True)
    recovered = until(lambda: not (now := thermo.acq.status()).degraded and now, "recovered")

    assert degraded.session_id == recovered.session_id == run.session.session_id
    assert any(text.endswith(GOING_ON) for text in told(thermo))
    assert told(thermo)[-1] == ANSWERS_AGAIN
    until(lambda: thermo.acq.status().data["timestamp"] > unplugged, "new data")


def test_a_task_without_the_device_fails_with_the_port_and_the_reason(lab: Place, thermo: Any) -> None:
    world(lab, unplug=None)

    with pytest.raises((LinkLostError, DeadlineError)) as first:
        thermo.identify()
    with pytest.raises(LinkLostError) as second:
        until(lambda: thermo.identify() and None, "the loss", 20)

    for lost in (first, second):
        assert f"{NAME} on sim" in sentence(lost.value)


def test_a_device_that_says_nothing_is_told_with_what_was_asked(lab: Place, thermo: Any) -> None:
    world(lab, fault="silent", count=1)

    with pytest.raises(DeadlineError) as late:
        thermo.identify()

    assert "2 s" in sentence(late.value)
    assert thermo.identify().result["model"]


@pytest.mark.parametrize("fault", ["garbage", "wrong_terminator"])
def test_nonsense_from_the_device_fails_the_task_that_asked_and_no_other(lab: Place, thermo: Any, fault: str) -> None:
    world(lab, fault=fault, count=1)

    with pytest.raises((DeviceError, DeadlineError)) as failed:
        thermo.identify()

    sentence(failed.value)
    assert thermo.identify().result["model"]


def test_nonsense_from_the_device_does_not_end_a_process(lab: Place, thermo: Any) -> None:
    run = thermo.acq.start(rate=20)
    until(lambda: thermo.acq.status().data, "data")

    world(lab, fault="garbage", count=3)
    until(lambda: any(text.endswith(GOING_ON) for text in told(thermo)), "degraded")  # perhaps for less than a look
    until(lambda: told(thermo)[-1] == ANSWERS_AGAIN, "recovered")

    assert not thermo.acq.status().degraded
    assert thermo.acq.status().session_id == run.session.session_id
    assert thermo.acq.stop() is not None
    assert thermo.acq.wait(10).outcome is Outcome.STOPPED


def test_after_an_abort_in_an_exchange_the_next_one_gets_its_own_answer(lab: Place, thermo: Any) -> None:
    world(lab, fault="late", count=1, seconds=0.5)

    run = thermo.identify.start()
    until(lambda: world(lab, get="faults")["faults"] == {}, "the exchange")
    run.abort()

    assert thermo.identify.wait(10).outcome is Outcome.ABORTED
    assert thermo.set_label(input=1, label="cold plate").result == "cold plate"
    assert thermo.identify().result["model"] == "240-8P"


def test_an_answer_after_its_deadline_is_not_taken_for_the_next(lab: Place, thermo: Any) -> None:
    world(lab, fault="late", count=1, seconds=2.3)

    with pytest.raises(DeadlineError):
        thermo.identify()

    assert thermo.set_label(input=1, label="warm plate").result == "warm plate"
    assert thermo.identify().result["model"] == "240-8P"


def test_an_agent_whose_device_is_not_there_starts_and_says_so(place: Place) -> None:
    agent: Program = place.start("-m", "agents.lakeshore240.agent", "--instance-id", "gone-1", "--port", "/dev/nowhere")
    agent.wait_for("joined test_realm as gone-1")

    line = agent.wait_for("/dev/nowhere")

    assert "is not there" in line
    with connect(place.url, realm=place.realm, root=place.root) as obs, pytest.raises(LinkLostError) as lost:
        obs["gone-1"].identify()
    assert "gone-1 on /dev/nowhere" in sentence(lost.value)
    assert agent.end() == 0
    assert "Traceback" not in agent.said
