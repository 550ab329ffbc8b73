"""Commands as a client handles them, against an agent in memory."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.client.steps import CALL_TIMEOUT_S, Call
from ocs.model.errors import MissingParameterError, NotAllowedError, NotFoundError, OutOfRangeError, ParameterError
from tests.ocs.client.oven import Oven


def test_a_command_answers_in_its_call(oven: Any) -> None:
    assert oven.calibrate(reference=4.0) == 4.0
    assert oven.calibrate(4.0, times=3) == 12.0
    assert oven.calibrate(4.0, 2) == 8.0


def test_a_command_is_called_by_its_name(oven: Any) -> None:
    assert oven.command("calibrate", reference=4.0) == 4.0
    assert oven.commands["State"]() == "OFF"


def test_init_sets_the_device_up_anew_with_the_time_that_it_takes(oven: Any, hardware: Oven) -> None:
    hardware.actual = 310.0

    status = oven.Init(force=True)

    assert "OFF" in status
    assert hardware.actual == 300.0


def test_a_command_with_a_limit_of_its_own_is_waited_for_longer(oven: Any) -> None:
    conversation = oven.commands["Init"]._requests.command("Init", None, oven.commands["Init"].interface.timeout_s)

    call = next(conversation)

    assert isinstance(call, Call)
    assert call.timeout_s > 60.0 > CALL_TIMEOUT_S


def test_a_refusal_names_the_command_and_the_state(oven: Any) -> None:
    oven.state.switch_on()

    with pytest.raises(NotAllowedError, match=r"^oven\.calibrate: .*in ON; it can in OFF"):
        oven.calibrate(reference=4.0)


def test_wrong_parameters_are_refused(oven: Any) -> None:
    with pytest.raises(OutOfRangeError, match=r"^oven\.calibrate: .*reference"):
        oven.calibrate(reference=500.0)
    with pytest.raises(MissingParameterError, match=r"^oven\.calibrate: .*reference"):
        oven.calibrate()
    with pytest.raises(ParameterError, match=r"oven\.calibrate takes reference, times; 3 values were given"):
        oven.calibrate(1, 2, 3)
    with pytest.raises(ParameterError, match="got reference twice"):
        oven.calibrate(1, reference=2)
    with pytest.raises(ParameterError, match=r"oven\.Init takes force; 2 values were given"):
        oven.Init(1, 2)


def test_an_unknown_command_is_refused_with_those_that_there_are(oven: Any) -> None:
    with pytest.raises(NotFoundError, match=r"^oven\.fly: .*calibrate"):
        oven.command("fly")


def test_a_command_explains_itself(oven: Any) -> None:
    assert oven.calibrate.__doc__.startswith("calibrate(reference: number [K], times: integer = 1)\n\nCompare")
    assert repr(oven.calibrate) == "<command oven.calibrate(reference: number [K], times: integer = 1)>"
