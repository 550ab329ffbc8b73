from __future__ import annotations

from pathlib import Path

import pytest

from ocs.model.archive_policy import read_policy
from ocs.model.errors import ConfigurationError
from ocs.services.archiver.policy.pauses import Pauses
from ocs.services.archiver.policy.policy_file import FILE_NAME, Changes, PolicyFile

POLICY = read_policy([{"match": "thermo-1.*", "dead_band": 0.25}, {"match": "*", "keep_days": 30}])


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def file(tmp_path: Path, told: list[str]) -> PolicyFile:
    return PolicyFile(tmp_path, told.append)


def test_without_a_file_the_site_file_holds(file: PolicyFile, told: list[str]) -> None:
    changes = file.load()

    assert (changes.policy, changes.pauses.all, told) == (None, (), [])


def test_what_was_changed_is_there_after_a_restart(file: PolicyFile, tmp_path: Path, told: list[str]) -> None:
    file.save(Changes(POLICY, Pauses().begun("oven", "warm", 17), 1_700_000_000.5))

    changes = PolicyFile(tmp_path, told.append).load()

    assert (changes.policy, changes.pauses.all, changes.since) == (
        POLICY, Pauses().begun("oven", "warm", 17).all, 1_700_000_000.5,
    )  # fmt: skip
    assert not told


def test_a_policy_without_rules_is_another_one_than_that_of_the_site_file(file: PolicyFile) -> None:
    file.save(Changes(read_policy([])))
    assert file.load().policy == read_policy([])

    file.save(Changes(None))
    assert file.load().policy is None


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "3", "null", "{}", '{"version": 2}', '{"version": "x"}', '{"version": 1, "rules": 3}',
        '{"version": 1, "rules": [{"match": "*", "dead_band": -1}]}', '{"version": 1, "pauses": [3]}',
        '{"version": 1, "since": "x"}', "[" * 100_000, "\xff\xfe",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_set_aside_and_the_site_file_holds(
    file: PolicyFile, tmp_path: Path, told: list[str], text: str
) -> None:
    (tmp_path / FILE_NAME).write_bytes(text.encode("latin-1"))

    changes = file.load()

    assert (changes.policy, changes.pauses.all) == (None, ())
    assert len(told) == 1
    assert "policy.damaged" in told[0]
    assert (tmp_path / "policy.damaged").read_bytes() == text.encode("latin-1")
    assert file.load() is not None
    assert len(told) == 1


def test_what_cannot_be_kept_is_refused_and_the_earlier_file_stays(file: PolicyFile, tmp_path: Path) -> None:
    file.save(Changes(POLICY))
    (tmp_path / "policy.new").mkdir()

    with pytest.raises(ConfigurationError, match="it was not changed"):
        file.save(Changes(read_policy([])))

    (tmp_path / "policy.new").rmdir()
    assert file.load().policy == POLICY
