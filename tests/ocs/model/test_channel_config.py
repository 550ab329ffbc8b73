from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import pytest

from ocs.model.channel_config import CONFIG_KEYS, ChannelConfig, library_config, plain_setting
from ocs.model.valuetype import value_type


def test_every_key_is_documented_in_one_sentence() -> None:
    assert list(CONFIG_KEYS) == [entry.name for entry in fields(ChannelConfig)]
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in CONFIG_KEYS.values())


@pytest.mark.parametrize(("annotation", "printed"), [(float, "%6.2f"), (int, "%d"), (str, "%s"), (bool, "%s")])
def test_the_library_prints_floats_with_two_digits_and_whole_numbers_without(annotation: Any, printed: str) -> None:
    assert library_config("x", value_type(annotation)).format == printed


def test_the_library_names_a_channel_by_itself_and_sets_no_limit() -> None:
    config = library_config("temperature", value_type(float))

    assert (config.label, config.event_period_s, config.settle_dwell_s) == ("temperature", 1.0, 0.0)
    assert all(getattr(config, key) is None for key in CONFIG_KEYS if key.startswith(("min", "max", "delta", "abs")))


@pytest.mark.parametrize(
    ("setting", "plain"),
    [((0.5, math.inf), [0.5, None]), (("a", "b"), ["a", "b"]), (None, None), (1.5, 1.5), ("K", "K"), ((), [])],
)
def test_a_setting_goes_to_json_without_infinities(setting: Any, plain: Any) -> None:
    assert plain_setting(setting) == plain
    assert json.dumps(plain_setting(setting), allow_nan=False)
