"""What errors and bits of a supply mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.scpi_psu.status import ErrorNumber, ErrorReport, Protection, StandardEvent, check
from ocs.model.errors import DeviceError, NotAllowedError, OutOfRangeError


def test_a_command_that_was_taken_raises_nothing() -> None:
    check(ErrorReport(0, "No error"), "VOLT 5")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (-222, OutOfRangeError),
        (-221, NotAllowedError),
        (-203, NotAllowedError),
        (-113, DeviceError),
        (-350, DeviceError),
        (302, DeviceError),
    ],
)
def test_a_refusal_is_raised_as_what_it_means(number: int, kind: type[Exception]) -> None:
    with pytest.raises(kind) as refused:
        check(ErrorReport(number, "Some text"), "VOLT 5")

    assert type(refused.value) is kind
    assert "'VOLT 5'" in str(refused.value)
    assert f"Some text (error {number})" in str(refused.value)


def test_a_key_that_was_pressed_for_local_work_is_named_as_the_reason() -> None:
    with pytest.raises(NotAllowedError, match="take control again"):
        check(ErrorReport(-203, "Command protected"), "VOLT 5")


@pytest.mark.parametrize("number", ErrorNumber)
def test_every_error_has_a_text_and_all_but_none_an_event(number: ErrorNumber) -> None:
    assert number.text
    assert number is ErrorNumber.NONE or number.event in StandardEvent


@pytest.mark.parametrize(
    ("number", "event"),
    [
        (ErrorNumber.UNDEFINED_HEADER, StandardEvent.COMMAND_ERROR),
        (ErrorNumber.OUT_OF_RANGE, StandardEvent.EXECUTION_ERROR),
        (ErrorNumber.QUEUE_OVERFLOW, StandardEvent.DEVICE_ERROR),
    ],
)
def test_the_hundreds_of_an_error_tell_its_event(number: ErrorNumber, event: StandardEvent) -> None:
    assert number.event is event


@given(st.integers(0, 0xFFFF))
def test_no_bit_of_a_protection_is_passed_over(bits: int) -> None:
    sentences = Protection(bits).sentences

    assert bool(sentences) is bool(bits)
    unknown = bits & ~(1 | 2 | 16)
    assert (str(unknown) in sentences[-1]) if unknown else all("known" not in sentence for sentence in sentences)


def test_an_over_voltage_is_told_in_words() -> None:
    assert Protection.OVER_VOLTAGE.sentences == ("the voltage was too high",)
