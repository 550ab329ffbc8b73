"""A device asked as the wire asks it: maps as they come, virtual time, and waits of handlers that a test ends."""

from __future__ import annotations

import threading
from typing import Any

from ocs.agent import Device
from ocs.model.event import DeviceEventKind, EventKind
from ocs.testing.clock import wait_deaf
from ocs.testing.running import ROOT, Site
from ocs.wire import uris

LONGEST_S = 10_000.0


class Panel:
    """One device at work.

    Args:
        site: Where it is.
        device: The author's object.
    """

    def __init__(self, site: Site, device: Device) -> None:
        self.site = site
        self.clock = site.clock
        self.device: Any = device
        self.where = (ROOT, device.name)

    def call(self, uri: str, *args: Any, **kwargs: Any) -> Any:
        """Call a procedure and return its result; the time moves on until it comes."""
        return self.clock.result_of(self.site.client.call(uri, *args, timeout_s=LONGEST_S, **kwargs), LONGEST_S)

    def asked(self, uri: str, *args: Any, **kwargs: Any) -> list[Any]:
        """Call a procedure, and return a list to which its result or error is added when it comes."""
        told: list[Any] = []
        calling = self.site.client.call(uri, *args, timeout_s=LONGEST_S, **kwargs)
        calling.addCallbacks(told.append, lambda failure: told.append(failure.value))
        self.clock.settle()
        return told

    def read(self, names: Any = None, **options: Any) -> Any:
        """Return what `R.D.read` answers."""
        return self.call(uris.read(*self.where), names, **options)

    def reading(self, name: str, **options: Any) -> Any:
        """Return the reading of one channel."""
        return self.read(name, **options)[name]

    def value(self, name: str, **options: Any) -> Any:
        """Return the value of one channel."""
        return self.reading(name, **options)["value"]

    def write(self, values: Any, **options: Any) -> Any:
        """Return what `R.D.write` answers."""
        return self.call(uris.write(*self.where), values, **options)

    def command(self, name: Any, params: Any = None) -> Any:
        """Return what `R.D.command` answers."""
        return self.call(uris.command(*self.where), name, params)

    def state(self, **asked: Any) -> Any:
        """Return what `R.D.state` answers."""
        return self.call(uris.state(*self.where), **asked)

    def config(self, *args: Any, **kwargs: Any) -> Any:
        """Return what `R.D.config` answers."""
        return self.call(uris.config(*self.where), *args, **kwargs)

    def query(self, *args: Any, **kwargs: Any) -> Any:
        """Return what `R.D` answers."""
        return self.call(uris.management(*self.where), *args, **kwargs)

    def events(self, channel: str, kind: EventKind = EventKind.CHANGE) -> list[Any]:
        """Return a list to which each event of a channel is added from now on."""
        told: list[Any] = []
        self.site.subscribe(uris.channel_event(*self.where, channel, kind), lambda _topic, event: told.append(event))
        return told

    def told(self, kind: DeviceEventKind) -> list[Any]:
        """Return a list to which each event of the device is added from now on."""
        told: list[Any] = []
        self.site.subscribe(uris.device_event(*self.where, kind), lambda _topic, event: told.append(event))
        return told


class Hang:
    """Where handlers of a test wait until it lets them go; a clock takes it for a wait, so that time passes."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self.armed = False
        self.reached = 0

    def pause(self) -> None:
        """Wait, if the test has armed it."""
        if self.armed:
            self.reached += 1
            wait_deaf(self._go)

    def release(self) -> None:
        """Let everybody go."""
        self.armed = False
        self._go.set()
