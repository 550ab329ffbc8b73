from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.channel_config import CONFIG_KEYS, ConfigSource
from ocs.model.errors import OutOfRangeError, ParameterError, UnknownParameterError
from ocs.model.layered_config import LayeredConfig
from ocs.model.valuetype import value_type

CLASS, DEVICE, CODE, LIBRARY = ConfigSource.CLASS, ConfigSource.DEVICE, ConfigSource.CODE, ConfigSource.LIBRARY


def make(**code: Any) -> LayeredConfig:
    return LayeredConfig("temperature", value_type(float), code)


VALUES = st.one_of(st.integers(-3, 3), st.sampled_from(["Not specified", "", "NaN", None]))
SETTINGS = st.dictionaries(st.sampled_from(["min_alarm", "max_alarm", "min_value", "max_value", "delta_val"]), VALUES)
CHANGES = st.lists(st.tuples(st.sampled_from([CLASS, DEVICE]), SETTINGS), max_size=6)


def changed_by(changes: list[tuple[ConfigSource, dict[str, Any]]]) -> LayeredConfig:
    config = make(max_alarm=2, min_value=-1)
    for scope, values in changes:
        try:
            config.set(values, scope)
        except ParameterError:
            continue
    return config


@given(CHANGES)
def test_the_effective_configuration_is_always_coherent(changes: list[tuple[ConfigSource, dict[str, Any]]]) -> None:
    config = changed_by(changes).effective

    for low, high in ((config.min_alarm, config.max_alarm), (config.min_value, config.max_value)):
        assert low is None or high is None or low < high


@given(CHANGES)
def test_what_was_stored_brings_the_same_configuration_back(
    changes: list[tuple[ConfigSource, dict[str, Any]]],
) -> None:
    config = changed_by(changes)
    stored = {scope: json.loads(json.dumps(config.stored(scope), allow_nan=False)) for scope in (CLASS, DEVICE)}
    again = make(max_alarm=2, min_value=-1)

    ignored = again.load(CLASS, stored[CLASS]) + again.load(DEVICE, stored[DEVICE])

    assert ignored == []
    assert again.effective == config.effective


@given(CHANGES, SETTINGS, st.sampled_from([CLASS, DEVICE]))
def test_a_change_tells_exactly_the_keys_that_changed_and_a_refusal_changes_nothing(
    changes: list[tuple[ConfigSource, dict[str, Any]]], values: dict[str, Any], scope: ConfigSource
) -> None:
    config = changed_by(changes)
    before, sources, stored = config.effective, config.sources, config.stored(scope)
    try:
        changed = config.set(values, scope)
    except ParameterError:
        assert (config.effective, config.sources, config.stored(scope)) == (before, sources, stored)
        return

    assert changed == [key for key in CONFIG_KEYS if getattr(before, key) != getattr(config.effective, key)]


@given(CHANGES)
def test_resetting_everything_brings_the_declaration_back(changes: list[tuple[ConfigSource, dict[str, Any]]]) -> None:
    config = changed_by(changes)

    for scope in (DEVICE, CLASS):
        config.reset(CONFIG_KEYS, scope)

    assert config.effective == make(max_alarm=2, min_value=-1).effective


@pytest.mark.parametrize(("word", "left"), [("Not specified", None), ("", None), ("NaN", 50), (None, None)])
def test_the_three_words_do_what_tango_was_seen_to_do_with_a_class_value_of_50(word: Any, left: Any) -> None:
    config = make()
    config.set({"max_alarm": 50}, CLASS)
    config.set({"max_alarm": 60})

    config.set({"max_alarm": word})

    assert config.effective.max_alarm == left


@pytest.mark.parametrize(
    ("word", "left", "source"), [("Not specified", None, LIBRARY), ("", 40, CODE), ("NaN", 50, CLASS)]
)
def test_the_three_words_with_a_default_in_the_code(word: str, left: Any, source: ConfigSource) -> None:
    config = make(max_alarm=40)
    config.set({"max_alarm": 50}, CLASS)
    config.set({"max_alarm": 60})

    assert config.set({"max_alarm": word}) == ["max_alarm"]

    assert (config.effective.max_alarm, config.sources["max_alarm"]) == (left, source)


def test_the_words_put_texts_back_too() -> None:
    config = make(label="Sensor A")
    config.set({"label": "B", "unit": "mK"})

    config.set({"label": "Not specified", "unit": ""})

    assert (config.effective.label, config.effective.unit) == ("temperature", "")


def test_the_nearest_layer_wins_key_by_key() -> None:
    config = make(unit="K", max_alarm=1, min_alarm=-1, label="A")
    config.set({"max_alarm": 2, "min_alarm": -2}, CLASS)
    config.set({"max_alarm": 3})

    told = {key: config.sources[key] for key in ("max_alarm", "min_alarm", "unit", "format")}

    assert told == {"max_alarm": DEVICE, "min_alarm": CLASS, "unit": CODE, "format": LIBRARY}
    assert (config.effective.max_alarm, config.effective.min_alarm, config.effective.unit) == (3, -2, "K")


