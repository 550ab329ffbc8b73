"""A device's health while its agent runs: looked at each second and at each edge, told when it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ocs.agent.device import Device
from ocs.agent.operations.operation import OperationRuntime
from ocs.link import LinkState
from ocs.model import health_rules as rules
from ocs.model.event import DeviceEventKind
from ocs.model.health import Cause, Health, HealthLevel
from ocs.model.operation import Outcome
from ocs.model.quality import Quality
from ocs.model.reading import Reading
from ocs.wire import uris
from ocs.wire.health import encode_health

FAILED = frozenset({Outcome.FAILED, Outcome.TIMED_OUT})


class HealthMonitor:
    """Computes one device's health from what its agent knows; nobody sets it.

    Args:
        device: The device.
        operations: Gives its operations as they are now.
    """

    def __init__(self, device: Device, operations: Callable[[], Mapping[str, OperationRuntime]]) -> None:
        self._device = device
        self._operations = operations
        self._host = device.hosted()
        self._good: dict[str, Reading] = {}
        self._told = 0
        self.health = Health.of((), self._host.timing.now())

    def look(self) -> Health:
        """Compute it anew, and tell clients when it changed."""
        now = self._host.timing.now()
        before, self.health = self.health, Health.of(self._causes(now), now, self.health)
        if not self.health.alike(before):
            self._publish()
        return self.health

    def joined(self) -> None:
        """Tell the health to those who subscribed before the agent was there, or had no router meanwhile."""
        self._publish()

    def encoded(self) -> dict[str, Any]:
        """Return the answer to whoever asks, computed now."""
        return encode_health(self.look())

    def _publish(self) -> None:
        self._told += 1
        identity = self._host.identity
        topic = uris.device_event(identity.root, identity.name, DeviceEventKind.HEALTH)
        self._host.publish(topic, {**encode_health(self.health), "seq": self._told, "epoch": identity.epoch})

    def _causes(self, now: float) -> Iterator[Cause | None]:
        device = self._device
        link = device.device_link
        if link is not None:
            status = link.status
            yield rules.link_cause(
                is_open=status.state is LinkState.OPEN, reason=status.reason, since=status.since, now=now
            )
        state = device.state
        yield rules.state_cause(state.tango, _said(state.status), self._state_since())
        busy_s = device.thread.busy_s
        if device.thread.under_way:
            what = f"{device.thread.under_way} in {device.thread.where()}" if busy_s >= rules.HANG_S else ""
            yield rules.hang_cause(what, now - busy_s, now)
        for operation in self._operations().values():
            yield _of_session(operation)
        yield from self._of_channels(now)
        yield from self._own(now)

    def _state_since(self) -> float:
        """Return since when clients see the present state, which a channel in alarm may cover."""
        state, channels = self._device.state, self._device.channels.values()
        entered = state.report.since
        if state.tango is state.current.tango:
            return entered
        alarms = [(each.ring, each.latest) for each in channels if self._device.alarming.get(each.name)]
        return max(entered, min((self._since(ring, latest) for ring, latest in alarms if latest), default=entered))

    def _own(self, now: float) -> list[Cause | None]:
        try:
            return list(self._device.own_causes(now))
        except Exception as error:  # noqa: BLE001 - the edge of the author's code: told as a cause itself
            told = f"{type(self._device).__name__}.own_causes failed: {error}; tell the author of the driver"
            return [Cause(HealthLevel.DEGRADED, "driver", now, told)]

    def _of_channels(self, now: float) -> Iterator[Cause | None]:
        seconds = self._host.timing.seconds()
        for channel in self._device.channels.values():
            latest = channel.latest
            if channel.problem:
                yield Cause(HealthLevel.DEGRADED, f"channel {channel.name}", now, channel.problem)
            if latest is None or channel.declaration.inline:
                continue
            since = self._since(channel.ring, latest)
            if latest.error is not None:
                yield rules.failing_cause(channel.name, latest.error.message, since)
            elif latest.quality is not Quality.VALID:
                yield rules.quality_cause(channel.name, latest.quality, channel.culprit, since)
            limit = channel.layers.effective.stale_after_s
            if limit is not None:
                if latest.error is None:
                    self._good[channel.name] = latest
                good = self._good.get(channel.name)
                yield rules.stale_cause(channel.name, None if good is None else seconds - good.taken, limit, now)

    def _since(self, ring: Any, latest: Reading) -> float:
        """Return since when the newest readings of a channel have its present quality."""
        since = latest.time
        for reading in reversed(ring):
            if reading.quality is not latest.quality:
                break
            since = reading.time
        return since


def _of_session(operation: OperationRuntime) -> Cause | None:
    run = operation.latest
    if run is None:
        return None
    failed = run.outcome in FAILED
    message = run.failure.message if run.failure is not None else ""
    if run.degraded and not run.ended:
        message = next((text for _, text in reversed(list(run.messages)) if not text.startswith("Status is now")), "")
    since = run.end_time if failed and run.end_time is not None else run.start_time
    return rules.session_cause(
        operation.name, since=since, stuck=run.stuck, degraded=run.degraded and not run.ended, failed=failed,
        message=message,
    )  # fmt: skip


def _said(text: str) -> str:
    """Return what Status says besides the state, in one line."""
    first, _, rest = text.partition("\n")
    told = rest if first.startswith("The device is in ") else text
    return told.replace("\n", "; ")
