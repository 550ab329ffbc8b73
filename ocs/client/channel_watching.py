"""What to follow of a channel: one kind of its events, and how it is asked for now."""

from __future__ import annotations

from ocs.client.channel_events import ChannelEvent, decode_channel_event
from ocs.client.channel_requests import ChannelRequests
from ocs.client.mailbox import Letter
from ocs.client.readings import Reading
from ocs.client.steps import Conversation
from ocs.client.watching import Subject
from ocs.model.errors import ParameterError
from ocs.model.event import EventKind, Reason
from ocs.model.quality import Quality
from ocs.wire import uris

_WITHOUT_READING = frozenset({EventKind.DATA_READY, EventKind.CONFIG})


def channel_subject(requests: ChannelRequests, channel: str, kind: EventKind, unit: str) -> Subject[ChannelEvent]:
    """Return what to follow.

    Args:
        requests: The conversations with the device.
        channel: Name of the channel.
        kind: Which kind of event.
        unit: Unit of the channel.
    """
    device = requests.name

    def decode(letter: Letter) -> ChannelEvent | None:
        return decode_channel_event(letter, device, channel, kind, unit)

    def now(timeout_s: float) -> Conversation[ChannelEvent | None]:
        if kind is EventKind.DATA_READY:
            return None
        if kind is not EventKind.CONFIG:
            reading = yield from requests.read_one(channel, timeout_s=timeout_s)
            return ChannelEvent(device, channel, kind, reading, Reason.SUBSCRIBED)
        told = next(iter((yield from requests.config("get", channel)).values()))
        reading = Reading(told["values"], Quality.VALID, 0.0)
        return ChannelEvent(device, channel, kind, reading, Reason.SUBSCRIBED, raw=told)

    return Subject(
        what=f"{device}.{channel}",
        topic=uris.channel_event(requests.root, device, channel, kind),
        decode=decode,
        now=now,
        newer=is_newer,
        check=lambda: requests.check_source(channel, kind),
    )


def is_newer(event: ChannelEvent, first: ChannelEvent) -> bool:
    """Return whether an event tells more than the reading that was asked for before it was looked at."""
    return event.kind in _WITHOUT_READING or event.reading.time > first.reading.time


def event_kind(kind: EventKind | str) -> EventKind:
    """Return the kind of event that a word stands for.

    Raises:
        ParameterError: There is no such kind.
    """
    words = {each.value: each for each in EventKind}
    found = kind if isinstance(kind, EventKind) else words.get(str(kind).lower())
    if found is None:
        told = f"there are no {kind} events; a channel has {', '.join(words)}"
        raise ParameterError(told, field="kind", given=kind, allowed=list(words))
    return found
