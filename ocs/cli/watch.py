"""`ocs watch`: feeds, sessions, heartbeats and events as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ocs.cli.completing import complete_device, complete_watched
from ocs.cli.event_lines import EventLines
from ocs.cli.lines import Lines
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import OP_WORDS, shown
from ocs.cli.realm import realm
from ocs.cli.targets import selected
from ocs.model.address import is_admin
from ocs.model.errors import ConfigurationError, ExitCode, NotFoundError
from ocs.model.event import EventKind

if TYPE_CHECKING:
    from ocs.client import Observatory

HEARTBEAT = "heartbeat"
EPILOG = """\b
Examples:
  ocs watch                               everything that happens in the realm
  ocs watch faker-1                       one device
  ocs watch faker-1 false_temperatures    one feed
  ocs watch faker-1 heartbeat             each heartbeat
  ocs watch --sessions                    runs only: starts, progress, ends
  ocs watch psu-1 --events                events of its channels, edges of its state, its health
  ocs watch psu-1 --events 'voltage_*'    events of some channels
  ocs watch psu-1 --events --kind alarm   alarms only
  ocs watch faker-1 --json --count 10     ten objects, one a line, for programs

Without a feed's name, heartbeats show only when they tell something new. Without names of channels or kinds,
periodic and archive events are left out. Channels send events as far as that is configured:
`ocs config DEVICE.CHANNEL` tells. Those that were missed are counted."""


@click.command("watch", epilog=EPILOG)
@click.argument("device", required=False, shell_complete=complete_device)
@click.argument("names", nargs=-1, metavar="[FEED|CHANNEL...]", shell_complete=complete_watched)
@click.option("--sessions", is_flag=True, help="Runs of operations only, no feeds.")
@click.option("--events", is_flag=True, help="Events of channels, states and health only; the names are channels.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice([kind.value for kind in EventKind]),
              help="With --events, this kind of event of channels only; may be repeated.")  # fmt: skip
@click.option("--count", type=click.IntRange(min=1), help="End after so many.")
@click.option("--for", "for_s", type=click.FloatRange(min=0), help="End after so many seconds.")
@where_options
@json_option
def command(
    where: Where, *, device: str | None, names: tuple[str, ...], sessions: bool, events: bool,
    kinds: tuple[str, ...], count: int | None, for_s: float | None, as_json: bool,
) -> ExitCode:  # fmt: skip
    """Show what devices publish, as it comes, until Ctrl-C."""
    _check_usage(names, kinds, sessions=sessions, events=events)
    with realm(where) as observatory:
        found = observatory[device] if device is not None else None
        lines = Lines()
        if events:
            name = str(found.name) if found is not None else ""
            for pattern in names:
                check_events(found, selected(found, [pattern]))
            watched = EventLines(observatory, lines, name, names, map(EventKind, kinds))
            watched.listen(channels=True)
            if found is not None:
                watched.show_now(found, selected(found, names) if names else [])
        else:
            feed = names[0] if names else ""
            if found is not None:
                _check_feed(found, feed)
            name = str(found.name) if found is not None else ""
            Watcher(observatory, name, feed, every_change=as_json, lines=lines).listen(feeds=not sessions)
        try:
            return lines.show(count, for_s, as_json=as_json)
        except KeyboardInterrupt:
            return ExitCode.OK


def _check_usage(names: tuple[str, ...], kinds: tuple[str, ...], *, sessions: bool, events: bool) -> None:
    if sessions and events:
        raise click.UsageError("--sessions and --events exclude each other; without both all of it is shown")
    if sessions and names:
        raise click.UsageError("--sessions shows no feed; leave the feed's name out")
    if kinds and not events:
        raise click.UsageError("--kind chooses among the events of channels: add --events")
    if len(names) > 1 and not events:
        raise click.UsageError(f"one feed is watched at a time; {' '.join(names)} may be channels: add --events")


def _check_feed(device: Any, feed: str) -> None:
    if feed and feed != HEARTBEAT and feed not in device.feeds:
        known = ", ".join([*device.feeds, HEARTBEAT])
        hint = f"; {feed} is a channel: add --events" if feed in device.channels else ""
        raise NotFoundError(f"{device.name} has no feed {feed}; it has {known}{hint}", field=feed)


def check_events(device: Any, names: list[str]) -> None:
    """Make sure that one of the channels sends events, or tell what to configure."""
    sources = {name: device.channels[name].config().get("events", {}) for name in names}
    quiet = {EventKind.CONFIG.value}
    if any(not why for kinds in sources.values() for kind, why in kinds.items() if kind not in quiet):
        return
    channel, kinds = next(iter(sources.items()))
    raise ConfigurationError(
        f"{device.name}.{channel} sends no events: {kinds.get(EventKind.CHANGE.value, 'its agent does not know them')}",
        field=channel,
    )


class Watcher:
    """Makes lines of feeds and sessions, of the edges of states, and of health.

    Args:
        observatory: The realm.
        device: Name of the device; empty for all.
        feed: Name of the feed; empty for all, and sessions.
        every_change: Whether a session also comes when only its data changed.
        lines: Gets the lines.
    """

    def __init__(
        self, observatory: Observatory, device: str, feed: str, *, every_change: bool, lines: Lines | None = None
    ) -> None:
        self.lines = Lines() if lines is None else lines
        self._observatory = observatory
        self._device = device
        self._feed = feed
        self._every_change = every_change
        self._told: dict[str, str] = {}
        self._codes: dict[str, Any] = {}
        self._numbers: dict[tuple[str, str], tuple[int, int]] = {}

    def listen(self, *, feeds: bool) -> None:
        """Subscribe: to feeds, states and health if asked, and to sessions unless one feed is watched."""
        from ocs.wire import uris

        realm_of = self._observatory.realm
        if feeds:
            realm_of.subscribe(self._device, self._feed, self.take_feed)
        if feeds and not self._feed:
            EventLines(self._observatory, self.lines, self._device).listen(channels=False)
        if not self._feed:
            topic = uris.sessions(realm_of.root, self._device, "")
            self._observatory.client.subscribe(topic, self.take_session, "wildcard")

    def take_feed(self, event: Any) -> None:
        """Make a line of a feed's message."""
        if event.feed == HEARTBEAT and not self._feed:
            self._take_heartbeat(event)
            return
        missed = self._missed(event)
        lost = f"  ({missed} missed)" if missed else ""
        what = _codes(event.message) if event.feed == HEARTBEAT else _samples(event)
        self.lines.put(
            f"{event.device} {event.feed}", what + lost,
            {"kind": "feed", "device": event.device, "feed": event.feed, "seq": event.seq, "epoch": event.epoch,
             "missed": missed, "message": event.message},
        )  # fmt: skip

    def take_session(self, topic: str, args: list[Any]) -> None:
        """Make a line of a session's change."""
        from ocs.cli.sessions import state_word, tells
        from ocs.client.events import decode_session_event
        from ocs.wire import uris

        session = decode_session_event(args)
        if session is None:
            return
        device = uris.device_of(topic)
        source, line = f"{device}.{session.op_name}", tells(session)
        text = f"{state_word(session)}{': ' + line if line else ''}"
        told = f"{session.session_id} {text}"
        if self._told.get(source) == told and not self._every_change:
            return
        self._told[source] = told
        self.lines.put(
            source, text,
            {"kind": "session", "device": device, "session": args[0]},
        )  # fmt: skip

    def _take_heartbeat(self, event: Any) -> None:
        if self._codes.get(event.device) == event.message or (not self._device and is_admin(event.device)):
            return
        self._codes[event.device] = event.message
        self.lines.put(
            f"{event.device} here", _codes(event.message),
            {"kind": "heartbeat", "device": event.device, "op_codes": event.message},
        )  # fmt: skip

    def _missed(self, event: Any) -> int:
        """Return how many messages of this feed were lost before this one."""
        key = (event.device, event.feed)
        epoch, last = self._numbers.get(key, (event.epoch, event.seq - 1))
        self._numbers[key] = (event.epoch, event.seq)
        return max(0, event.seq - last - 1) if event.seq and epoch == event.epoch else 0


def _codes(message: Any) -> str:
    if not isinstance(message, dict):
        return shown(message)
    words = {op: OP_WORDS.get(code, str(code)) for op, code in message.items()}
    return ", ".join(f"{op} {word}" for op, word in words.items() if word != OP_WORDS[1]) or "nothing ran yet"


def _last(column: Any) -> str:
    return shown(column[-1].item() if hasattr(column[-1], "item") else column[-1])


def _samples(event: Any) -> str:
    if not event.samples:
        return shown(event.message)
    told = []
    for samples in event.samples:
        count = len(samples.timestamps)
        values = " ".join(f"{name}={_last(column)}" for name, column in samples.data.items() if len(column))
        block = "" if samples.block == event.feed else f"{samples.block}: "
        told.append(f"{block}{values}{f'  ({count} samples)' if count > 1 else ''}")
    return "; ".join(told)
