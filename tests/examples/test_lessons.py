"""Each lesson does what its page says."""

from __future__ import annotations

import pytest

from tests.examples.lessons import EXAMPLES, masked, play, steps_of
from tests.system.programs import Place

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

LESSONS = sorted(page.parent.name for page in EXAMPLES.glob("*/README.md"))


@pytest.mark.timeout(240)  # the last one runs a whole contract suite
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_does_what_its_page_says(lesson: str, place: Place) -> None:
    play(steps_of((EXAMPLES / lesson / "README.md").read_text()), EXAMPLES / lesson, place)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_something_to_run(lesson: str) -> None:
    assert steps_of((EXAMPLES / lesson / "README.md").read_text())


def test_the_serial_device_is_short() -> None:
    files = (EXAMPLES / "04-serial-device").glob("*.py")

    assert sum(len(file.read_text().splitlines()) for file in files) < 120


def test_the_list_of_lessons_is_complete() -> None:
    told = (EXAMPLES / "README.md").read_text()

    assert [lesson for lesson in LESSONS if f"({lesson}/README.md)" not in told] == []


def test_what_pytest_says_of_a_slow_run_is_what_it_says_of_a_quick_one() -> None:
    assert masked(["42 passed in 73.72s (0:01:13)"]) == masked(["42 passed in 24.08s"])
