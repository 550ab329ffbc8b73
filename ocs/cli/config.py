"""`ocs config`: what can be changed of channels while their agent runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.channel_lines import OF_EVERY_DEVICE
from ocs.cli.channel_values import read_setting
from ocs.cli.completing import complete_key, complete_setting, complete_target
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import emit, emit_json, sentence, shown, table
from ocs.cli.readings import cell
from ocs.cli.realm import realm
from ocs.cli.targets import channel_of
from ocs.cli.values import split_words
from ocs.model.channel_config import CONFIG_KEYS, ConfigSource
from ocs.model.errors import ExitCode, NotFoundError

if TYPE_CHECKING:
    from ocs.client.channels import ClientChannel

LIBRARY, CODE = ConfigSource.LIBRARY.value, ConfigSource.CODE.value
EPILOG = """\b
Examples:
  ocs config psu-1                                 what differs from the defaults, channel by channel
  ocs config psu-1.voltage_1                       one channel: every key, where its value comes from
  ocs config psu-1 voltage_1 max_alarm=12 abs_change=0.1
  ocs config psu-1 voltage_1 abs_change=inf,0.1    events when it rises only
  ocs config psu-1 voltage_1 --reset max_alarm     as before it was changed
  ocs config psu-1 voltage_1 max_alarm=12 --class  for all devices of the class

\b
Values come from the device, else its class, else the code, else the library. Words instead of a value:
'Not specified' takes the library's, '' the code's, NaN what holds without the change.
Changes outlive the agent."""

Told = Mapping[str, Any]
"""What a device answers for one channel: `values`, `sources`, `events`, `polling`; after a change `changed`."""


@click.command("config", epilog=EPILOG)
@click.argument("device", metavar="DEVICE[.CHANNEL]", shell_complete=complete_target)
@click.argument("words", nargs=-1, metavar="[CHANNEL] [KEY=VALUE]...", shell_complete=complete_setting)
@click.option("--reset", multiple=True, metavar="KEY", help="Take a change back; may be repeated.",
              shell_complete=complete_key)  # fmt: skip
@click.option("--class", "of_class", is_flag=True, help="Change it for all devices of the class.")
@where_options
@json_option
def command(
    where: Where, *, device: str, words: tuple[str, ...], reset: tuple[str, ...], of_class: bool, as_json: bool
) -> ExitCode:
    """Show or change limits, alarms, thresholds, periods and texts of channels."""
    name, channel, given = _split(device, words)
    changing = bool(given or reset)
    if changing and not channel:
        raise click.UsageError("a change of configuration names its channel, as in psu-1.voltage_1")
    if of_class and not changing:
        raise click.UsageError("--class belongs to a change; name keys, or --reset")
    settings = {key: read_setting(key, text) for key, text in given.items()}
    with realm(where) as observatory:
        found = observatory[name]
        if not found.channels:
            raise NotFoundError(f"{found.name} has no channels", field="channel")
        if not channel:
            all_told: Mapping[str, Told] = found.config()
            emit_json(all_told) if as_json else show_all(all_told)
            return ExitCode.OK
        one = channel_of(found, channel)
        told = _change(one, settings, reset, "class" if of_class else "device") if changing else one.config()
    if as_json:
        emit_json(told)
    elif changing:
        show_changes(one.address, told)
    else:
        show_one(one.address, told)
    return ExitCode.OK


def _split(device: str, words: tuple[str, ...]) -> tuple[str, str, dict[str, str]]:
    name, _, channel = device.partition(".")
    given = list(words)
    if given and not channel and "=" not in given[0]:
        channel = given.pop(0)
    return name, channel, split_words(given)


def _change(channel: ClientChannel, settings: dict[str, Any], reset: tuple[str, ...], scope: str) -> Told:
    told: dict[str, Any] = {}
    changed: list[str] = []
    if reset:
        told = channel.reset(*reset, scope=scope)
        changed += told["changed"]
    if settings:
        told = channel.configure(scope=scope, **settings)
        changed += [key for key in told["changed"] if key not in changed]
    return {**told, "changed": changed}


def show_all(told: Mapping[str, Told]) -> None:
    """Print, for each channel, what differs from the library's defaults."""
    rows = []
    for name, one in told.items():
        own = _own(one)
        if name in OF_EVERY_DEVICE and all(source == CODE for _, source, _ in own):
            continue
        rows += [[name if place == 0 else "", *row] for place, row in enumerate(own)] or [[name, "", "", ""]]
    table(("CHANNEL", "KEY", "FROM", "VALUE"), rows)


def show_one(address: str, told: Told) -> None:
    """Print every key of a channel: first what differs from the defaults; then which events it sends."""
    emit(address)
    defaults = [[key, LIBRARY, _text(told, key)] for key in CONFIG_KEYS if _source(told, key) == LIBRARY]
    rows = [[key, source, cell(text), CONFIG_KEYS[key]] for key, source, text in [*_own(told), *defaults]]
    table(("KEY", "FROM", "VALUE", "MEANING"), rows, indent="  ")
    _show_events(told)


def show_changes(address: str, told: Told) -> None:
    """Print what a change made of the keys."""
    if not told["changed"]:
        emit(f"{address}: nothing is different now")
    for key in told["changed"]:
        emit(f"{address}: {key} is {_text(told, key) or 'not specified'} (from {_source(told, key)})")


def _own(told: Told) -> list[list[str]]:
    nearest = [source.value for source in reversed(ConfigSource)]
    keys = [key for key in CONFIG_KEYS if _source(told, key) != LIBRARY]
    keys.sort(key=lambda key: nearest.index(_source(told, key)))
    return [[key, _source(told, key), _text(told, key)] for key in keys]


def _source(told: Told, key: str) -> str:
    return str(told["sources"].get(key, LIBRARY))


def _text(told: Told, key: str) -> str:
    value = told["values"].get(key)
    if isinstance(value, (list, tuple)):
        same = len(set(map(str, value))) == 1 and key != "enum_labels"
        parts = ["inf" if part is None else shown(part) for part in value]
        return parts[0] if same else ",".join(parts)
    return "" if value is None else shown(value)


def _show_events(told: Told) -> None:
    events: Mapping[str, str] = told.get("events", {})
    sent = [kind for kind, why in events.items() if not why]
    emit(f"  sends {', '.join(sent)} events")
    for kind, why in events.items():
        if why:
            sentence(f"no {kind} events: {why}", indent="  ")
    polling = told.get("polling")
    if polling:
        sentence(_polling(polling), indent="  ")


def _polling(told: Told) -> str:
    others = len(told["channels"]) - 1
    together = f" with {others} more channel{'s' if others > 1 else ''}" if others else ""
    took = f"took {told['took_s'] * 1000:.0f} ms last time, {told['overruns']} of {told['count']} left out"
    error = f", failed: {told['last_error']}" if told.get("last_error") else ""
    return f"polled every {told['period_s']:g} s{together}: {took}{error}"
