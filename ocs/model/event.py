"""The kinds of event that a channel or a device may send."""

from __future__ import annotations

from enum import Enum


class EventKind(Enum):
    """Why an event was sent; the words are the last components of topics (architecture, section 2)."""

    __hash__ = object.__hash__  # members are single objects; the enum's own hash is slow in each reading

    CHANGE = "change"
    PERIODIC = "periodic"
    ARCHIVE = "archive"
    USER = "user"
    DATA_READY = "data_ready"
    CONFIG = "config"
    ALARM = "alarm"


class DeviceEventKind(Enum):
    """Events of a device as a whole."""

    STATE = "state"
    HEALTH = "health"
    INTERFACE = "interface"


class Reason(Enum):
    """What made an event of a channel go out."""

    FIRST = "first"
    VALUE = "value"
    SIZE = "size"
    QUALITY = "quality"
    FAILING = "failing"
    RECOVERED = "recovered"
    PERIOD = "period"
    SETTLED = "settled"
    PUSHED = "pushed"
    CONFIGURED = "configured"
    SUBSCRIBED = "subscribed"
