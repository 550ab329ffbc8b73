from __future__ import annotations

import pytest

from ocs.link.simulation.faults import Emission, Fault, Faults
from tests.ocs.link.fakes import chance


@pytest.fixture
def faults() -> Faults:
    return Faults(chance())


def test_without_fault_the_answer_leaves_with_its_terminator(faults: Faults) -> None:
    assert faults.spoil(b"293.1", b"\r\n") == Emission(b"293.1\r\n")


@pytest.mark.parametrize(
    ("fault", "emission"),
    [
        (Fault.LOST_BYTES, Emission(b"29.1\r\n")),
        (Fault.WRONG_TERMINATOR, Emission(b"293.1\t")),
        (Fault.SILENT, None),
        (Fault.LATE, Emission(b"293.1\r\n", 3.0)),
    ],
)
def test_each_fault_spoils_in_its_way(faults: Faults, fault: Fault, emission: Emission | None) -> None:
    faults.order(fault, 1)

    assert faults.spoil(b"293.1", b"\r\n") == emission


def test_garbage_is_no_text_and_the_same_each_time(faults: Faults) -> None:
    faults.order(Fault.GARBAGE, 1)
    again = Faults(chance())
    again.order(Fault.GARBAGE, 1)

    emission = faults.spoil(b"293.1", b"\r\n")

    assert emission is not None
    assert min(emission.data[:-2]) > 127
    assert emission == again.spoil(b"293.1", b"\r\n")


def test_a_fault_ends_after_its_count(faults: Faults) -> None:
    faults.order(Fault.SILENT, 2)

    answers = [faults.spoil(b"a", b"\n") for _ in range(3)]

    assert answers == [None, None, Emission(b"a\n")]
    assert faults.left == {}


def test_a_count_of_zero_ends_a_fault(faults: Faults) -> None:
    faults.order(Fault.SILENT, 2)

    faults.order(Fault.SILENT, 0)

    assert faults.spoil(b"a", b"\n") == Emission(b"a\n")


def test_a_late_answer_is_as_late_as_ordered_each_time(faults: Faults) -> None:
    faults.order(Fault.LATE, 2, 0.5)

    assert faults.spoil(b"a", b"\n") == faults.spoil(b"a", b"\n") == Emission(b"a\n", 0.5)
