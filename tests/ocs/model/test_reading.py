from __future__ import annotations

import dataclasses

import pytest

from ocs.model.errors import LinkLostError
from ocs.model.quality import Quality
from ocs.model.reading import Clock, Reading


def test_a_reading_with_an_error_failed() -> None:
    failed = Reading(None, Quality.INVALID, 0.0, error=LinkLostError("the port is gone"))

    assert failed.failed
    assert not Reading(1.0, Quality.VALID, 0.0).failed


def test_an_invalid_value_without_error_did_not_fail() -> None:
    assert not Reading(None, Quality.INVALID, 0.0).failed


def test_a_reading_is_stamped_by_the_host_unless_it_says_otherwise() -> None:
    assert Reading(1.0, Quality.VALID, 0.0).clock is Clock.HOST


def test_a_reading_does_not_change() -> None:
    reading = Reading(1.0, Quality.VALID, 0.0)

    with pytest.raises(dataclasses.FrozenInstanceError):
        reading.value = 2.0  # type: ignore[misc]
