from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import ParameterError
from ocs.model.name_pattern import Pattern
from ocs.model.series import SeriesKey

SIGNS = "abAB-_1"
elements = st.text(SIGNS, min_size=1, max_size=4)
devices = st.lists(elements, min_size=1, max_size=4).map("/".join)


def fits(pattern: str, name: str) -> bool:
    device, feed, field = name.split(".")
    return Pattern(pattern).fits(SeriesKey(device, feed, feed), field)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("thermo-1.temperature", "thermo-1.fast.temperature"),
        ("thermo-1.fast.temperature", "thermo-1.fast.temperature"),
        ("thermo-1.fast.fast.temperature", "thermo-1.fast.temperature"),
        ("THERMO-1.Temperature", "thermo-1.fast.temperature"),
        ("thermo-1", "thermo-1.fast.temperature"),
        ("thermo-1.*", "thermo-1.fast.temperature"),
        ("thermo-1.fast.*", "thermo-1.fast.temperature"),
        ("thermo-1.*.temperature", "thermo-1.fast.temperature"),
        ("thermo-?", "thermo-1.fast.temperature"),
        ("therm*", "thermo-1.fast.temperature"),
        ("*mo-*.t*e", "thermo-1.fast.temperature"),
        ("**", "thermo-1.fast.temperature"),
        ("*", "cryo/stage/1.fast.temperature"),
        ("*.temperature", "cryo/stage/1.fast.temperature"),
        ("cryo/*", "cryo/stage/1.fast.temperature"),
        ("cryo/*/1", "cryo/stage/1.fast.temperature"),
        ("*/1", "cryo/stage/1.fast.temperature"),
        ("*/stage/*", "cryo/stage/1.fast.temperature"),
        ("nobody, thermo-1", "thermo-1.fast.temperature"),
    ],
)
def test_a_pattern_fits(pattern: str, name: str) -> None:
    assert fits(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("thermo", "thermo-1.fast.temperature"),
        ("thermo-1.temp", "thermo-1.fast.temperature"),
        ("thermo-1.slow.temperature", "thermo-1.fast.temperature"),
        ("thermo-1.fast", "thermo-1.fast.temperature"),
        ("thermo-??", "thermo-1.fast.temperature"),
        ("cryo*", "cryo/stage/1.fast.temperature"),
        ("**", "cryo/stage/1.fast.temperature"),
        ("cryo/?", "cryo/stage/1.fast.temperature"),
        ("cryo/stage/1/*", "cryo/stage/1.fast.temperature"),
        ("*/cryo/*", "cryo/stage/1.fast.temperature"),
        ("thermo.1", "thermo-1.fast.temperature"),
        ("thermo-1.a.b.c.d", "thermo-1.fast.temperature"),
        ("[t]hermo-1", "thermo-1.fast.temperature"),
    ],
)
def test_a_pattern_does_not_fit(pattern: str, name: str) -> None:
    assert not fits(pattern, name)


def test_one_word_that_names_nothing_is_told_as_it_was_written() -> None:
    with pytest.raises(ParameterError, match=r"^',' names no channels"):
        Pattern((",",))


@pytest.mark.parametrize("nothing", ["", " , ", [], [""], 3, [3], None])
def test_what_names_nothing_is_refused(nothing: object) -> None:
    with pytest.raises(ParameterError, match="names no channels"):
        Pattern(nothing)  # type: ignore[arg-type] # what a client may send


def test_a_block_of_its_own_has_a_fourth_name() -> None:
    series = SeriesKey("dev", "fast", "left")

    assert Pattern("dev.fast.left.x").fits(series, "x")
    assert not Pattern("dev.fast.right.x").fits(series, "x")
    assert Pattern("dev.*.x").fits(series, "x")


def test_the_fields_of_a_series_are_picked_in_their_order() -> None:
    series = SeriesKey("dev", "fast", "fast")

    assert Pattern(["dev.y,dev.x", "other"]).fields(series, ["x", "y", "z"]) == ["x", "y"]
    assert Pattern("other").fields(series, ["x", "y", "z"]) == []


def test_a_device_is_meant_whichever_of_its_fields_are() -> None:
    pattern = Pattern("cryo/*.temperature, stage")

    assert [device for device in ("cryo/1", "cryo", "stage", "stage/1") if pattern.fits_device(device)] == [
        "cryo/1",
        "stage",
    ]


def test_a_word_without_wildcards_is_exact() -> None:
    assert [word.exact for word in Pattern("a.b, a, *, a?.b, a*").words] == [True, True, False, False, False]


def test_a_pattern_shows_its_words_once() -> None:
    assert str(Pattern(["a.b , c", "a.b"])) == "a.b, c"
    assert repr(Pattern("a")) == "Pattern('a')"


def test_many_stars_take_no_time() -> None:
    assert not Pattern("*a" * 100 + "*b").fits_device("a" * 255)


@given(devices, elements, elements)
def test_a_name_fits_itself_in_any_case(device: str, feed: str, field: str) -> None:
    series = SeriesKey(device, feed, feed)

    assert Pattern(f"{device}.{field}".swapcase()).fits(series, field)
    assert Pattern(f"{device}.{feed}.{field}".swapcase()).fits(series, field)
    assert Pattern(device).fits(series, field)
    assert Pattern("*").fits(series, field)


@given(elements, st.text(SIGNS + "*?", min_size=1, max_size=6))
def test_wildcards_inside_an_element_are_those_of_the_shell(element: str, pattern: str) -> None:
    expected = re.fullmatch(fnmatch.translate(pattern), element, re.IGNORECASE) is not None

    assert Pattern(pattern).fits_device(element) is expected


@given(devices, st.lists(elements | st.just("*"), min_size=1, max_size=4))
def test_a_star_alone_stands_for_one_or_more_elements(device: str, pattern: list[str]) -> None:
    def plain(names: list[str], words: list[str]) -> bool:
        if not names or not words:
            return not names and not words
        if words[0] == "*":
            return any(plain(names[count:], words[1:]) for count in range(1, len(names) + 1))
        return names[0].casefold() == words[0].casefold() and plain(names[1:], words[1:])

    assert Pattern("/".join(pattern)).fits_device(device) is plain(device.split("/"), pattern)
