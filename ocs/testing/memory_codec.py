"""What a message goes through between two programs: real bytes, by one of the real serialisers."""

from __future__ import annotations

import base64
import json
from enum import Enum
from typing import Any

import msgpack


class Codec(Enum):
    """How the other program is reached: as our own are, or as a browser and wampy are."""

    MSGPACK = "msgpack"
    JSON = "json"


def through(codec: Codec, message: Any) -> Any:
    """Return a message as it is after its way through a serialiser.

    Raises:
        ValueError: It cannot take this way: not a number, an infinity, or bytes that are no text for JSON.
        TypeError: It holds something that the serialiser does not know.
    """
    if codec is Codec.MSGPACK:
        return unpack(pack(message))
    text = json.dumps(_without_bytes(message), allow_nan=False, ensure_ascii=False)
    return _with_bytes(json.loads(text))


def pack(message: Any) -> bytes:
    """Return the msgpack form, as RawSocket carries it."""
    packed: bytes = msgpack.packb(message, use_bin_type=True)
    return packed


def unpack(data: bytes) -> Any:
    """Return the message in its msgpack form."""
    return msgpack.unpackb(data, raw=False)


def _without_bytes(value: Any) -> Any:
    # WAMP, "Binary conversion of JSON strings": a zero sign, then base64.
    if isinstance(value, bytes):
        return "\0" + base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {key: _without_bytes(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_bytes(item) for item in value]
    return value


def _with_bytes(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("\0"):
        return base64.b64decode(value[1:])
    if isinstance(value, dict):
        return {key: _with_bytes(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_bytes(item) for item in value]
    return value
