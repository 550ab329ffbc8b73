"""`ocs write`: set points of channels."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.channel_values import read_channel_value
from ocs.cli.completing import complete_device, complete_value
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import cut, emit, emit_json, line_width, on_terminal, tell_error
from ocs.cli.readings import error_document, reading_document, show_readings, value_text
from ocs.cli.realm import realm
from ocs.cli.targets import channel_of, exit_code_of
from ocs.cli.values import split_words
from ocs.model.errors import DeadlineError, ExitCode, OcsError

if TYPE_CHECKING:
    from ocs.client.channels import ClientChannel
    from ocs.client.readings import Reading, Written

LOOK_S = 1.0
"""How often the progress of settling is shown, in s."""

EPILOG = """\b
Examples:
  ocs write psu-1 voltage_1=5                  one set point
  ocs write psu-1 voltage_1=5 current_1=0.2    two in one request
  ocs write psu-1 voltage_1=5 --check          would it be taken?
  ocs write oven-1 setpoint=310 --wait 600     and wait until the value has followed
  ocs write dac-1 wave=0,0.5,1,0.5 mode=FAST   a spectrum, a label of an enum

What is refused is told in one sentence each, with the nearest value that would be taken."""


@click.command("write", epilog=EPILOG)
@click.argument("device", shell_complete=complete_device)
@click.argument("values", nargs=-1, required=True, metavar="CHANNEL=VALUE...", shell_complete=complete_value)
@click.option("--check", is_flag=True, help="Try everything but the instrument.")
@click.option("--readback", is_flag=True, help="Read the channels afterwards, in the same request.")
@click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), help="Wait until the values have settled, so many s at most."
)
@where_options
@json_option
def command(
    where: Where, *, device: str, values: tuple[str, ...], check: bool, readback: bool, wait_s: float | None,
    as_json: bool,
) -> ExitCode:  # fmt: skip
    """Write channels, each checked against its type and limits."""
    if check and wait_s is not None:
        raise click.UsageError("--check writes nothing that could be waited for; leave --wait out")
    given = split_words(values)
    with realm(where) as observatory:
        found = observatory[device]
        channels = {channel.name: channel for channel in (channel_of(found, name) for name in given)}
        wanted = {
            name: read_channel_value(name, text, channel.interface.type, channel.unit)
            for (name, channel), text in zip(channels.items(), given.values(), strict=True)
        }
        written: dict[str, Written] = found.write(wanted, readback=readback, check=check)
        errors = [one.error for one in written.values() if one.error is not None]
        if not as_json:
            _tell(channels, written, check=check)
        settled: dict[str, Reading] = {}
        if wait_s is not None:
            good = [name for name in channels if written[name].error is None]
            errors += _settle(followers(found, good), wait_s, settled, silent=as_json)
    if as_json:
        emit_json(_documents(written, settled))
    return exit_code_of(errors)


def _tell(channels: dict[str, ClientChannel], written: dict[str, Written], *, check: bool) -> None:
    for name, one in written.items():
        if one.error is None:
            text = value_text(one.setpoint, channels[name].interface.config)
            emit(f"{channels[name].address} {'would become' if check else 'set to'} {text}")
    readings = [(name, channels[name].interface, one.reading) for name, one in written.items() if one.reading]
    if readings:
        show_readings(readings)
    for one in written.values():
        error = one.error or (one.reading.error if one.reading is not None else None)
        if error is not None:
            tell_error(error.message)


def followers(device: Any, names: Iterable[str]) -> list[ClientChannel]:
    """Return the channels to wait for: of those that were written, or whose set points they are, all with a rule.

    When none has a rule for when it has settled, all of them: waiting then tells how to configure one.
    """
    found: dict[str, ClientChannel] = {}
    for name in names:
        channel = device.channels[name]
        partners = [other for other in device.channels.values() if other.interface.partner == name]
        found |= {each.name: each for each in ([channel] if _has_rule(channel) else partners or [channel])}
    return [channel for channel in found.values() if _has_rule(channel)] or list(found.values())


def _has_rule(channel: ClientChannel) -> bool:
    return channel.interface.config.settle_tolerance is not None


def _settle(
    channels: list[ClientChannel], timeout_s: float, settled: dict[str, Reading], *, silent: bool
) -> list[OcsError]:
    """Wait for channel after channel within one time; the readings go to `settled`, what failed is returned."""
    begun = time.monotonic()
    errors = []
    for channel in channels:
        try:
            reading = _settle_one(channel, begun, timeout_s, silent=silent)
        except OcsError as error:
            errors.append(error)
            if not silent:
                tell_error(error.message)
            continue
        settled[channel.name] = reading
        if not silent:
            text = value_text(reading.value, channel.interface.config)
            emit(f"{channel.address} settled at {text} after {time.monotonic() - begun:.1f} s")
    return errors


def _settle_one(channel: ClientChannel, begun: float, timeout_s: float, *, silent: bool) -> Reading:
    while True:
        passed = time.monotonic() - begun
        left = max(0.0, timeout_s - passed)
        try:
            reading: Reading = channel.wait_settled(min(LOOK_S, left))
        except DeadlineError:
            if left <= LOOK_S:
                _show("")
                now = channel.read()
                text = value_text(now.value, channel.interface.config)
                raise DeadlineError(
                    f"{channel.address} has not settled within {timeout_s:g} s; it is at {text} and goes on",
                    field=channel.name, limit=timeout_s,
                ) from None  # fmt: skip
            if not silent:
                _show(_progress(channel, channel.read(), time.monotonic() - begun))
        else:
            _show("")
            return reading


def _progress(channel: ClientChannel, reading: Reading, passed: float) -> str:
    config = channel.interface.config
    value, goal = value_text(reading.value, config), value_text(reading.setpoint, config)
    return f"{channel.address} {value} -> {goal}, {passed:.0f} s"


def _show(text: str) -> None:
    """Show a line in place of the one before; on a terminal only."""
    if on_terminal():
        sys.stdout.write(f"\r\x1b[K{cut(text, line_width() - 1)}")
        sys.stdout.flush()


def _documents(written: dict[str, Written], settled: dict[str, Reading]) -> dict[str, dict[str, Any]]:
    """Return what became of each channel; a channel that only followed has its reading as well."""
    documents: dict[str, dict[str, Any]] = {}
    for name, one in written.items():
        documents[name] = {"setpoint": one.setpoint} if one.error is None else {"error": error_document(one.error)}
        if one.reading is not None:
            documents[name]["reading"] = reading_document(one.reading)
    for name, reading in settled.items():
        documents.setdefault(name, {})["settled"] = reading_document(reading)
    return documents
