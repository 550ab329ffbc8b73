"""How lines of SCPI are read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.scpi_psu.scpi import (
    Arguments,
    Commands,
    Message,
    Refused,
    boolean,
    decimal,
    header_pattern,
    messages,
    whole,
)
from agents.scpi_psu.status import ErrorNumber

VOLTAGE = "[SOURce:]VOLTage[:LEVel]"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("*IDN?", [Message("*IDN", True, ())]),
        ("volt 5", [Message("VOLT", False, ("5",))]),
        (" :Source:Volt? max ", [Message("SOURCE:VOLT", True, ("MAX",))]),
        ("APPL CH1 , 5,1.5", [Message("APPL", False, ("CH1", "5", "1.5"))]),
        ("VOLT 5;CURR 1", [Message("VOLT", False, ("5",)), Message("CURR", False, ("1",))]),
        ("VOLT:LIM 5;STAT ON", [Message("VOLT:LIM", False, ("5",)), Message("VOLT:STAT", False, ("ON",))]),
        ("SYST:REM;:VOLT 5", [Message("SYST:REM", False, ()), Message("VOLT", False, ("5",))]),
        (
            "SYST:REM;*CLS;ERR?",
            [Message(h, q, ()) for h, q in [("SYST:REM", False), ("*CLS", False), ("SYST:ERR", True)]],
        ),
        ("", []),
        (";;", []),
    ],
)
def test_a_line_is_cut_into_its_messages(line: str, read: list[Message]) -> None:
    assert list(messages(line)) == read


@pytest.mark.parametrize("line", ["?", "VOLT;5", "VOLT:", "::VOLT", "VOLT??", "5 VOLT", "*", "VOLT\x00", "\ufffd"])
def test_what_is_no_header_is_a_syntax_error(line: str) -> None:
    with pytest.raises(Refused) as refused:
        list(messages(line))

    assert refused.value.error is ErrorNumber.SYNTAX


@pytest.mark.parametrize("header", ["VOLT", "VOLTAGE", "SOUR:VOLT", "SOURCE:VOLTAGE:LEVEL", "VOLT:LEV"])
def test_a_header_has_a_short_and_a_long_form(header: str) -> None:
    assert header_pattern(VOLTAGE).fullmatch(header)


@pytest.mark.parametrize("header", ["VOLTA", "VOL", "SOURC:VOLT", "VOLT:LEV:LEV", "SOUR", "VOLT:", "volt"])
def test_a_header_has_no_other_form(header: str) -> None:
    assert not header_pattern(VOLTAGE).fullmatch(header)


NODES = st.from_regex(re.compile(r"[A-Z]{1,4}[a-z]{1,5}", re.ASCII), fullmatch=True)


@given(st.lists(NODES, min_size=1, max_size=4), st.data())
def test_any_mixture_of_short_and_long_nodes_is_the_same_header(nodes: list[str], data: st.DataObject) -> None:
    written = [node.upper() if data.draw(st.booleans()) else re.sub("[a-z]", "", node) for node in nodes]

    assert header_pattern(":".join(nodes)).fullmatch(":".join(written))


@given(NODES)
def test_no_length_between_the_short_and_the_long_form_is_taken(node: str) -> None:
    short, long = len(re.sub("[a-z]", "", node)), len(node)

    taken = [length for length in range(1, long + 1) if header_pattern(node).fullmatch(node.upper()[:length])]

    assert taken == [short, long]


def table() -> Commands:
    commands = Commands()
    commands.add(VOLTAGE, lambda _: None, arguments=(1,))
    commands.add(f"{VOLTAGE}?", lambda a: "/".join(("asked", *a)), arguments=(0, 1))
    commands.add("APPLy", lambda _: None, arguments=(2, 3))
    return commands


def obey(line: str) -> str | None:
    return table().obey(next(messages(line)))


@pytest.mark.parametrize(("line", "answer"), [("VOLT 5", None), ("VOLT?", "asked"), ("VOLT? MAX", "asked/MAX")])
def test_a_question_and_a_command_of_one_header_are_told_apart(line: str, answer: str | None) -> None:
    assert obey(line) == answer


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("VOLT", ErrorNumber.MISSING_PARAMETER),
        ("VOLT 5,6", ErrorNumber.PARAMETER_NOT_ALLOWED),
        ("VOLT? MAX,MIN", ErrorNumber.PARAMETER_NOT_ALLOWED),
        ("APPL CH1", ErrorNumber.MISSING_PARAMETER),
        ("APPL? CH1", ErrorNumber.UNDEFINED_HEADER),
        ("CURR 5", ErrorNumber.UNDEFINED_HEADER),
    ],
)
def test_a_message_that_fits_no_row_is_refused(line: str, error: ErrorNumber) -> None:
    with pytest.raises(Refused) as refused:
        obey(line)

    assert refused.value.error is error


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5.0),
        ("+5.", 5.0),
        (".5", 0.5),
        ("5E-1", 0.5),
        ("500MV", 0.5),
        ("0.5 V", 0.5),
        ("1KV", 1000.0),
        ("7UV", 7e-6),
    ],
)
def test_a_number_is_read_with_its_unit(text: str, value: float) -> None:
    assert decimal(text, "V") == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("FIVE", ErrorNumber.DATA_TYPE),
        ("", ErrorNumber.DATA_TYPE),
        ("NAN", ErrorNumber.DATA_TYPE),
        ("1E999", ErrorNumber.DATA_TYPE),
        ("5A", ErrorNumber.INVALID_SUFFIX),
        ("5XV", ErrorNumber.INVALID_SUFFIX),
    ],
)
def test_what_is_no_number_of_this_unit_is_refused(text: str, error: ErrorNumber) -> None:
    with pytest.raises(Refused) as refused:
        decimal(text, "V")

    assert refused.value.error is error


def test_a_number_without_unit_takes_none() -> None:
    with pytest.raises(Refused):
        decimal("5V")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_number_is_read(value: float) -> None:
    assert decimal(repr(value).upper()) == value


def test_whole_numbers_keep_to_their_range() -> None:
    assert whole("2.4", range(1, 4)) == 2
    with pytest.raises(Refused) as refused:
        whole("4", range(1, 4))
    assert refused.value.error is ErrorNumber.OUT_OF_RANGE


def test_switches_are_words_or_numbers() -> None:
    assert [boolean(text) for text in ("ON", "OFF", "1", "0", "-3")] == [True, False, True, False, True]
    with pytest.raises(Refused):
        boolean("YES")


def test_each_message_goes_to_its_own_handler() -> None:
    calls: list[tuple[int, Arguments]] = []
    commands = Commands()
    for number, form in enumerate(["FIRSt", "SECond"]):
        commands.add(form, lambda a, number=number: calls.append((number, a)), arguments=(1,))  # type: ignore[misc] # bound by default

    for message in messages("SEC 1;FIRST 2"):
        commands.obey(message)

    assert calls == [(1, ("1",)), (0, ("2",))]
