"""YAML into plain values with lines."""

import math

import pytest

from ocs.site.document import read_document


def test_scalars_are_read_by_the_core_schema() -> None:
    data = read_document(
        "a: 010\nb: 0x10\nc: 0o17\nd: 1e3\ne: -.inf\nf: true\ng: ~\nh: yes\n"
        "i: 2024-01-01\nj: '5'\nk: -1_000\nl: False\n"
    ).data

    assert data == {
        "a": 10, "b": 16, "c": 15, "d": 1000.0, "e": -math.inf, "f": True, "g": None,
        "h": "yes", "i": "2024-01-01", "j": "5", "k": -1000, "l": False,
    }  # fmt: skip


def test_arguments_stay_as_they_are_written() -> None:
    data = read_document("arguments: [010, [1.10, 0x1F], true, on, 12:30, '', ~, 2024-01-01]\n").data

    assert data == {"arguments": ["010", ["1.10", "0x1F"], "true", "on", "12:30", "", "~", "2024-01-01"]}


def test_an_item_of_arguments_without_text_is_nothing() -> None:
    assert read_document("arguments:\n  -\n").data == {"arguments": [None]}


def test_every_key_and_item_has_its_line() -> None:
    document = read_document("# a comment\na:\n  b:\n    - 1\n    - c: 2\n")

    assert document.lines == {
        (): 1,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "b", 0): 4,
        ("a", "b", 1): 5,
        ("a", "b", 1, "c"): 5,
    }
    assert document.line(("a", "b", 7, "d")) == 3


def test_keys_are_words_whatever_they_look_like() -> None:
    assert read_document("1: a\ntrue: b\n").data == {"1": "a", "true": "b"}


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("", 1, "the file is empty; a site file has the keys hub and hosts"),
        ("# nothing\n", 1, "the file is empty; a site file has the keys hub and hosts"),
        ("\n- 1\n", 2, "the file holds no map; a site file has the keys hub and hosts"),
        ("a:\n\tb: 1\n", 2, "a tab stands where YAML wants blanks; indent with blanks"),
        ("a: 1\n---\nb: 2\n", 2, "a second document begins here; a site file holds one, so remove the line ---"),
        ("a: 1\nb: *z\n", 2, "undefined alias 'z'; aliases are not used in site files, so write the value out"),
        (
            "a: b: c\n",
            1,
            "this is no YAML: mapping values are not allowed here (column 5); check indentation, brackets and quotes",
        ),
        ("a: 1\nb: \a\n", 2, "the character U+0007 is not allowed in YAML; remove it"),
        ("a: " + "[" * 5000, 1, "lists or maps are nested too deeply"),
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' is given a second time, first in line 1; keep one"),
        ("a:\n  b: &x 1\n", 2, "the anchor 'x' is not used in site files; write the value out"),
        ("a: &x [1]\nb: *x\n", 1, "the anchor 'x' is not used in site files; write the value out"),
        ("a: &x [*x]\n", 1, "the anchor 'x' is not used in site files; write the value out"),
        ("a:\n  <<: {b: 1}\n", 2, "the merge key << is not used in site files; write the keys out"),
        ("a: !secret x\n", 1, "the tag !secret is not used in site files; write a plain value"),
        ("[1, 2]: 3\n", 1, "a list or map stands as a key; keys are words"),
        ("a: !!int x\n", 1, "'x' is no number; write plain digits, or quotes around a text"),
    ],
)
def test_what_cannot_be_taken_over_is_said_in_one_sentence(text: str, line: int, sentence: str) -> None:
    problems = read_document(text).problems

    assert [(where, remark.sentence) for where, remark in problems] == [(line, sentence)]
