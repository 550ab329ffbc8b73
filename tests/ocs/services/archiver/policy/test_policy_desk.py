from __future__ import annotations

from pathlib import Path

import pytest

from ocs.model.archive_policy import read_policy
from ocs.model.errors import ConfigurationError, NotFoundError, ParameterError
from ocs.services.archiver.policy.pauses import PauseGaps
from ocs.services.archiver.policy.policy_desk import PolicyDesk
from ocs.services.archiver.policy.policy_file import PolicyFile

SITE = read_policy([{"match": "*", "keep_days": 30}])
OTHER = [{"match": "thermo-1", "dead_band": 0.5}]
NOW = 1_700_000_000 * 10**9


@pytest.fixture
def told() -> list[str]:
    return []


def desk(folder: Path, told: list[str]) -> PolicyDesk:
    return PolicyDesk(SITE, PolicyFile(folder, told.append), PauseGaps(lambda _gap: None), told.append)


def test_at_first_the_site_file_holds(tmp_path: Path, told: list[str]) -> None:
    assert desk(tmp_path, told).encode() == {
        "rules": [{"match": "*", "keep_days": 30.0}], "source": "site file", "since": None, "pauses": [],
    }  # fmt: skip


def test_other_rules_hold_at_once_and_after_a_restart(tmp_path: Path, told: list[str]) -> None:
    changed = desk(tmp_path, told)
    changed.set_rules(OTHER, NOW)

    for each in (changed, desk(tmp_path, told)):
        assert each.policy == each.selector.policy == read_policy(OTHER)
        assert (each.encode()["source"], each.encode()["since"]) == ("set_policy", NOW / 1e9)


def test_after_a_reset_the_site_file_holds_and_pauses_last(tmp_path: Path, told: list[str]) -> None:
    changed = desk(tmp_path, told)
    changed.set_rules(OTHER, NOW)
    changed.pause("oven", "warm", NOW)

    changed.reset(NOW + 1)

    for each in (changed, desk(tmp_path, told)):
        assert each.policy == each.selector.policy == SITE
        assert each.encode()["pauses"] == [{"match": "oven", "reason": "warm", "since": NOW / 1e9}]
        assert each.selector.pauses.all == changed.changes.pauses.all


def test_a_refused_change_changes_nothing(tmp_path: Path, told: list[str]) -> None:
    changed = desk(tmp_path, told)
    before = changed.encode()

    with pytest.raises(ParameterError, match="rule 1"):
        changed.set_rules([3], NOW)
    with pytest.raises(NotFoundError):
        changed.resume("oven", NOW)
    with pytest.raises(ParameterError):
        changed.pause(" , ", "", NOW)

    assert (changed.encode(), changed.selector.policy) == (before, SITE)


def test_what_the_disk_does_not_keep_does_not_hold(tmp_path: Path, told: list[str]) -> None:
    changed = desk(tmp_path, told)
    (tmp_path / "policy.new").mkdir()

    with pytest.raises(ConfigurationError):
        changed.set_rules(OTHER, NOW)

    assert changed.policy == changed.selector.policy == SITE
