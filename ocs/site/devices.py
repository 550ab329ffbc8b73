"""The devices of an agent, with the values that site file and command line give their properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocs.model.address import fold
from ocs.model.errors import ConfigurationError
from ocs.site.findings import suggestion
from ocs.site.options import DEVICE_PROPERTY
from ocs.site.schema import Instance
from ocs.site.values import check_property_name


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """One device of an agent.

    Attributes:
        name: Its address below the address root.
        class_name: Its class; None where the agent has one class only.
        properties: Values from the site file: of any plain type, text where they come from `arguments`.
        overrides: Values from the command line, as text; stronger than those of the database.
    """

    name: str
    class_name: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)


def device_settings(
    instance_id: str,
    instance: Instance | None,
    site_words: Sequence[str],
    command_words: Sequence[str],
) -> tuple[DeviceSettings, ...]:
    """Return the devices of an agent; one that is called as the agent is, when none are declared.

    Args:
        instance_id: The agent.
        instance: Its entry in the site file.
        site_words: Values of `--device-property` in `arguments`.
        command_words: Values of `--device-property` on the command line.

    Raises:
        ConfigurationError: A word names no device, or is no `[DEVICE:]NAME=VALUE`.
    """
    declared = instance.devices if instance is not None else None
    if declared is None:
        bare = [DeviceSettings(instance_id)]
    else:
        bare = [DeviceSettings(device.name, device.class_name, device.properties) for device in declared]
    names = [device.name for device in bare]
    weak, strong = _by_device(names, site_words), _by_device(names, command_words)
    return tuple(
        DeviceSettings(
            device.name,
            device.class_name,
            {**device.properties, **weak[fold(device.name)]},
            strong[fold(device.name)],
        )
        for device in bare
    )


def _by_device(names: Sequence[str], words: Sequence[str]) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {fold(name): {} for name in names}
    for word in words:
        device, name, value = _split(word)
        if device is None and len(names) != 1:
            message = f"{DEVICE_PROPERTY} {name}=... names no device; the agent has {', '.join(names) or 'none'}"
            raise ConfigurationError(f"{message}; write DEVICE:{name}=VALUE", field=name, allowed=list(names))
        wanted = names[0] if device is None else device
        if fold(wanted) not in values:
            message = f"{DEVICE_PROPERTY} names the device {wanted!r}, which this agent does not have"
            raise ConfigurationError(f"{message}{suggestion(wanted, names)}", field=name, allowed=list(names))
        values[fold(wanted)][name] = value
    return values


def _split(word: str) -> tuple[str | None, str, str]:
    place, equals, value = word.partition("=")
    device, colon, name = place.rpartition(":")
    try:
        check_property_name(name)
    except ValueError as error:
        raise ConfigurationError(f"{DEVICE_PROPERTY}: {error}", field=name) from error
    if not equals:
        raise ConfigurationError(f"{DEVICE_PROPERTY} {word} has no value; write {word}=VALUE", field=name)
    return (device if colon else None), name, value
