"""What is refused when a device class is defined: names that clash, states of another chart, feeds that cannot be."""

from __future__ import annotations

from typing import Any

from ocs.model.errors import NotFoundError
from ocs.model.transition import State

OWN = frozenset(
    {"state", "channels", "commands", "thread", "acquisition", "polling", "channel_feeds", "host", "hosted", "feeds"}
)
"""Attributes in which the framework has a device's parts."""

OF_OBJECT = frozenset(
    {
        "alarming", "device_link", "followers", "heartbeat_on", "link_there", "log", "sent_events", "set_up",
        "setup_failure", "simulator",
    }
)  # fmt: skip
"""Attributes that each device object has, beside those of its class."""


EVERY = {name.casefold(): name for name in ("State", "Status", "Init")}
"""Channels and commands that every device has."""


def check_class(device_class: Any) -> None:
    """Make sure that the declarations of a device class fit together.

    Raises:
        TypeError: They do not; the sentence names class and declaration.
    """
    for name in sorted(OWN & vars(device_class).keys()):
        raise TypeError(f"{device_class.__name__}.{name}: the framework has the device's {name} there; rename it")
    _check_names(device_class)
    _check_states(device_class)
    _check_channels(device_class)


def _check_names(device_class: Any) -> None:
    seen: dict[str, str] = {}
    declared = (
        ("channel", device_class.declared_channels),
        ("operation", device_class.declared_operations),
        ("command", device_class.declared_commands),
    )
    for kind, names in declared:
        for name in names:
            if kind != "operation" and name.casefold() in EVERY:
                raise TypeError(f"{device_class.__name__}.{name}: every device has {EVERY[name.casefold()]} already")
            if name.casefold() in seen:
                raise TypeError(f"{device_class.__name__}: {seen[name.casefold()]} and {kind} {name} share a name")
            seen[name.casefold()] = f"{kind} {name}"


def _check_states(device_class: Any) -> None:
    chart = device_class.chart
    wanted: list[tuple[str, State]] = []
    for name, channel in device_class.declared_channels.items():
        wanted += [(name, state) for state in (*channel.when, *channel.write_when)]
    for name, operation in {**device_class.declared_operations, **device_class.declared_commands}.items():
        states = [*operation.when, *(each for each in (operation.during, operation.then) if each is not None)]
        wanted += [(name, state) for state in states]
    for name, state in wanted:
        try:
            chart.resolve(state)
        except NotFoundError as error:
            raise TypeError(f"{device_class.__name__}.{name}: {error.message}") from None
    for trigger in device_class.transition_handlers:
        if trigger not in chart.transitions:
            raise TypeError(f"{device_class.__name__} has a handler of {trigger}, which its chart does not have")


def _check_channels(device_class: Any) -> None:
    channels = device_class.declared_channels
    base = next(each for each in reversed(device_class.__mro__) if hasattr(each, "declared_channels"))
    for name in channels:
        if hasattr(base, name) or name in OF_OBJECT:
            raise TypeError(f"{device_class.__name__}.{name}: every device has that itself; name it otherwise")
    periods: dict[str, set[float]] = {}
    for name, channel in channels.items():
        if channel.partner and channel.partner not in channels:
            raise TypeError(f"{device_class.__name__}.{name} names its partner {channel.partner}, which is no channel")
        period = channel.code.get("poll_period_s")
        if channel.feed and period is not None:
            periods.setdefault(channel.feed, set()).add(period)
    for feed, several in periods.items():
        if len(several) > 1:
            told = ", ".join(f"{period:g} s" for period in sorted(several))
            raise TypeError(
                f"{device_class.__name__}: the channels of feed {feed} are polled each {told}; "
                "what is published together is read together"
            )