def test_only_what_differs_is_stored_and_words_stay_words() -> None:
    config = make(max_alarm=40, unit="K")
    config.set({"max_alarm": 50}, CLASS)

    config.set({"unit": "K", "max_alarm": "Not specified", "abs_change": [None, 1], "delta_val": 2})

    assert config.stored(DEVICE) == {"max_alarm": "Not specified", "abs_change": [None, 1.0], "delta_val": 2.0}
    assert config.stored(CLASS) == {"max_alarm": 50.0}


def test_an_incoherent_pair_is_refused_over_layers_and_the_old_one_stays() -> None:
    config = make(min_alarm=10)
    config.set({"max_alarm": 20}, CLASS)

    with pytest.raises(OutOfRangeError, match="min_alarm 20 and max_alarm 20 leave no value"):
        config.set({"label": "B", "min_alarm": 20})

    assert (config.effective.min_alarm, config.effective.label) == (10, "temperature")


def test_what_a_class_says_must_do_for_a_device_without_more() -> None:
    config = make(max_alarm=5)
    config.set({"max_alarm": 20})

    with pytest.raises(OutOfRangeError, match="min_alarm 10 and max_alarm 5"):
        config.set({"min_alarm": 10}, CLASS)


def test_a_reset_that_would_leave_no_value_is_refused() -> None:
    config = make(max_alarm=5)
    config.set({"max_alarm": 20, "min_alarm": 10})

    with pytest.raises(OutOfRangeError):
        config.reset(["max_alarm"])

    assert config.reset(["max_alarm", "min_alarm"]) == ["min_alarm", "max_alarm"]


def test_an_unknown_key_names_near_ones() -> None:
    config = make()

    with pytest.raises(UnknownParameterError, match="did you mean max_alarm"):
        config.set({"max_alrm": 1})
    with pytest.raises(UnknownParameterError):
        config.reset(["max_alrm"])


@pytest.mark.parametrize("wrong", [5, None, "label", [1]])
def test_what_is_no_map_or_list_of_keys_is_refused(wrong: Any) -> None:
    with pytest.raises(ParameterError):
        make().set(wrong)
    if wrong != "label":
        with pytest.raises(ParameterError):
            make().reset(wrong)


@pytest.mark.parametrize("scope", [CODE, LIBRARY])
def test_code_and_library_cannot_be_changed(scope: ConfigSource) -> None:
    with pytest.raises(ParameterError, match="cannot be changed"):
        make().set({"label": "B"}, scope)


@pytest.mark.parametrize(
    "code", [{"max_alrm": 1}, {"max_alarm": "hot"}, {"min_alarm": 2, "max_alarm": 1}, {"poll_period_s": 0.001}]
)
def test_a_declaration_without_sense_is_refused_when_it_is_made(code: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="channel temperature: "):
        make(**code)


def test_what_the_declaration_leaves_open_counts_as_not_given() -> None:
    assert make(max_alarm=None).sources["max_alarm"] is LIBRARY


def test_the_labels_of_an_enum_come_from_the_code_and_may_be_renamed() -> None:
    config = LayeredConfig("filter", value_type(str, labels=("red", "blue")), {})

    assert (config.effective.enum_labels, config.sources["enum_labels"]) == (("red", "blue"), CODE)
    assert config.set({"enum_labels": ["rot", "blau"]}) == ["enum_labels"]
    assert config.stored(DEVICE) == {"enum_labels": ["rot", "blau"]}


def test_the_effective_configuration_is_one_object_until_it_changes() -> None:
    config = make()

    assert config.effective is config.effective


@pytest.mark.parametrize("wrong", [5, None, "text", ["max_alarm"]])
def test_a_stored_layer_that_is_no_map_is_passed_over(wrong: Any) -> None:
    config = make()

    assert len(config.load(DEVICE, wrong)) == 1


def test_stored_keys_that_make_no_sense_any_more_are_passed_over_and_told() -> None:
    config = make(max_warning=5)

    ignored = config.load(
        DEVICE, {"gone": 1, "unit": 5, "min_alarm": 3, "max_alarm": 3, "min_warning": 9, "label": "B", 3: 4}
    )

    assert [sentence.split(" is ignored")[0] for sentence in ignored] == [
        "the stored gone", "the stored unit", "the stored 3", "the stored min_alarm", "the stored max_alarm",
        "the stored min_warning",
    ]  # fmt: skip
    assert config.stored(DEVICE) == {"label": "B"}


def test_a_stored_class_layer_that_does_not_go_with_the_device_is_passed_over() -> None:
    config = make(max_alarm=5)
    config.set({"max_alarm": 20}, CLASS)
    config.set({"min_alarm": 10})

    ignored = config.load(CLASS, {"label": "B"})

    assert len(ignored) >= 1
    assert config.effective.max_alarm == 20
