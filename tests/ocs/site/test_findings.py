"""Findings as people read them."""

from pathlib import Path

import pytest

from ocs.site.findings import Finding, Severity, path_text, suggestion


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("hub",), "hub"),
        (("hosts", "a.b", "agent-instances", 0, "arguments", 1, 2), 'hosts."a.b".agent-instances[0].arguments[1][2]'),
    ],
)
def test_a_path_is_spelled_with_dots_and_brackets(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


def test_a_finding_reads_as_compilers_write() -> None:
    finding = Finding(Path("a.yaml"), 3, "hub", Severity.ERROR, "is empty")

    assert str(finding) == "a.yaml:3: hub: is empty"


def test_a_finding_about_the_whole_file_has_no_path() -> None:
    assert str(Finding(Path("a.yaml"), 1, "", Severity.ERROR, "is empty")) == "a.yaml:1: is empty"


@pytest.mark.parametrize(
    ("word", "known", "text"),
    [
        ("instance_id", ["instance-id", "manage"], "; did you mean 'instance-id'?"),
        ("LOG-DIR", ["log-dir"], "; did you mean 'log-dir'?"),
        ("zebra", ["b", "a"], "; known are a, b"),
        ("zebra", [], ""),
    ],
)
def test_a_near_miss_is_suggested_and_else_what_is_known(word: str, known: list[str], text: str) -> None:
    assert suggestion(word, known) == text
