"""Send 20 MB by the client that the command line names; print what came of it, and whether it works on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from ocs.model.errors import OcsError

SIZE = 20_000_000


def say(text: object) -> None:
    """Tell the test."""
    sys.stdout.write(f"{text}\n")


def told(act: Callable[[], Any]) -> str:
    """Return the code and the sentence with which `act` fails."""
    try:
        act()
    except OcsError as error:
        return f"{error.code.value}: {error}"
    return "sent"


def blocking(connect: Callable[..., Any], url: str) -> None:
    """Use a client that blocks."""
    with connect(url) as obs:
        odd = obs["odd-1"]
        say(told(lambda: odd.give(what="x" * SIZE)))
        say(odd.move(position=1).result)


async def waiting(url: str) -> None:
    """Use the async client."""
    from ocs.client.aio import connect

    async with connect(url) as obs:
        odd = await obs.device("odd-1")
        try:
            await odd.give(what="x" * SIZE)
            say("sent")
        except OcsError as error:
            say(f"{error.code.value}: {error}")
        say((await odd.move(position=1)).result)


def main(flavour: str, url: str) -> None:
    """Use the client that `flavour` names."""
    if flavour == "async":
        asyncio.run(waiting(url))
        return
    if flavour == "wampy":
        from ocs.client_wampy import connect
    else:
        from ocs.client import connect
    blocking(connect, url)


if __name__ == "__main__":
    main(*sys.argv[1:])
