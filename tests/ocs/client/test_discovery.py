"""Devices found by name, played against scripted answers."""

import pytest

from ocs.client.discovery import discover, strip_facility
from ocs.client.requests import DeviceRequests
from ocs.model.errors import NotFoundError
from ocs.model.operation import Kind
from tests.ocs.client.test_requests import RUNNING, play


def test_a_device_is_found_whatever_the_case() -> None:
    described = {"wire": "1.0", "identity": {"name": "oven-1", "root": "observatory", "class": "Oven"}}
    registry = [0, "", {**RUNNING, "data": {"observatory.oven-1": {}, "observatory.thermo-1": {}}}]

    interface, calls = play(discover("observatory", "OVEN-1"), [NotFoundError("nobody"), registry, described])

    assert interface.identity.name == "oven-1"
    assert calls[-1].procedure == "observatory.oven-1"


def test_a_device_that_is_not_there_is_told_with_who_is() -> None:
    here: dict[str, dict[str, bool]] = {"observatory.oven-1": {}, "observatory.dserver/Oven/oven-1": {}}
    registry = [0, "", {**RUNNING, "data": {**here, "observatory.oven-2": {"expired": True}}}]

    with pytest.raises(NotFoundError, match=r"there is no device oven-9; here are oven-1$"):
        play(discover("observatory", "oven-9"), [NotFoundError("nobody"), registry])


def test_a_plain_agent_of_ocs_is_described_by_its_api() -> None:
    api = {
        "agent_class": "Fake", "tasks": [["delay", {}, {"docstring": "Wait.", "abortable": False}]],
        "processes": [["acq", {}, {"docstring": None}]], "feeds": [["temps", {"record": True}]],
    }  # fmt: skip

    interface, _ = play(discover("observatory", "fake-1"), [None, api])

    assert {name: op.kind for name, op in interface.operations.items()} == {"delay": Kind.TASK, "acq": Kind.PROCESS}
    assert not interface.operations["delay"].abortable
    assert interface.feeds["temps"].record
    assert not DeviceRequests("observatory", interface).speaks_ours


def test_a_name_with_its_facility_is_accepted_and_that_of_another_refused() -> None:
    assert strip_facility("observatory", "//observatory/cryo/thermo/1") == "cryo/thermo/1"
    with pytest.raises(NotFoundError, match="belongs to facility other; this client is connected to observatory"):
        strip_facility("observatory", "//other/cryo/thermo/1")
