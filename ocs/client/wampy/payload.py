"""WAMP messages as JSON text, with the bytes that WAMP hides in strings.

Source: WAMP specification, "Serializers": a byte string travels in JSON as a string that begins with
U+0000 followed by its base64.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from ocs.model.errors import NotSerialisableError, TooLargeError

MAX_BYTES = 16 * 1024 * 1024
"""The longest message that is sent or accepted, in bytes."""

_ESCAPED_NUL = "\\u0000"


def encode(message: list[Any], *, limit: int = MAX_BYTES) -> bytes:
    """Return the text of a WAMP message.

    Raises:
        NotSerialisableError: It holds something that JSON cannot carry.
        TooLargeError: Its text is longer than `limit` bytes.
    """
    try:
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=False, default=_hide).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotSerialisableError(
            f"the message cannot be sent: {error}; use numbers, texts, lists, maps and bytes"
        ) from error
    if len(text) > limit:
        raise TooLargeError(
            f"the message has {len(text)} bytes, at most {limit} are sent; cut it into parts",
            given=len(text),
            limit=limit,
        )
    return text


def decode(text: bytes) -> list[Any]:
    """Return the WAMP message in `text`: a list that begins with its type.

    Raises:
        ValueError: It is no such thing.
        RecursionError: It is nested too deeply.
    """
    characters = text.decode()
    message = json.loads(characters)
    if not isinstance(message, list) or not message or not isinstance(message[0], int):
        raise ValueError(f"not a WAMP message: {characters[:80]}")
    return _reveal(message) if _ESCAPED_NUL in characters else message


def _hide(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return "\0" + base64.b64encode(value).decode("ascii")
    raise TypeError(f"a {type(value).__name__} is no number, text, list, map or bytes")


def _reveal(value: Any) -> Any:
    if isinstance(value, str):
        return base64.b64decode(value[1:]) if value.startswith("\0") else value
    if isinstance(value, list):
        return [_reveal(item) for item in value]
    if isinstance(value, dict):
        return {key: _reveal(item) for key, item in value.items()}
    return value
