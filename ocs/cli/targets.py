"""Which devices and channels the words of a command line mean: `psu-1 voltage`, `psu-1.voltage`, `psu-1 'volt*'`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ocs.model.channel import select
from ocs.model.errors import ExitCode, NotFoundError, OcsError

if TYPE_CHECKING:
    from ocs.client.channels import ClientChannel


def targets(device: str, words: Sequence[str]) -> dict[str, list[str]]:
    """Return the channels asked for by device; an empty list stands for all.

    Args:
        device: A device, or a device and a channel with a dot between.
        words: Channels or patterns of that device, or of another one when it is written before them with a dot.
    """
    first, _, channel = device.partition(".")
    asked: dict[str, list[str]] = {first: [channel] if channel else []}
    for word in words:
        other, dot, named = word.partition(".")
        asked.setdefault(other if dot else first, []).append(named if dot else word)
    return asked


def selected(device: Any, patterns: Sequence[str]) -> list[str]:
    """Return the channels of a device that the patterns mean; all that can be read without patterns.

    Raises:
        NotFoundError: It has no channel of a name, or none that fits a pattern; the sentence tells which there are.
    """
    if not device.channels:
        raise NotFoundError(f"{device.name} has no channels", field="channel")
    if not patterns:
        return [name for name, channel in device.channels.items() if channel.interface.access.readable]
    for pattern in patterns:
        found = select(device.channels, pattern)
        if not found or any(name not in device.channels for name in found):
            raise unknown(device.name, "channel", pattern, device.channels)
    return select(device.channels, patterns)


def channel_of(device: Any, name: str) -> ClientChannel:
    """Return the channel of a device, whatever the case of the word.

    Raises:
        NotFoundError: It has none of this name; the sentence tells the nearest one, or all.
    """
    found = select(device.channels, name)
    if len(found) != 1 or found[0] not in device.channels:
        raise unknown(device.name, "channel", name, device.channels)
    channel: ClientChannel = device.channels[found[0]]
    return channel


def unknown(device: str, kind: str, name: str, known: Mapping[str, Any]) -> NotFoundError:
    """Return the error that tells which channels, commands or operations there are instead."""
    near = difflib.get_close_matches(name, known, n=1)
    told = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'none'}"
    return NotFoundError(f"{device} has no {kind} {name}; {told}", field=name, allowed=list(known))


def exit_code_of(errors: Sequence[OcsError]) -> ExitCode:
    """Return what a command tells the shell when parts of it failed: their exit code, FAILED when they differ."""
    codes = {error.exit_code for error in errors}
    if not codes:
        return ExitCode.OK
    return codes.pop() if len(codes) == 1 else ExitCode.FAILED
