from __future__ import annotations

from ocs.model.quality import ALARMING, Quality


def test_the_words_are_those_of_tango() -> None:
    assert {quality.value for quality in Quality} == {"VALID", "INVALID", "ALARM", "WARNING", "CHANGING"}


def test_a_warning_alarms_the_device_as_an_alarm_does_and_nothing_else() -> None:
    assert {Quality.WARNING, Quality.ALARM} == ALARMING
