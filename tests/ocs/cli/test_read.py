"""Reading channels from the command line."""

from __future__ import annotations

import pytest

from tests.ocs.cli.conftest import Served, system_test


@system_test
def test_channels_are_read_by_pattern_and_from_several_devices(served: Served) -> None:
    told = served.asked("read", "psu-1.wave", "vol*", "faker-1.State")

    lines = told.splitlines()
    assert lines[0].split() == ["NAME", "VALUE", "SET", "POINT", "QUALITY", "AGE"]
    assert "psu-1.wave" in lines[1]
    assert "[100] 0.00..0.99 V" in lines[1]
    assert lines[2].split()[:5] == ["psu-1.voltage", "0.000", "V", "0.000", "V"]
    assert lines[3].split()[:3] == ["faker-1.State", "ON", "VALID"]


@system_test
def test_one_that_fails_has_its_exit_code_and_leaves_the_others(served: Served) -> None:
    told = served.asked("read", "psu-1", "voltage", "broken", expect=1)

    assert "0.000 V" in told
    assert "error: psu-1.broken: the supply answered nonsense" in told


@system_test
def test_programs_get_all_that_is_known(served: Served) -> None:
    document = served.asked_json("read", "psu-1", "wave", "enabled", "voltage")

    assert document["wave"]["value"][:3] == [0.0, 0.01, 0.02]
    assert document["enabled"]["value"] is True
    assert (document["voltage"]["unit"], document["voltage"]["quality"]) == ("V", "VALID")


@system_test
def test_the_newest_readings_are_listed(served: Served) -> None:
    assert len(served.asked_json("read", "psu-1", "voltage", "--history", "3")["voltage"]) == 3
    assert served.asked("read", "psu-1", "voltage", "--history", "3").count("0.000 V") == 3


@system_test
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("psu-1", "voltag"), 6, "psu-1 has no channel voltag; did you mean voltage?"),
        (("psu-1", "x*"), 6, "psu-1 has no channel x*; it has State, Status, setpoint"),
        (("psu-2",), 6, "there is no device psu-2"),
        (("psu-1", "--source", "hardware"), 2, "'hardware' is not one of 'auto', 'device', 'cache'"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(served: Served, words: tuple[str, ...], code: int, sentence: str) -> None:
    assert sentence in served.asked("read", *words, expect=code)
