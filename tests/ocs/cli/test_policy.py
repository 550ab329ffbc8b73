"""Rules of the archive on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocs.cli.policy import read_rules, show_policy, what_it_says
from ocs.model.errors import ConfigurationError

FIELD: dict[str, Any] = {
    "device": "thermo-1", "feed": "thermal", "block": "thermal", "field": "t", "unit": "K", "rule": 1, "archive": True,
    "dead_band": None, "period_s": None, "keep_days": None, "keep_rollup_days": None, "paused": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        '- {match: "a.*", archive: false}\n# a comment\n- match: b\n  dead_band: 0.5\n',
        '[{"match": "a.*", "archive": false}, {"match": "b", "dead_band": 0.5}]',
        'policy:\n  - {match: "a.*", archive: false}\n  - {match: b, dead_band: 0.5}\n',
        'rules:\n- {match: "a.*", archive: false}\n- {match: b, dead_band: 0.5}\n',
    ],
)
def test_rules_are_read_from_yaml_and_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)

    assert read_rules(path) == [{"match": "a.*", "archive": False}, {"match": "b", "dead_band": 0.5}]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- {match: a\n- {match: b}\n", r"rules\.yaml:\d: this is no YAML"),
        ("- match: a\n  match: b\n", r"rules\.yaml:2: "),
        ("hello", r"rules\.yaml holds no list of rules; each is a line such as"),
        ("", r"rules\.yaml holds no list of rules"),
        ("other: []", r"rules\.yaml holds no list of rules"),
    ],
)
def test_what_is_no_list_of_rules_is_one_sentence_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=sentence):
        read_rules(path)


def test_a_rule_in_words() -> None:
    assert what_it_says({"match": "a", "archive": False}) == "not archived"
    assert what_it_says({"match": "a", "dead_band": 0.5, "period_s": 60, "keep_days": 30.0}) == (
        "archived, dead band 0.5, every 60 s, kept 30 d"
    )


def test_each_rule_is_told_with_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    rules = [{"match": "thermo-1", "period_s": 1}, {"match": "nobody.*", "archive": False}]
    policy = {"rules": rules, "source": "set_policy", "since": 86400.0,
              "pauses": [{"match": "thermo-1.p", "reason": "vented", "since": 0.0}]}  # fmt: skip
    fields = [
        FIELD, {**FIELD, "field": "p", "unit": "", "paused": "vented"},
        {**FIELD, "device": "psu-1", "feed": "_channels", "block": "State", "field": "State", "unit": "", "rule": 0},
    ]  # fmt: skip

    show_policy(policy, fields, dry_run=False)

    assert capsys.readouterr().out.splitlines() == [
        "2 rules hold (set_policy) since 1970-01-02 00:00:00 UTC",
        "",
        "1. thermo-1: archived, every 1 s",
        "   thermo-1  thermal.t [K], thermal.p (paused)",
        "",
        "2. nobody.*: not archived",
        "   fits nothing that is recorded now",
        "",
        "no rule: archived, kept for ever",
        "   psu-1  State",
        "paused since 1970-01-01 00:00:00 UTC: thermo-1.p: vented",
    ]


def test_a_dry_run_says_that_nothing_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    show_policy({"rules": [], "source": "site file", "since": None}, [FIELD | {"rule": 0}], dry_run=True)

    assert capsys.readouterr().out.splitlines() == [
        "no rules would hold: all is archived, and kept for ever; nothing was changed",
        "   thermo-1  thermal.t [K]",
    ]


def test_one_rule_holds(capsys: pytest.CaptureFixture[str]) -> None:
    show_policy({"rules": [{"match": "thermo-1"}], "source": "site file", "since": None}, [FIELD], dry_run=False)

    assert capsys.readouterr().out.startswith("1 rule holds (site file)\n")
