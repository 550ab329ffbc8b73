"""The events of one channel: which kinds have a source, when they are due, and their numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ocs.agent.author.channel import STATE_CHANNELS
from ocs.model.change_filter import ChangeFilter
from ocs.model.channel import Access
from ocs.model.channel_config import Pair
from ocs.model.event import EventKind, Reason
from ocs.model.quality import ALARMING, Quality
from ocs.model.reading import Reading
from ocs.wire import uris
from ocs.wire.channels import encode_event

if TYPE_CHECKING:
    from ocs.agent.channels.runtime import ChannelRuntime

EARLY_S = 0.002
EARLY_PART = 0.25
"""Readings take longer and shorter: one that comes so much too early, in s or in parts of the polling period, does not
make a periodic event wait for the next poll."""

LIMIT_KEYS = ("min_alarm", "max_alarm", "min_warning", "max_warning", "delta_val")


Rule = tuple[Pair | None, Pair | None, bool]


class ChannelEvents:
    """Decides on and publishes the events of a channel.

    A kind is published only where its source is configured (Tango, events): polled or fed by code, with a
    threshold or a period; or pushed by code.

    Args:
        channel: The channel.
    """

    def __init__(self, channel: ChannelRuntime) -> None:
        self._channel = channel
        self._host = channel.device.hosted()
        # A channel of the same name that was there before has numbered its events in the same topics.
        self._sent: Counter[EventKind] = channel.device.sent_events.setdefault(channel.name, Counter())
        self._why: dict[EventKind, str] = {}
        self._change: ChangeFilter | None = None
        self._archive: ChangeFilter | None = None
        self._next_periodic: float | None = None
        self._next_archive: float | None = None
        self._filters: dict[EventKind, tuple[Rule, ChangeFilter]] = {}
        self._last: dict[EventKind, Reading] = {}
        self._early_s = self._early_archive_s = EARLY_S
        self._sends_change = self._sends_archive = False
        self._alarms = False
        self._idle = True

    @property
    def kinds(self) -> tuple[EventKind, ...]:
        """The kinds that have a source now."""
        return tuple(kind for kind, why in self._why.items() if not why)

    @property
    def sources(self) -> dict[EventKind, str]:
        """For each kind nothing, or the sentence that says what to configure before it is sent."""
        return dict(self._why)

    def configured(self) -> None:
        """Go by the channel's configuration as it is now."""
        channel = self._channel
        config, pushes = channel.layers.effective, channel.declaration.pushes
        self._why = self._reasons()
        numeric = channel.declaration.type.dtype.numeric
        every = channel.declaration.fed_by_code and config.abs_change is None and config.rel_change is None
        change = (config.abs_change, config.rel_change, numeric and not every)
        archive = (config.archive_abs_change, config.archive_rel_change, numeric)
        self._change = self._filter(EventKind.CHANGE, change)
        self._archive = self._filter(EventKind.ARCHIVE, archive)
        self._sends_change = self._change is not None and EventKind.CHANGE not in pushes
        self._sends_archive = self._archive is not None and EventKind.ARCHIVE not in pushes
        self._alarms = not self._why[EventKind.ALARM] and EventKind.ALARM not in pushes
        self._next_periodic = None if self._why[EventKind.PERIODIC] else self._host.timing.seconds()
        self._next_archive = None
        if self._archive is not None and config.archive_period_s is not None:
            self._next_archive = self._host.timing.seconds()
        self._idle = not (self._change or self._archive or self._alarms or self._next_periodic is not None)
        self._early_s = _early(channel.poll_period_s, config.event_period_s)
        self._early_archive_s = _early(channel.poll_period_s, config.archive_period_s)
        self._quality = channel.latest.quality if channel.latest is not None else Quality.VALID

    def _filter(self, kind: EventKind, rule: Rule) -> ChangeFilter | None:
        """Return the filter of a kind, which counts from the last event whatever the thresholds were then; or None."""
        if self._why[kind]:
            self._filters.pop(kind, None)
            self._last.pop(kind, None)
            return None
        known = self._filters.get(kind)
        if known is None or known[0] != rule:
            known = self._filters[kind] = (rule, ChangeFilter(*rule))
            if kind in self._last:
                known[1].sent(self._last[kind])
        return known[1]

    def _sent_with(self, kind: EventKind, changes: ChangeFilter, reading: Reading) -> None:
        changes.sent(reading)
        self._last[kind] = reading

    def _reasons(self) -> dict[EventKind, str]:
        channel = self._channel
        name, config, declared = channel.name, channel.layers.effective, channel.declaration
        if name in STATE_CHANNELS:
            elsewhere = f"{name} has no topics of its own; follow the device's state events, which tell both"
            return {kind: "" if kind is EventKind.CONFIG else elsewhere for kind in EventKind}
        told = declared.fed_by_code and declared.access is not Access.WRITE
        sourced = told or channel.poll_period_s is not None
        unpolled = "" if sourced else f"{name} is not polled; set poll_period_s, or have its device push"
        if declared.access is Access.WRITE:
            unpolled = f"{name} is never read, it is write only"
        numeric = declared.type.dtype.numeric
        missing = f"{name} has no threshold; set"
        change, archive, alarm = unpolled, unpolled, unpolled
        settles = config.settle_tolerance is not None  # then its settling is told, if nothing else
        bare = config.abs_change is None and config.rel_change is None and not settles
        if sourced and numeric and not declared.fed_by_code and bare:
            change = f"{missing} abs_change or rel_change"
        if sourced and not (config.archive_abs_change or config.archive_rel_change or config.archive_period_s):
            archive = "" if not numeric else f"{missing} archive_abs_change, archive_rel_change or archive_period_s"
        if sourced and all(getattr(config, key) is None for key in LIMIT_KEYS):
            alarm = (
                f"{name} has no limits; set max_alarm, min_alarm, max_warning, min_warning, or delta_val and delta_t_s"
            )
        polled = channel.poll_period_s is not None
        only_code = f"{name} sends it only when its device's code does, and that does not"
        why = {
            EventKind.CHANGE: change,
            EventKind.PERIODIC: "" if polled else (unpolled or f"{name} is not polled; set poll_period_s"),
            EventKind.ARCHIVE: archive,
            EventKind.USER: only_code,
            EventKind.DATA_READY: only_code,
            EventKind.CONFIG: "",
            EventKind.ALARM: alarm,
        }
        return {kind: "" if kind in declared.pushes else sentence for kind, sentence in why.items()}

    # -- when --------------------------------------------------------------------------------------

    def processed(self, reading: Reading) -> None:
        """Send what a reading that was polled, read or set makes due."""
        if self._idle:
            return
        if self._sends_change and self._change is not None:
            self._filtered(EventKind.CHANGE, self._change, reading)
        if self._sends_archive and self._archive is not None:
            self._archived(self._archive, reading)
        if self._next_periodic is not None and reading.taken >= self._next_periodic - self._early_s:
            self._next_periodic = reading.taken + self._channel.layers.effective.event_period_s
            self._send(EventKind.PERIODIC, reading, Reason.PERIOD)
        if reading.quality is not self._quality:
            before, self._quality = self._quality, reading.quality
            if self._alarms and (before in ALARMING or reading.quality in ALARMING):
                self._send(EventKind.ALARM, reading, Reason.QUALITY)

    def _filtered(self, kind: EventKind, changes: ChangeFilter, reading: Reading) -> bool:
        reason = changes.due(reading)
        if reason is None:
            return False
        self._sent_with(kind, changes, reading)
        self._send(kind, reading, reason)
        return True

    def _archived(self, changes: ChangeFilter, reading: Reading) -> None:
        period = self._channel.layers.effective.archive_period_s
        if self._filtered(EventKind.ARCHIVE, changes, reading):
            sent = True
        else:
            sent = self._next_archive is not None and reading.taken >= self._next_archive - self._early_archive_s
            if sent:
                self._sent_with(EventKind.ARCHIVE, changes, reading)
                self._send(EventKind.ARCHIVE, reading, Reason.PERIOD)
        if sent and period is not None:
            self._next_archive = reading.taken + period

    def joined(self) -> None:
        """Send the newest reading to those who subscribed before the agent was there, or had no router meanwhile."""
        latest = self._channel.latest
        if latest is None or self._change is None or not self._sends_change:
            return
        self._sent_with(EventKind.CHANGE, self._change, latest)
        self._send(EventKind.CHANGE, latest, Reason.FIRST)

    def settled(self, reading: Reading) -> None:
        """Tell that the value has followed the set point."""
        if self._change is not None:
            self._sent_with(EventKind.CHANGE, self._change, reading)
        self._send(EventKind.CHANGE, reading, Reason.SETTLED)

    def pushed(self, kind: EventKind, reading: Reading | None, counter: int | None) -> None:
        """Send what the device's code pushes; change and archive pass their thresholds unless `detect` is off."""
        if kind is EventKind.DATA_READY:
            self._publish(kind, {"counter": counter, "time": self._host.timing.now(), "reason": Reason.PUSHED.value})
            return
        if reading is None:
            return
        changes = {EventKind.CHANGE: self._change, EventKind.ARCHIVE: self._archive}.get(kind)
        if changes is not None and self._channel.declaration.detect:
            self._filtered(kind, changes, reading)
            return
        self._send(kind, reading, Reason.PUSHED)

    def tell_configuration(self, told: dict[str, Any]) -> None:
        """Send a configuration event."""
        self._publish(EventKind.CONFIG, {**told, "reason": Reason.CONFIGURED.value})

    # -- sending -----------------------------------------------------------------------------------

    def _send(self, kind: EventKind, reading: Reading, reason: Reason) -> None:
        self._sent[kind] += 1
        archiving = self._host.archiving
        if archiving is not None and kind is EventKind.ARCHIVE:
            archiving.reading(self._channel, reading)
        identity = self._host.identity
        payload = encode_event(reading, seq=self._sent[kind], epoch=identity.epoch, reason=reason.value)
        self._host.publish(uris.channel_event(identity.root, identity.name, self._channel.name, kind), payload)

    def _publish(self, kind: EventKind, told: dict[str, Any]) -> None:
        self._sent[kind] += 1
        identity = self._host.identity
        number = {"seq": self._sent[kind], "epoch": identity.epoch}
        self._host.publish(uris.channel_event(identity.root, identity.name, self._channel.name, kind), told | number)


def _early(poll_s: float | None, period_s: float | None) -> float:
    """Return how much too early, in s, a reading may come for an event that is due each `period_s`."""
    seldom = poll_s is None or period_s is None or poll_s > period_s
    return EARLY_S if seldom else max(EARLY_S, EARLY_PART * (poll_s or 0.0))
