"""Names for the shell's completion, asked of the running realm: devices, operations, channels, commands, triggers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from ocs.cli.options import Where
from ocs.cli.realm import devices_here, realm
from ocs.model.errors import OcsError

COMPLETION_S = float(os.environ.get("OCS_COMPLETION_S", "2"))
"""Time, in s, after which the shell gets no names; a slow machine may want more."""

Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_device(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the devices whose names begin so; none when the realm does not tell in time."""
    return _items(_in_time(lambda: _device_names(context)), incomplete)


def complete_target(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return devices, and after a dot their channels, as `psu-1.voltage`."""
    device, dot, _ = incomplete.partition(".")
    if not dot:
        return _items(_in_time(lambda: _device_names(context)), incomplete)
    names = _in_time(lambda: _of_device(context, device, lambda found: found.channels))
    return _items([f"{device}.{name}" for name in names], incomplete)


def _of_its_device(choose: Callable[[Any], Iterable[str]], ending: str = "") -> Completion:
    """Make the completion of words that the device on the command line knows."""

    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        device = str(context.params.get("device") or "").partition(".")[0]
        names = _in_time(lambda: _of_device(context, device, choose)) if device else []
        return _items([name + ending for name in names], incomplete)

    return complete


complete_operation = _of_its_device(lambda device: device.operations)
complete_channel = _of_its_device(lambda device: device.channels)
complete_command = _of_its_device(lambda device: device.commands)
complete_watched = _of_its_device(lambda device: [*device.feeds, *device.channels])
complete_trigger = _of_its_device(lambda device: device.state.read().allowed)
complete_state = _of_its_device(lambda device: device.interface.chart.states)
complete_value = _of_its_device(
    lambda device: [name for name, channel in device.interface.channels.items() if channel.access.writable], "="
)


def complete_parameter(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the parameters of the operation or command on the command line, each with its `=`."""
    device, word = context.params.get("device"), context.params.get("op") or context.params.get("name")

    def choose(found: Any) -> Iterable[str]:
        interface = {**found.interface.operations, **found.interface.commands}[str(word)]
        return list((interface.params or {}).get("properties", {}))

    names = _in_time(lambda: _of_device(context, str(device), choose)) if device and word else []
    return _items([f"{name}=" for name in names], incomplete)


def complete_setting(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the keys of a channel's configuration, each with its `=`."""
    from ocs.model.channel_config import CONFIG_KEYS

    return _items([f"{key}=" for key in CONFIG_KEYS], incomplete)


def complete_key(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the keys of a channel's configuration."""
    from ocs.model.channel_config import CONFIG_KEYS

    return _items(CONFIG_KEYS, incomplete)


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _device_names(context: click.Context) -> list[str]:
    with realm(_where(context), timeout_s=COMPLETION_S) as observatory:
        return sorted(name for name, entry in devices_here(observatory).items() if not entry.get("expired"))


def _of_device(context: click.Context, device: str, choose: Callable[[Any], Iterable[str]]) -> list[str]:
    with realm(_where(context), timeout_s=COMPLETION_S) as observatory:
        return sorted(choose(observatory[device]))


def _where(context: click.Context) -> Where:
    given = context.params
    if given.get("port"):  # a completion does not run the command, which would do this
        os.environ["OCS_PORT"] = str(given["port"])
    return Where(given.get("url"), given.get("realm"), given.get("root"), given.get("site_file"))


def _in_time(ask: Callable[[], list[str]]) -> list[str]:
    names: list[str] = []

    def run() -> None:
        try:
            names.extend(ask())
        except (OcsError, OSError, KeyError, AttributeError):
            return  # a shell in the middle of a line wants no messages

    asking = threading.Thread(target=run, daemon=True)
    asking.start()
    asking.join(COMPLETION_S)
    return list(names)
