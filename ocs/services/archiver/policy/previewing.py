"""What rules would take of what devices record, without changing anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ocs.model.archive_policy import Policy
from ocs.model.event import EventKind
from ocs.model.interface import DeviceInterface
from ocs.model.series import CHANNELS_FEED, SeriesKey
from ocs.services.archiver.policy.pauses import Pauses

ANY_FIELD = "*"
"""Stands for the fields of a feed that nobody has seen yet."""


@dataclass(frozen=True)
class Preview:
    """What becomes of one field.

    Attributes:
        device: Name of the device.
        feed: Name of the feed; `_channels` for a channel that is archived by itself.
        block: Name of the block.
        field: Name of the field; `*` for the fields of a feed that nobody has seen yet.
        unit: Its unit; empty without one, or where it is not known.
        rule: Number of the rule that decides, from 1; 0 where none does.
        archive: Whether it is archived.
        dead_band: Smallest change that is worth a row, in its unit.
        period_s: Longest time without a row, in s.
        keep_days: Days that its rows stay; null for ever.
        keep_rollup_days: Days that its roll-ups stay; null for ever.
        paused: Why it is not archived for now; null when it is.
    """

    device: str
    feed: str
    block: str
    field: str
    unit: str
    rule: int
    archive: bool
    dead_band: float | None
    period_s: float | None
    keep_days: float | None
    keep_rollup_days: float | None
    paused: str | None


Known = Mapping[SeriesKey, Mapping[str, str]]
"""The unit of each field of each series that the archive has seen."""


def preview(policy: Policy, pauses: Pauses, fields: Iterable[tuple[SeriesKey, str, str]]) -> list[Preview]:
    """Return what becomes of fields, each a series, a name and a unit."""
    told = []
    for series, name, unit in fields:
        number, rule = policy.rule_for(series, name)
        pause = pauses.of(series, name)
        paused = None if pause is None else pause.reason or "paused"
        kept = (rule.archive, rule.dead_band, rule.period_s, rule.keep_days, rule.keep_rollup_days)
        told.append(Preview(series.device, series.feed, series.block, name, unit, number, *kept, paused))
    return told


def archived_fields(device: DeviceInterface, known: Known) -> list[tuple[SeriesKey, str, str]]:
    """Return the fields that a device records, as far as it tells them or the archive has seen them."""
    name = device.identity.name
    found: dict[tuple[SeriesKey, str], str] = {}
    for feed in (feed for feed in device.feeds.values() if feed.archived):
        blocks = {
            series: fields for series, fields in known.items() if (series.device, series.feed) == (name, feed.name)
        }
        for series, fields in blocks.items():
            found |= {(series, field): unit for field, unit in fields.items()}
        declared = {each.name: each.config.unit for each in device.channels.values() if each.feed == feed.name}
        if not blocks:
            series = SeriesKey(name, feed.name, feed.name)
            found |= {(series, field): unit for field, unit in (declared or {ANY_FIELD: ""}).items()}
    for channel in device.channels.values():
        if not channel.feed and (EventKind.ARCHIVE in channel.events or channel.name == "State"):
            found[SeriesKey(name, CHANNELS_FEED, channel.name), channel.name] = channel.config.unit
    return [(series, field, unit) for (series, field), unit in sorted(found.items())]
