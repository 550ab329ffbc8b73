"""Addresses on the router. `R` is the address root, `D` the device, each one component of the URI."""

from __future__ import annotations

HEARTBEAT = "heartbeat"
ERROR_PREFIX = "ocs.error."


def management(root: str, device: str) -> str:
    """Return the procedure that tells what a device is: `R.D`."""
    return f"{root}.{device}"


def operations(root: str, device: str) -> str:
    """Return the procedure that starts and ends operations: `R.D.ops`."""
    return f"{root}.{device}.ops"


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
