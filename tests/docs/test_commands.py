"""Commands in pages that are marked to be run do what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, played_blocks
from tests.examples.lessons import play, steps_of
from tests.system.programs import CHECKOUT, Place

TOLD = [page for page in PAGES if played_blocks(page)]


@pytest.mark.system
@pytest.mark.parametrize("page", TOLD, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_marked_commands_do_what_the_page_says(page: Path, place: Place) -> None:
    blocks = played_blocks(page)
    steps = [step for _, block in blocks for step in steps_of(f"{block}\n")]

    play(steps, CHECKOUT / blocks[0][0], place)


def test_the_tutorial_is_marked() -> None:
    assert [page.name for page in TOLD] == ["first-agent.md"]
