"""Set points and configuration on disk: there when a call returns, or refused in words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocs.model.errors import ConfigurationError
from ocs.store.settings import FILE_NAME, Settings

Made = Callable[[], Settings]


class Troubles(list[str]):
    """What was told of trouble."""


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def make(tmp_path: Path, troubles: Troubles) -> Iterator[Made]:
    made: list[Settings] = []

    def settings_again() -> Settings:
        made.append(Settings(tmp_path, lambda: 1000.0, troubles.append))
        return made[-1]

    yield settings_again
    for each in made:
        each.close()


@pytest.mark.parametrize("value", [1.5, 0, -(2**62), True, False, "fast", "", "é\n", 1e308])
def test_a_set_point_outlives_the_process(make: Made, value: Any) -> None:
    make().keep_setpoint("oven", "setpoint", value, "alice")

    kept = make().setpoint("oven", "setpoint")

    assert kept == value
    assert type(kept) is type(value)


def test_the_newest_set_point_counts_and_none_forgets_it(make: Made) -> None:
    kept = make()
    told = []
    for value in (1.0, 2.0, None):
        kept.keep_setpoint("oven", "setpoint", value, "alice")
        told.append(kept.setpoint("oven", "setpoint"))

    assert told == [1.0, 2.0, None]


def test_each_channel_of_each_device_has_its_own(make: Made) -> None:
    kept = make()
    kept.keep_setpoint("oven/1", "a", 1.0, "")
    kept.keep_setpoint("oven/1", "b", 2.0, "")
    kept.keep_setpoint("oven/2", "a", 3.0, "")

    found = [kept.setpoint(*where) for where in (("oven/1", "a"), ("oven/1", "b"), ("oven/2", "a"), ("oven/2", "b"))]

    assert found == [1.0, 2.0, 3.0, None]


def test_configuration_is_kept_by_scope_and_only_what_is_given_last(make: Made) -> None:
    kept = make()
    kept.keep_config("device", "oven", "a", {"max_alarm": 3.0, "label": "A"}, "alice")
    kept.keep_config("class", "oven", "a", {"max_alarm": 4.0}, "alice")
    kept.keep_config("device", "oven", "a", {"abs_change": [1.0, None]}, "alice")

    again = make()

    assert again.config("device", "oven", "a") == {"abs_change": [1.0, None]}
    assert again.config("class", "oven", "a") == {"max_alarm": 4.0}
    assert again.config("class", "oven", "b") == {}


def test_configuration_and_set_point_leave_each_other_alone(make: Made) -> None:
    kept = make()
    kept.keep_setpoint("oven", "a", 1.5, "alice")
    kept.keep_config("device", "oven", "a", {"label": "A"}, "alice")
    kept.keep_config("device", "oven", "a", {}, "alice")

    assert kept.setpoint("oven", "a") == 1.5
    assert kept.config("device", "oven", "a") == {}


def test_nothing_is_made_on_disk_by_looking(make: Made, tmp_path: Path) -> None:
    assert make().setpoint("oven", "a") is None
    assert list(tmp_path.iterdir()) == []


def test_who_changed_what_when_is_kept(make: Made, tmp_path: Path) -> None:
    make().keep_setpoint("oven", "a", 1.5, "alice")

    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        rows = file.execute("SELECT scope, name, channel, key, value, time, author FROM settings").fetchall()
    file.close()

    assert rows == [("device", "oven", "a", "__value", "1.5", 1000.0, "alice")]


def test_a_disk_that_refuses_is_told_with_the_channel_and_what_to_do(make: Made, tmp_path: Path) -> None:
    kept = make()
    kept.keep_setpoint("oven", "a", 1.5, "alice")
    kept._connection.execute("PRAGMA query_only = 1")  # type: ignore[union-attr] # opened by the write

    with pytest.raises(ConfigurationError) as caught:
        kept.keep_setpoint("oven", "a", 2.5, "alice")

    assert "a of oven was not changed" in caught.value.message
    assert "make room on the disk, or mend its permissions" in caught.value.message
    assert caught.value.field == "a"
    assert kept.setpoint("oven", "a") == 1.5
    kept._connection.execute("PRAGMA query_only = 0")  # type: ignore[union-attr] # the same
    kept.keep_setpoint("oven", "a", 3.5, "alice")
    assert make().setpoint("oven", "a") == 3.5


def test_a_folder_that_is_not_there_is_a_refusal_too(tmp_path: Path, troubles: Troubles) -> None:
    nowhere = Settings(tmp_path / "nowhere", lambda: 0.0, troubles.append)

    with pytest.raises(ConfigurationError, match="was not changed"):
        nowhere.keep_setpoint("oven", "a", 1.5, "alice")
    assert nowhere.setpoint("oven", "a") is None


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()])
def test_what_cannot_be_kept_is_refused_and_the_next_write_is_good(make: Made, value: Any) -> None:
    kept = make()
    kept.keep_setpoint("oven", "a", 1.5, "alice")

    with pytest.raises(ConfigurationError, match=r"a of oven was not changed: .* cannot be kept"):
        kept.keep_setpoint("oven", "a", value, "alice")
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        kept.keep_config("device", "oven", "a", {"label": "A", "unit": value}, "alice")

    assert kept.config("device", "oven", "a") == {}
    kept.keep_setpoint("oven", "a", 2.5, "alice")
    assert make().setpoint("oven", "a") == 2.5


def test_several_keys_are_kept_together_or_not_at_all(make: Made) -> None:
    kept = make()
    kept.keep_config("device", "oven", "a", {"label": "A", "unit": "K"}, "alice")

    with pytest.raises(ConfigurationError):
        kept.keep_config("device", "oven", "a", {"label": "B", "unit": b"K"}, "alice")

    assert make().config("device", "oven", "a") == {"label": "A", "unit": "K"}


def test_a_damaged_file_is_put_aside_and_told(make: Made, tmp_path: Path, troubles: Troubles) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, whatever its name says" * 100)
    kept = make()

    assert kept.setpoint("oven", "a") is None
    kept.keep_setpoint("oven", "a", 1.5, "alice")

    assert make().setpoint("oven", "a") == 1.5
    assert any("were damaged" in sentence for sentence in troubles)
    assert (tmp_path / "settings.damaged").exists()


def test_a_row_that_cannot_be_read_hides_no_other_channel(make: Made, tmp_path: Path, troubles: Troubles) -> None:
    kept = make()
    kept.keep_setpoint("oven", "a", 1.5, "alice")
    kept.keep_setpoint("oven", "b", 2.5, "alice")
    kept.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        file.execute("UPDATE settings SET value = 'nonsense' WHERE channel = 'a'")
    file.close()

    again = make()

    assert (again.setpoint("oven", "a"), again.setpoint("oven", "b")) == (None, 2.5)
    assert any("cannot be read" in sentence for sentence in troubles)


def test_threads_may_write_at_once(make: Made) -> None:
    kept = make()
    threads = [
        threading.Thread(target=kept.keep_setpoint, args=("oven", f"c{number}", number, "alice")) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [kept.setpoint("oven", f"c{number}") for number in range(8)] == list(range(8))


plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stored=st.dictionaries(st.text(min_size=1).filter(lambda key: key != "__value"), plain | st.lists(plain)))
def test_any_configuration_comes_back_as_it_was(make: Made, stored: dict[str, Any]) -> None:
    kept = make()
    stored = {key: value for key, value in stored.items() if value is not None}

    kept.keep_config("device", "oven", "a", stored, "alice")

    assert kept.config("device", "oven", "a") == stored
