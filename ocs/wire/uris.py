"""Addresses on the router. `R` is the address root, `D` the device, each one component of the URI."""

from __future__ import annotations

from ocs.model.event import DeviceEventKind, EventKind

HEARTBEAT = "heartbeat"
ERROR_PREFIX = "ocs.error."


def management(root: str, device: str) -> str:
    """Return the procedure that tells what a device is: `R.D`."""
    return f"{root}.{device}"


def operations(root: str, device: str) -> str:
    """Return the procedure that starts and ends operations: `R.D.ops`."""
    return f"{root}.{device}.ops"


def read(root: str, device: str) -> str:
    """Return the procedure that reads channels: `R.D.read`."""
    return f"{root}.{device}.read"


def write(root: str, device: str) -> str:
    """Return the procedure that writes channels: `R.D.write`."""
    return f"{root}.{device}.write"


def command(root: str, device: str) -> str:
    """Return the procedure that carries commands out: `R.D.command`."""
    return f"{root}.{device}.command"


def state(root: str, device: str) -> str:
    """Return the procedure that tells the state and takes triggers: `R.D.state`."""
    return f"{root}.{device}.state"


def config(root: str, device: str) -> str:
    """Return the procedure that tells and changes the configuration of channels: `R.D.config`."""
    return f"{root}.{device}.config"


def put(root: str, archiver: str) -> str:
    """Return the procedure that takes rows into the archive: `R.D.put`."""
    return f"{root}.{archiver}.put"


def history(root: str, archiver: str) -> str:
    """Return the procedure that hands out rows of the archive: `R.D.history`."""
    return f"{root}.{archiver}.history"


def channel_event(root: str, device: str, channel: str, kind: EventKind) -> str:
    """Return the topic of one kind of event of a channel: `R.D.events.<channel>.<kind>`."""
    return f"{root}.{device}.events.{channel}.{kind.value}"


def device_event(root: str, device: str, kind: DeviceEventKind) -> str:
    """Return the topic of one kind of event of a device: `R.D.events.<kind>`."""
    return f"{root}.{device}.events.{kind.value}"


def feed(root: str, device: str, name: str) -> str:
    """Return the topic of a feed: `R.D.feeds.<feed>`."""
    return f"{root}.{device}.feeds.{name}"


def blocks(root: str, device: str, name: str) -> str:
    """Return the topic of a bulk feed's columns of bytes: `R.D.blocks.<feed>`."""
    return f"{root}.{device}.blocks.{name}"


def sessions(root: str, device: str, operation: str) -> str:
    """Return the topic of an operation's session changes: `R.D.sessions.<op>`."""
    return f"{root}.{device}.sessions.{operation.replace(' ', '_').replace('.', '_')}"


def all_heartbeats(root: str) -> str:
    """Return the wildcard topic of every device's heartbeat: `R..feeds.heartbeat`."""
    return f"{root}..feeds.{HEARTBEAT}"


def device_of(topic: str) -> str:
    """Return the device that a feed's, block's or session's topic belongs to."""
    return topic.split(".")[1]
