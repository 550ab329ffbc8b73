"""Spans of time on the command line."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest
from click.testing import CliRunner

from ocs.cli.archived import Span, span_options


def span_of(*words: str) -> Any:
    """Return what a command gets, or its complaint."""
    got: list[Span] = []

    @click.command()
    @span_options("1h")
    def command(span: Span) -> None:
        """Take it."""
        got.append(span)

    done = CliRunner().invoke(command, list(words))
    return got[0] if got else done.output


def test_without_options_it_is_the_default_up_to_now() -> None:
    assert span_of().seconds == 3600.0


def test_last_counts_from_the_end() -> None:
    span = span_of("--last", "1h30m", "--end", "2027-01-15T08:00")

    assert str(span) == "from 2027-01-15T06:30:00Z to 2027-01-15T08:00:00Z"
    assert span.end.astype(int) == 1_800_000_000 * 10**9


def test_start_and_end_are_times_of_any_kind() -> None:
    assert str(span_of("--start", "1800000000", "--end", "2027-01-15T08:00:00.5")) == (
        "from 2027-01-15T08:00:00Z to 2027-01-15T08:00:00.5Z"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--last", "1h", "--start", "today"), "--last and --start both say where the span begins"),
        (("--last", "soon"), "'soon' is no duration; write a number and its unit"),
        (("--last", "999999d"), "'-999999d' is too far from 1970"),
        (("--start", "soon"), "'soon' is no time; write -1h"),
        (("--start", "now", "--end", "-1h"), "the span from now to -1h ends 1 h before it starts"),
    ],
)
def test_what_is_no_span_is_a_wrong_usage(words: tuple[str, ...], sentence: str) -> None:
    assert sentence in re.sub(r"\s+", " ", span_of(*words))
