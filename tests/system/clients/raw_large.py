"""Send 20 MB with autobahn and without any of our checks, by the transport that the command line names."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from autobahn.asyncio.component import Component, run

SIZE = 20_000_000


def say(text: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(transport: str, port: str, realm: str) -> None:
    """Join, send, and print how it ended."""
    ways: dict[str, dict[str, Any]] = {
        "websocket": {"type": "websocket", "url": f"ws://127.0.0.1:{port}/ws", "serializers": ["json"]},
        "rawsocket": {
            "type": "rawsocket", "url": f"rs://127.0.0.1:{port}", "serializer": "msgpack",
            "endpoint": {"type": "tcp", "host": "127.0.0.1", "port": int(port)},
        },
    }  # fmt: skip
    component = Component(transports=[{**ways[transport], "max_retries": 0}], realm=realm)

    @component.on_join  # type: ignore[untyped-decorator] # autobahn's
    async def joined(session: Any, _details: Any) -> None:
        say("joined")
        try:
            async with asyncio.timeout(20):
                await session.call("observatory.odd-1.ops", "start", "give", {"what": "x" * SIZE})
            say("answered")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            say(f"ended: {type(error).__name__}")
        session.disconnect()

    run([component], log_level="critical")


if __name__ == "__main__":
    main(*sys.argv[1:])
