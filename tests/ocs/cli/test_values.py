"""Parameters as words: what is written comes back with the type that the schema asks for."""

from __future__ import annotations

import enum
import json
from typing import Annotated, Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.cli.values import choices_of, example, kinds_of, read_parameters, split_words
from ocs.model.errors import MissingParameterError, ParameterError, UnknownParameterError
from ocs.model.parameters import Parameters
from ocs.model.units import Limits, Unit


class Filter(enum.Enum):
    RED = "red"
    BLUE = "blue"


def declared(  # noqa: PLR0917 - one parameter of each type
    target: Annotated[float, Unit("K"), Limits(0, 400)],
    count: int = 1,
    slow: bool = False,  # noqa: FBT001, FBT002 - a parameter by name
    label: str = "",
    channels: list[int] | None = None,
    table: dict[str, float] | None = None,
    colour: Filter = Filter.RED,
    pause: float | None = None,
) -> None:
    """Do nothing.

    Args:
        target: Where to go.
    """


SCHEMA = Parameters(declared).schema


def read(**texts: str) -> dict[str, Any]:
    return read_parameters({"target": "1", **texts}, SCHEMA)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back(number: float) -> None:
    assert read(target=repr(number))["target"] == number


@given(st.integers())
def test_whole_numbers_come_back(number: int) -> None:
    found = read(count=str(number))["count"]

    assert found == number
    assert isinstance(found, int)


@given(st.text())
def test_texts_come_back_as_they_are(text: str) -> None:
    assert read(label=text)["label"] == text


@given(st.lists(st.integers()))
def test_lists_come_back(numbers: list[int]) -> None:
    assert read(channels=json.dumps(numbers))["channels"] == numbers


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)))
def test_maps_come_back(table: dict[str, float]) -> None:
    assert read(table=json.dumps(table))["table"] == table


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text()))
def test_words_are_split_at_their_first_equals_sign(given_words: dict[str, str]) -> None:
    assert split_words([f"{name}={text}" for name, text in given_words.items()]) == given_words


@pytest.mark.parametrize("word", ["yes", "true", "on", "YES", "1"])
def test_yes_and_true_are_true(word: str) -> None:
    assert read(slow=word)["slow"] is True


@pytest.mark.parametrize("word", ["no", "false", "off", "False", "0"])
def test_no_and_false_are_false(word: str) -> None:
    assert read(slow=word)["slow"] is False


def test_none_is_nothing_where_nothing_is_allowed() -> None:
    assert read(pause="none")["pause"] is None
    assert read(pause="2.5")["pause"] == 2.5


def test_a_choice_is_taken_by_its_value() -> None:
    assert read(colour="blue")["colour"] == "blue"


def test_a_wrong_choice_is_told_with_the_nearest() -> None:
    with pytest.raises(ParameterError, match="one of red, blue; did you mean blue"):
        read(colour="bleu")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("target", "hot", "target is 'hot'; it must be a number in K"),
        ("target", "nan", "target is 'nan'; it must be a number in K"),
        ("count", "1.5", "count is '1.5'; it must be a whole number"),
        ("slow", "maybe", "slow is 'maybe'; it must be yes or no"),
        ("channels", "1,2", "channels is '1,2'; it must be a list in JSON, as '[1, 2]'"),
        ("channels", "{}", "channels is '{}'; it must be a list in JSON, as '[1, 2]'"),
    ],
)
def test_a_word_of_the_wrong_type_is_told_in_one_sentence(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ParameterError) as refused:
        read(**{name: text})

    assert refused.value.message == sentence


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownParameterError, match="no parameter traget; did you mean target"):
        read(traget="1")


def test_a_name_like_no_other_is_told_with_all() -> None:
    with pytest.raises(UnknownParameterError, match="it takes target, count, slow"):
        read(xyz="1")


def test_a_missing_parameter_is_told_with_its_help_and_how_to_write_it() -> None:
    with pytest.raises(MissingParameterError, match=r"target is needed \(Where to go\); write target=NUMBER"):
        read_parameters({}, SCHEMA)


def test_agents_of_ocs_take_json_or_text() -> None:
    assert read_parameters({"a": "1.5", "b": "[1]", "c": "word", "d": "true"}, None) == {
        "a": 1.5,
        "b": [1],
        "c": "word",
        "d": True,
    }


def test_a_word_without_equals_sign_is_wrong_usage() -> None:
    with pytest.raises(click.UsageError, match="write name=value"):
        split_words(["target"])


def test_a_name_that_comes_twice_is_wrong_usage() -> None:
    with pytest.raises(click.UsageError, match="twice"):
        split_words(["a=1", "a=2"])


def test_what_the_device_checks_accepts_what_was_read() -> None:
    found = read(target="310", count="3", slow="yes", channels="[1, 2]", colour="blue", pause="none")

    assert Parameters(declared).check(found)["target"] == 310


def test_kinds_choices_and_examples_follow_references() -> None:
    entries = SCHEMA["properties"]

    assert kinds_of(entries["pause"], SCHEMA) == ["null", "number"]
    assert choices_of(entries["colour"], SCHEMA) == ["red", "blue"]
    assert example(entries["colour"], SCHEMA) == "red"
    assert example(entries["channels"], SCHEMA) == "'[...]'"
