"""Commands from the command line."""

from __future__ import annotations

import pytest

from tests.ocs.cli.conftest import Served, system_test


@system_test
def test_a_command_answers_with_its_result_and_unit(served: Served) -> None:
    served.asked("state", "psu-1", "switch_on")
    told = served.asked("command", "psu-1", "calibrate", "reference=3", "slowly=yes")
    value = served.asked_json("command", "psu-1", "calibrate", "reference=3")
    served.asked("state", "psu-1", "switch_off")

    assert told == "3 V\n"
    assert value == 3.0


@system_test
def test_a_command_is_found_in_any_case_and_tables_are_a_line_a_row(served: Served) -> None:
    assert served.asked("command", "psu-1", "state") == "OFF\n"
    assert "name=psu-1 class=Supply" in served.asked("command", "dserver/SupplyAgent/psu-1", "devices")


@system_test
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("calibrat",), 6, "psu-1 has no command calibrat; did you mean calibrate?"),
        (("calibrate",), 2, "parameter reference is needed (What the better one tells); write reference=NUMBER"),
        (("calibrate", "refrence=3"), 2, "there is no parameter refrence; did you mean reference?"),
        (("calibrate", "reference=99"), 7, "reference"),
        (("calibrate", "reference=3"), 7, "calibrate cannot be called while psu-1 is in OFF; it can in ON"),
    ],
)
def test_a_wrong_request_is_one_sentence(served: Served, words: tuple[str, ...], code: int, sentence: str) -> None:
    assert sentence in served.asked("command", "psu-1", *words, expect=code)
