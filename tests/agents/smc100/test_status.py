"""The tables of the SMC100 say what each code means."""

from __future__ import annotations

import pytest

from agents.smc100.status import CommandError, Condition, ControllerState, PositionerError, check
from ocs.model.errors import DeviceError, NotAllowedError, OcsError, OutOfRangeError


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0x0A, ControllerState.NOT_REFERENCED),
        (0x10, ControllerState.NOT_REFERENCED),
        (0x11, ControllerState.NOT_REFERENCED),
        (0x14, ControllerState.CONFIGURATION),
        (0x1E, ControllerState.HOMING),
        (0x1F, ControllerState.HOMING),
        (0x28, ControllerState.MOVING),
        (0x32, ControllerState.READY),
        (0x35, ControllerState.READY),
        (0x3C, ControllerState.DISABLE),
        (0x3E, ControllerState.DISABLE),
        (0x46, ControllerState.JOGGING),
        (0x47, ControllerState.JOGGING),
        (0x48, ControllerState.SIMULATION),
    ],
)
def test_a_code_belongs_to_its_state(code: int, state: ControllerState) -> None:
    assert Condition(code).state is state


def test_every_state_has_a_code_and_every_code_a_state() -> None:
    assert {condition.state for condition in Condition} == set(ControllerState)


@pytest.mark.parametrize("error", PositionerError)
def test_every_positioner_error_has_one_sentence(error: PositionerError) -> None:
    assert len(error.sentences) == 1


@pytest.mark.parametrize(
    ("bits", "error"),
    [
        (0x0001, PositionerError.NEGATIVE_END_OF_RUN),
        (0x0002, PositionerError.POSITIVE_END_OF_RUN),
        (0x0004, PositionerError.PEAK_CURRENT),
        (0x0008, PositionerError.RMS_CURRENT),
        (0x0010, PositionerError.SHORT_CIRCUIT),
        (0x0020, PositionerError.FOLLOWING_ERROR),
        (0x0040, PositionerError.HOMING_TIMEOUT),
        (0x0080, PositionerError.WRONG_STAGE),
        (0x0100, PositionerError.LOW_VOLTAGE),
        (0x0200, PositionerError.OUTPUT_POWER),
    ],
)
def test_each_bit_has_its_place(bits: int, error: PositionerError) -> None:
    assert PositionerError(bits) is error


def test_an_unknown_error_bit_is_told_by_its_number() -> None:
    assert PositionerError(0x8000).sentences == ("error bit 15 is set, whose meaning is not known here",)


@pytest.mark.parametrize("error", CommandError)
def test_every_letter_has_a_sentence(error: CommandError) -> None:
    assert error.sentence


def test_no_error_raises_nothing() -> None:
    check(CommandError.NONE, "1PA5")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (CommandError.OUT_OF_LIMITS, OutOfRangeError),
        (CommandError.PARAMETER, OutOfRangeError),
        (CommandError.NOT_REFERENCED, NotAllowedError),
        (CommandError.MOVING, NotAllowedError),
        (CommandError.MEMORY, DeviceError),
    ],
)
def test_a_refusal_is_raised_as_what_the_caller_can_do_about_it(error: CommandError, kind: type[OcsError]) -> None:
    with pytest.raises(kind, match=f"1PA5.*error {error.value}"):
        check(error, "1PA5")
