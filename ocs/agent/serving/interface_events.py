"""Additions and removals of a device's parts as events: a burst of them makes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocs.agent.calling.timing import Timing
from ocs.model.event import DeviceEventKind
from ocs.model.interface import Identity
from ocs.wire import uris

GATHER_S = 0.05
"""Changes within so many seconds go out together (Tango: one event about 50 ms after the last)."""

KINDS = ("channels", "operations", "commands")


class InterfaceEvents:
    """Tells clients that a device's interface changed.

    Args:
        identity: The device.
        timing: The loop.
        publish: Sends a payload to a topic.
    """

    def __init__(self, identity: Identity, timing: Timing, publish: Callable[[str, Any], bool]) -> None:
        self._identity = identity
        self._timing = timing
        self._publish = publish
        self._added: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
        self._removed: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
        self._timer: Any = None
        self._told = 0

    def changed(self, kind: str, added: str, removed: str) -> None:
        """Take note of a change, in the loop."""
        if added:
            self._added[kind][added] = None
        if removed and self._added[kind].pop(removed, "none") == "none":
            self._removed[kind][removed] = None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = self._timing.later(GATHER_S, self._tell)

    def initialised(self) -> None:
        """Tell that the device was set up anew: its interface may have changed, nobody guarantees it."""
        self._send({kind: [] for kind in KINDS}, {kind: [] for kind in KINDS}, "init")

    def close(self) -> None:
        """Tell at once what waits."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
            self._tell()

    def _tell(self) -> None:
        added = {kind: list(names) for kind, names in self._added.items()}
        removed = {kind: list(names) for kind, names in self._removed.items()}
        for names in (*self._added.values(), *self._removed.values()):
            names.clear()
        if not any((*added.values(), *removed.values())):
            return
        self._send(added, removed, "changed")

    def _send(self, added: dict[str, list[str]], removed: dict[str, list[str]], reason: str) -> None:
        self._told += 1
        identity = self._identity
        topic = uris.device_event(identity.root, identity.name, DeviceEventKind.INTERFACE)
        number = {"seq": self._told, "epoch": identity.epoch, "time": self._timing.now(), "reason": reason}
        self._publish(topic, {"added": added, "removed": removed, **number})
