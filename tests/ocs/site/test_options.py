"""Options of every program, taken out of a command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import ConfigurationError
from ocs.site.arguments import group_arguments
from ocs.site.options import OPTIONS, VARIABLES, SiteOption, split_options, strong_groups

# Which file is a matter of more than one variable: ocs.site.locate.
STANDING = [option for option in OPTIONS if option.variable and option.name != "site-file"]


def test_known_options_are_taken_and_others_left_in_their_order() -> None:
    line = split_options(group_arguments(["--port", "sim", "--site-host=h", "-v", "--log-dir", "x", "--mode=acq"]))

    assert line.values == {"site-host": "h", "log-dir": "x"}
    assert line.words == ("--port", "sim", "-v", "--mode=acq")


def test_the_last_of_several_counts() -> None:
    assert split_options(group_arguments(["--log-dir", "a", "--log-dir", "b"])).values == {"log-dir": "b"}


def test_properties_of_devices_are_collected() -> None:
    line = split_options(group_arguments(["--device-property", "a=1", "--device-property=b=--2"]))

    assert line.device_properties == ("a=1", "b=--2")


def test_a_known_option_takes_one_word() -> None:
    assert split_options(group_arguments(["--log-dir", "x", "file"])).words == ("file",)


def test_nothing_is_taken_after_a_bare_double_dash() -> None:
    assert split_options(group_arguments(["--", "--log-dir", "x"])).words == ("--", "--log-dir", "x")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_without_value_is_refused(option: SiteOption) -> None:
    name = option.name
    with pytest.raises(ConfigurationError, match=f"--{name} has no value; write --{name} "):
        split_options(group_arguments([f"--{name}", "--mode", "x"]))


@given(st.lists(st.text(st.characters(exclude_characters="-"), min_size=1), max_size=5))
def test_words_that_are_no_options_are_all_left(words: list[str]) -> None:
    assert split_options(group_arguments(words)).words == tuple(words)


@pytest.mark.parametrize("option", STANDING, ids=lambda option: option.name)
def test_a_variable_stands_for_its_option_unless_it_is_given(option: SiteOption) -> None:
    name, variable = option.name, str(option.variable)

    assert split_options(strong_groups([], {variable: "e"})).values == {name: "e"}
    assert split_options(strong_groups([f"--{name}", "c"], {variable: "e"})).values == {name: "c"}
    assert split_options(strong_groups([f"--{name}=c"], {variable: "e"})).values == {name: "c"}
    assert split_options(strong_groups([], {variable: ""})).values == {}


def test_every_variable_of_an_option_is_listed() -> None:
    assert {option.variable for option in OPTIONS if option.variable} < set(VARIABLES)
