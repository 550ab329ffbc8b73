from __future__ import annotations

from dataclasses import replace

import pytest

from ocs.model.errors import VersionError
from ocs.model.feed import FeedInterface
from ocs.model.interface import DeviceInterface, Identity, OperationInterface
from ocs.model.operation import Kind
from ocs.testing.memory_codec import Codec, through
from ocs.wire import describe

IDENTITY = Identity("oven", "observatory", "test_realm", "Oven", "", "", "OvenAgent/oven", "lab", 1, 10**18 + 5)
INTERFACE = DeviceInterface(
    IDENTITY,
    {"ramp": OperationInterface("ramp", Kind.TASK, "Ramp.", params={"type": "object"}, abortable=False, timeout_s=3.0)},
    {"thermal": FeedInterface("thermal", record=False, bulk=True, doc="heat", agg_params={"a": 1}, units={"*_T": "K"})},
)


@pytest.mark.parametrize("codec", list(Codec))
def test_an_interface_comes_back_as_it_was(codec: Codec) -> None:
    assert describe.decode_interface(through(codec, describe.encode_interface(INTERFACE))) == INTERFACE


def test_keys_of_a_newer_minor_version_are_ignored() -> None:
    encoded = describe.encode_interface(INTERFACE)
    encoded["wire"] = "1.7"
    encoded["colour"] = "red"
    encoded["operations"]["ramp"]["colour"] = "red"

    decoded = describe.decode_interface(encoded)

    assert decoded == replace(INTERFACE, identity=replace(IDENTITY, wire="1.7"))


def test_a_newer_major_version_is_refused_in_one_sentence() -> None:
    encoded = {**describe.encode_interface(INTERFACE), "wire": "2.0"}

    with pytest.raises(VersionError, match=r"oven speaks version 2\.0 of the wire"):
        describe.decode_interface(encoded)


def test_an_agent_of_ocs_is_understood() -> None:
    api = {
        "agent_class": "FakeDataAgent", "instance_hostname": "lab", "instance_pid": 3,
        "tasks": [["delay", {}, {"docstring": "Wait.", "blocking": True, "abortable": False, "min_privs": 1}]],
        "processes": [["acq", {}, {"docstring": None}]],
        "feeds": [["temps", {"record": True, "agg_params": {}}]],
    }  # fmt: skip

    interface = describe.decode_api("observatory", "faker", api)

    assert interface.operations["delay"].abortable is False
    assert interface.operations["acq"].kind is Kind.PROCESS
    assert interface.operations["acq"].params is None
    assert interface.feeds["temps"].record


def test_an_epoch_is_told_in_the_form_of_ocs() -> None:
    assert describe.epoch_as_session(1_700_000_000_123_456_789) == "1700000000.123456"
