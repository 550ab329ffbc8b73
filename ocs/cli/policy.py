"""`ocs policy`: the rules for what is archived, what each of them takes, and other rules."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import date, emit, emit_json, sentence, table
from ocs.cli.progress import working
from ocs.cli.realm import realm
from ocs.model.errors import ConfigurationError, ExitCode
from ocs.model.series import CHANNELS_FEED

EPILOG = """\b
Examples:
  ocs policy                             the rules that hold, and what each of them takes
  ocs policy --set rules.yaml --dry-run  what other rules would take; nothing is changed
  ocs policy --set rules.yaml            have them hold from now on
  ocs policy --reset                     have those of the site file hold again

\b
A file of rules is a list in YAML; of the rules that fit a channel, the first decides:
  - {match: "bare-1.*", archive: false}
  - {match: "cryo/*.temperature", dead_band: 0.001}      smallest change that is worth a row, in its unit
  - {match: "thermo-1.*", period_s: 1, keep_days: 365}   a row each second, kept for a year
What no rule fits is archived whole and kept for ever."""

_LIMITS = (("dead_band", "dead band {}"), ("period_s", "every {} s"), ("keep_days", "kept {} d"),
           ("keep_rollup_days", "roll-ups kept {} d"))  # fmt: skip


@click.command("policy", epilog=EPILOG)
@click.option("--set", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Have the rules in this file hold.")  # fmt: skip
@click.option("--reset", is_flag=True, help="Have the rules of the site file hold again.")
@click.option("--dry-run", is_flag=True, help="Only tell what the rules would take.")
@where_options
@json_option
def command(where: Where, *, path: Path | None, reset: bool, dry_run: bool, as_json: bool) -> ExitCode:
    """Show or change what is archived: by patterns, with dead bands, periods, and for how long."""
    if reset and (path is not None or dry_run):
        raise click.UsageError("--reset goes without --set and --dry-run")
    rules = None if path is None else read_rules(path)
    with realm(where) as observatory, working("asking the devices"):
        client, histories = observatory.client, observatory.realm.histories
        if reset:
            client.do(histories.command("reset_policy"))
        elif rules is not None and not dry_run:
            client.do(histories.command("set_policy", rules=rules))
        policy: Mapping[str, Any] = client.do(histories.command("policy"))
        asked = {"rules": rules} if rules is not None and dry_run else {}
        fields: Sequence[Mapping[str, Any]] = client.do(histories.command("preview", **asked))
    shown = {**policy, **asked}
    if as_json:
        emit_json({**shown, "dry_run": dry_run, "fields": fields})
    else:
        show_policy(shown, fields, dry_run=dry_run)
    return ExitCode.OK


def read_rules(path: Path) -> list[Any]:
    """Return the rules in a file, YAML or JSON: a list, or a map with such a list as `rules` or `policy`.

    Raises:
        ConfigurationError: It cannot be read, or holds no list; the sentence names the line.
    """
    from ocs.site.document import read_document

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", field=str(path)) from None
    document = read_document("rules:\n" + textwrap.indent(text, "  "))  # a document is a map
    for line, remark in document.problems:
        raise ConfigurationError(f"{path}:{max(1, line - 1)}: {remark.sentence}", field=str(path))
    rules = (document.data or {}).get("rules")
    if isinstance(rules, Mapping):
        rules = rules.get("rules", rules.get("policy"))
    if not isinstance(rules, list):
        raise ConfigurationError(
            f"{path} holds no list of rules; each is a line such as - {{match: thermo-1.*, dead_band: 0.01}}",
            field=str(path),
        )
    return rules


def show_policy(policy: Mapping[str, Any], fields: Sequence[Mapping[str, Any]], *, dry_run: bool) -> None:
    """Print the rules with what each of them takes, then what no rule fits, and what is paused."""
    rules = policy["rules"]
    count = f"{len(rules)} rule{'' if len(rules) == 1 else 's'}" if rules else "no rules"
    kept = "" if rules else ": all is archived, and kept for ever"
    if dry_run:
        emit(f"{count} would hold{kept}; nothing was changed")
    else:
        since = "" if policy["source"] == "site file" else f" since {date(policy['since'])} UTC"
        hold = "holds" if len(rules) == 1 else "hold"
        emit(f"{count} {hold} ({policy['source']}){since}{kept}")
    for number, rule in enumerate(rules, start=1):
        emit()
        emit(f"{number}. {rule.get('match')}: {what_it_says(rule)}")
        _show_fields([field for field in fields if field["rule"] == number])
    others = [field for field in fields if field["rule"] == 0]
    if rules and others:
        emit()
        emit("no rule: archived, kept for ever")
    if others:
        _show_fields(others)
    for pause in policy.get("pauses", ()):
        why = f": {pause['reason']}" if pause["reason"] else ""
        sentence(f"paused since {date(pause['since'])} UTC: {pause['match']}{why}")


def what_it_says(rule: Mapping[str, Any]) -> str:
    """Return a rule in words, without its pattern."""
    if not rule.get("archive", True):
        return "not archived"
    told = [words.format(f"{rule[key]:g}") for key, words in _LIMITS if rule.get(key) is not None]
    return ", ".join(["archived", *told])


def _show_fields(fields: Sequence[Mapping[str, Any]]) -> None:
    if not fields:
        emit("   fits nothing that is recorded now")
    devices: dict[str, list[str]] = {}
    for field in fields:
        name = field["field"] if field["feed"] == CHANNELS_FEED else f"{field['feed']}.{field['field']}"
        unit = f" [{field['unit']}]" if field["unit"] else ""
        paused = " (paused)" if field["paused"] is not None else ""
        devices.setdefault(field["device"], []).append(f"{name}{unit}{paused}")
    table(("", ""), [(device, ", ".join(names)) for device, names in devices.items()], indent="   ")
