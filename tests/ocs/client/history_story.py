"""One story about an archive, told by each flavour of the client; prints what happened as JSON.

python history_story.py blocking|wampy|async ws://127.0.0.1:8001/ws
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import numpy as np

from ocs.client.steps import Call, Conversation
from ocs.model.datatype import DataType
from ocs.model.errors import NotFoundError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.wire.archive import encode_batch, encode_gap

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND
ROWS = 120_000
"""More than one page carries."""

SPAN = (np.datetime64(START, "ns"), np.datetime64(START + ROWS * SECOND, "ns"))


def put(device: str, first: int, last: int) -> Conversation[dict[str, Any]]:
    """Put the rows numbered `first` to `last`, one a second, and a gap."""
    numbers = np.arange(first, last + 1)
    fields = {"x": FieldType(DataType.FLOAT64, unit="K"), "word": FieldType(DataType.STR)}
    columns = {"x": numbers / 2, "word": ["é\0"] * len(numbers)}
    batch = Batch(SeriesKey(device, "f", "f"), 7, first, START + (numbers - 1) * SECOND, fields, columns)
    gap = Gap(device, START - SECOND, START, GapCause.PROCESS_KILLED)
    answer: dict[str, Any] = yield Call(
        "observatory.archiver.put", ([encode_batch(batch), {"gap": encode_gap(gap)}],), timeout_s=60.0
    )
    return answer


def puts(device: str) -> list[Conversation[dict[str, Any]]]:
    """Return the puts of all rows."""
    return [put(device, first, first + 9999) for first in range(1, ROWS + 1, 10_000)]


def told(history: Any, points: Any, chunks: list[Any], gaps: list[Gap], steps: list[float], refused: str) -> Any:
    """Return what was seen."""
    values = history.to_numpy()
    name = next(iter(history.units))
    return {
        "names": [each.partition(".")[2] for each in history.names],
        "unit": history.units[name],
        "rows": len(history),
        "right": bool((values[name] == np.arange(1, ROWS + 1) / 2).all()),
        "word": values[history.names[1]][-1],
        "points": len(points) <= 100,
        "mean": abs(float(np.average(points.to_numpy()[name], weights=points.to_numpy()[f"{name}:count"]))),
        "chunks": sum(len(chunk) for chunk in chunks),
        "gaps": [gap.cause.value for gap in gaps],
        "pages": len(steps) > 1 and steps == sorted(steps) and steps[-1] == 1.0,
        "refused": refused,
    }


def blocking(url: str, flavour: str) -> Any:
    """Tell it by a client that blocks."""
    if flavour == "wampy":
        from ocs.client_wampy import connect
    else:
        from ocs.client import connect
    device, steps, refused = f"{flavour}-1", list[float](), ""
    with connect(url) as obs:
        for conversation in puts(device):
            obs.client.do(conversation)
        history = obs.history(device, *SPAN, on_progress=steps.append)
        points = obs.history(f"{device}.x", *SPAN, max_points=100)
        chunks = list(obs.chunks(device, *SPAN))
        gaps = obs.gaps(device, *SPAN)
        try:
            obs.history("nobody.x")
        except NotFoundError as error:
            refused = error.message
    return told(history, points, chunks, gaps, steps, refused)


async def in_a_loop(url: str) -> Any:
    """Tell it by the async client."""
    from ocs.client.aio import connect

    device, steps, refused = "async-1", list[float](), ""
    async with connect(url) as realm:
        for conversation in puts(device):
            await realm.flavour.do(conversation)
        history = await realm.history(device, *SPAN, on_progress=steps.append)
        points = await realm.history(f"{device}.x", *SPAN, max_points=100)
        chunks = [chunk async for chunk in realm.chunks(device, *SPAN)]
        gaps = await realm.gaps(device, *SPAN)
        try:
            await realm.history("nobody.x")
        except NotFoundError as error:
            refused = error.message
    return told(history, points, chunks, gaps, steps, refused)


if __name__ == "__main__":
    _, flavour, where = sys.argv
    happened = asyncio.run(in_a_loop(where)) if flavour == "async" else blocking(where, flavour)
    print(json.dumps(happened))  # noqa: T201 - its result
