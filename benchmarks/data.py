"""Data: blocks as bytes and as lists, and samples that are offered one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.figure import Figure, compared, in_turn
from benchmarks.peer import Peer
from benchmarks.place import Place

NOTE = (
    "the agent checks names and lengths of each column and looks for texts in each value, to cut at 1 MB: 40 to 60 us "
    "a block, which counts in full when router and agent share a core"
)
MESSAGES = 2000
SAMPLES = 60_000
ROUNDS = 3
UPSTREAM_ROWS = 5337.0
"""Rows per second of OCS 0.12 with ten channels, offered one by one (performance page, 3)."""


def measure_data(place: Place) -> Iterator[Figure]:
    """Yield the figures of this group."""
    publisher = place.start("raw", str(place.socket))
    counter = place.start("raw", str(place.socket))
    agent = place.start_agent()
    client = place.start("async_client")
    for name, form, topic, target in (
        ("blocks of 10 x 100 as bytes, messages per second", "bytes", "observatory.bench-1.blocks.blocks", 0.8),
        ("blocks of 10 x 100 as lists, messages per second", "lists", "observatory.bench-1.feeds.lists", 0.8),
    ):
        op = "publish_blocks" if form == "bytes" else "publish_lists"
        pairs = in_turn(ROUNDS, _raw_rate(publisher, counter, form), _rate(client, counter, op, topic))
        yield compared(name, pairs, "1/s", target, at_least=True, note=NOTE)
    rows = [(_rows(client, counter), UPSTREAM_ROWS) for _ in range(ROUNDS)]
    yield compared(
        "samples of ten fields one by one, rows per second, against OCS 0.12", rows, "1/s", 10.0, at_least=True
    )
    for peer in (publisher, counter, client, agent):
        peer.end()


def _raw_rate(publisher: Peer, counter: Peer, form: str) -> Callable[[], float]:
    topic = f"observatory.raw.{form}"

    def measure() -> float:
        counter.ask(do="count_events", topic=topic, count=MESSAGES)
        publisher.ask(do="publish_many", topic=topic, count=MESSAGES, form=form)
        return float(counter.answer()["rate"])

    return measure


def _rate(client: Peer, counter: Peer, op: str, topic: str) -> Callable[[], float]:
    def measure() -> float:
        counter.ask(do="count_events", topic=topic, count=MESSAGES)
        client.ask(do="run", op=op, params={"count": MESSAGES})
        return float(counter.answer()["rate"])

    return measure


def _rows(client: Peer, counter: Peer) -> float:
    counter.ask(do="count_rows", topic="observatory.bench-1.feeds.samples", count=SAMPLES)
    client.ask(do="run", op="publish_samples", params={"count": SAMPLES})
    told = counter.answer()
    return float(told["rows"] / told["seconds"])
