"""`ocs watch`: feeds, sessions and heartbeats as they come."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import OP_WORDS, clock, cut, emit, emit_json, line_width, shown
from ocs.cli.realm import complete_device, realm
from ocs.model.errors import DeadlineError, ExitCode, NotFoundError

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
  ocs watch faker-1 --json --count 10     ten objects, one a line, for programs

Without a feed's name, heartbeats show only when they tell something new."""

Line = tuple[str, dict[str, Any]]


@click.command("watch", epilog=EPILOG)
@click.argument("device", required=False, shell_complete=complete_device)
@click.argument("feed", required=False)
@click.option("--sessions", is_flag=True, help="Runs of operations only, no feeds.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many.")
@click.option("--for", "for_s", type=click.FloatRange(min=0), help="End after so many seconds.")
@where_options
@json_option
def command(
    where: Where, *, device: str | None, feed: str | None, sessions: bool, count: int | None,
    for_s: float | None, as_json: bool,
) -> ExitCode:  # fmt: skip
    """Show what devices publish, as it comes, until Ctrl-C."""
    if sessions and feed:
        raise click.UsageError("--sessions shows no feed; leave the feed's name out")
    with realm(where) as observatory:
        if device is not None:
            found = observatory[device]
            device = str(found.name)
            _check_feed(found, feed)
        watcher = Watcher(observatory, device or "", feed or "", every_change=as_json)
        watcher.listen(feeds=not sessions)
        try:
            return _show(watcher, count, for_s, as_json=as_json)
        except KeyboardInterrupt:
            return ExitCode.OK


def _check_feed(device: Any, feed: str | None) -> None:
    if feed and feed != HEARTBEAT and feed not in device.feeds:
        known = ", ".join([*device.feeds, HEARTBEAT])
        raise NotFoundError(f"{device.name} has no feed {feed}; it has {known}", field=feed)


def _show(watcher: Watcher, count: int | None, for_s: float | None, *, as_json: bool) -> ExitCode:
    deadline = None if for_s is None else time.monotonic() + for_s
    seen = 0
    while count is None or seen < count:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            text, document = watcher.lines.get(timeout=left)
        except queue.Empty:
            if count is not None:
                raise DeadlineError(f"{seen} of {count} came within {for_s:g} s") from None
            return ExitCode.OK
        seen += 1
        if as_json:
            emit_json(document, one_line=True)
        else:
            emit(cut(text, line_width()))
    return ExitCode.OK


class Watcher:
    """What comes from the realm, as lines that wait to be shown.

    Args:
        observatory: The realm.
        device: Name of the device; empty for all.
        feed: Name of the feed; empty for all, and sessions.
        every_change: Whether a session also comes when only its data changed.
    """

    def __init__(self, observatory: Observatory, device: str, feed: str, *, every_change: bool) -> None:
        self.lines: queue.SimpleQueue[Line] = queue.SimpleQueue()
        self._observatory = observatory
        self._device = device
        self._feed = feed
        self._every_change = every_change
        self._told: dict[str, str] = {}
        self._codes: dict[str, Any] = {}
        self._numbers: dict[tuple[str, str], tuple[int, int]] = {}

    def listen(self, *, feeds: bool) -> None:
        """Subscribe: to feeds if asked, and to sessions unless one feed is watched."""
        from ocs.wire import uris

        realm_of = self._observatory.realm
        if feeds:
            realm_of.subscribe(self._device, self._feed, self.take_feed)
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
        self._put(
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
        self._put(
            source, text,
            {"kind": "session", "device": device, "session": args[0]},
        )  # fmt: skip

    def _take_heartbeat(self, event: Any) -> None:
        if self._codes.get(event.device) == event.message:
            return
        self._codes[event.device] = event.message
        self._put(
            f"{event.device} here", _codes(event.message),
            {"kind": "heartbeat", "device": event.device, "op_codes": event.message},
        )  # fmt: skip

    def _missed(self, event: Any) -> int:
        """Return how many messages of this feed were lost before this one."""
        key = (event.device, event.feed)
        epoch, last = self._numbers.get(key, (event.epoch, event.seq - 1))
        self._numbers[key] = (event.epoch, event.seq)
        return max(0, event.seq - last - 1) if event.seq and epoch == event.epoch else 0

    def _put(self, source: str, text: str, document: dict[str, Any]) -> None:
        now = time.time()
        self.lines.put((f"{clock(now)}  {source:<28} {text}", {"time": now, **document}))


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
