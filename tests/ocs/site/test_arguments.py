"""Words of a command line: flattened, grouped, merged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.site.arguments import (
    ArgumentError,
    flatten_arguments,
    group_arguments,
    is_option,
    join_groups,
    merge_arguments,
)

scalars = st.text(max_size=5) | st.integers() | st.floats() | st.booleans()
nested = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=8)
words = st.sampled_from(
    ["--mode", "--mode=acq", "--port", "-v", "--", "-5", "-1e-3", "-", "idle", "sim", ""]
) | st.text(max_size=4)
lines = st.lists(words, max_size=8)


def merged(*command_lines: list[str]) -> tuple[str, ...]:
    groups = group_arguments(command_lines[0])
    for line in command_lines[1:]:
        groups = merge_arguments(groups, group_arguments(line))
    return join_groups(groups)


@given(st.lists(nested, max_size=5))
def test_nesting_of_lists_does_not_matter(arguments: list[object]) -> None:
    flat = flatten_arguments(arguments)

    assert flatten_arguments([[item] for item in arguments]) == flat
    assert flatten_arguments(list(flat)) == flat
    assert all(isinstance(word, str) for word in flat)


@given(st.lists(scalars))
def test_each_scalar_becomes_one_word(arguments: list[object]) -> None:
    assert flatten_arguments(arguments) == tuple(str(item) for item in arguments)


@pytest.mark.parametrize(
    ("arguments", "path", "sentence"),
    [
        ("--port sim", (), "is the text '--port sim'; it must be a list, as in [--port, sim]"),
        (None, (), "is empty; it must be a list, as in [--port, sim]"),
        (["--port", None], (1,), "is empty; write '' for an empty text, or remove it"),
        (
            [["--a"], [["--b", {"c": 1}]]],
            (1, 0, 1),
            "is a map; write option and value as two items, as in [--port, sim]",
        ),
    ],
)
def test_what_is_no_word_is_refused_with_its_place(arguments: object, path: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        flatten_arguments(arguments)

    assert (caught.value.path, str(caught.value)) == (path, sentence)


@pytest.mark.parametrize("word", ["-5", "-0.5", "-.5", "-1e-3", "-1E+3", "-", "", "x", "x-y"])
def test_negative_numbers_and_a_single_dash_are_no_options(word: str) -> None:
    assert not is_option(word)


@pytest.mark.parametrize("word", ["--port", "-v", "--port=1", "-1x", "--"])
def test_what_else_begins_with_a_dash_is_an_option(word: str) -> None:
    assert is_option(word)


@given(lines)
def test_groups_joined_are_the_command_line_again(line: list[str]) -> None:
    assert join_groups(group_arguments(line)) == tuple(line)


def test_both_spellings_of_an_option_have_its_name_and_value() -> None:
    groups = group_arguments(["--mode=acq", "--mode", "idle", "--offset", "-5"])

    assert [(group.name, group.values) for group in groups] == [
        ("--mode", ("acq",)),
        ("--mode", ("idle",)),
        ("--offset", ("-5",)),
    ]


def test_nothing_after_a_bare_double_dash_is_an_option() -> None:
    groups = group_arguments(["-v", "--", "--mode", "--"])

    assert [(group.name, group.values) for group in groups] == [("-v", ()), ("--", ("--mode", "--"))]


def test_a_stronger_option_replaces_all_values_of_the_weaker() -> None:
    assert merged(["--a", "1", "2", "--b", "3"], ["--a", "9"]) == ("--b", "3", "--a", "9")


def test_a_stronger_option_replaces_the_weaker_in_either_spelling() -> None:
    assert merged(["--mode=acq", "--b"], ["--mode", "idle"]) == ("--b", "--mode", "idle")
    assert merged(["--mode", "idle"], ["--mode=acq"]) == ("--mode=acq",)


def test_several_occurrences_on_one_side_are_kept() -> None:
    assert merged(["--add", "1", "--add", "2"], ["--b"]) == ("--add", "1", "--add", "2", "--b")


def test_free_words_stay_in_front_and_the_rest_at_the_end() -> None:
    assert merged(["--a", "--", "x"], ["file", "--b"]) == ("file", "--a", "--b", "--", "x")


@given(lines)
def test_merging_with_nothing_keeps_every_option(line: list[str]) -> None:
    assert sorted(merged(line, [])) == sorted(line)
    assert merged(line, []) == merged([], line)


@given(lines)
def test_merging_a_line_with_itself_changes_nothing(line: list[str]) -> None:
    assert merged(line, line) == merged(line, [])


@given(lines, lines, lines)
def test_merging_is_associative(first: list[str], second: list[str], third: list[str]) -> None:
    one, two, three = (group_arguments(line) for line in (first, second, third))

    left = merge_arguments(merge_arguments(one, two), three)
    right = merge_arguments(one, merge_arguments(two, three))

    assert left == right


@given(lines, lines)
def test_every_word_of_the_stronger_side_survives(weak: list[str], strong: list[str]) -> None:
    result = merge_arguments(group_arguments(weak), group_arguments(strong))

    assert all(group in result for group in group_arguments(strong))
    assert {group.name for group in result} == {
        group.name for line in (weak, strong) for group in group_arguments(line)
    }
