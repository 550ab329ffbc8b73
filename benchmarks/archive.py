"""The archive: from a device to the fsynced journal, into blocks, and back; and what all of it costs an agent."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import ocs.store
from benchmarks.calls import CALLS, RUN_NOTE, Callers
from benchmarks.figure import Figure, compared, in_turn
from benchmarks.machine import others_cores, quietly
from benchmarks.peer import Peer, cpu_seconds
from benchmarks.place import Place
from benchmarks.programs.noise import COLUMNS
from benchmarks.shelf import (
    DEVICE,
    WEEK_POINTS,
    WINDOW_HZ,
    WINDOW_S,
    Shelf,
    block_files,
    build_shelf,
    read_window,
    reduce_week,
    rows_of,
)

ROUNDS = 5
ROUND_ROWS = 640_000
"""Of a round: 6.4 M samples, 58 MB, less than a file of the journal has, so that nothing is sealed meanwhile."""

ONE_BY_ONE = 200_000
STAMPS, STAMP_HZ = 150, 100.0
LAG_ROWS = 4_000_000
RUN_ROUNDS, WARM_CALLS = 7, 300
COST_S, COST_HZ, COST_ROUNDS = 8.0, 100.0, 5
WINDOWS, WINDOW_ROWS = 30, WINDOW_HZ * WINDOW_S
MOST_US_JOURNAL, MOST_US_SEAL, MOST_BYTES = 0.05, 0.3, 6.5
RECORDER, PUBLISHER, QUIET = "rec-1", "rec-2", "rec-3"
ALL = "{arrived} of {offered} rows arrived"


@dataclass
class Desk:
    """The programs of this group.

    Attributes:
        offered: Rows that were offered to each feed of the recorder.
        told: What the runs of the recorder told of drops and refusals.
    """

    place: Place
    folder: Path
    raw_server: Peer
    raw: Peer
    archiver: Peer
    recorder: Peer
    client: Peer
    offered: dict[str, int] = field(default_factory=dict)
    lost: int = 0

    def send(self, op: str, feed: str, total: int, **params: Any) -> float:
        """Have rows recorded, and return the seconds until the archiver had all."""
        self.offered[feed] = self.offered.get(feed, 0) + total
        told = self.client.ask(do="run", device=RECORDER, op=op, params=params)
        self.lost += told["dropped"] + told["refused"]
        return float(told["seconds"])

    def seal(self) -> float:
        """Have the journal made into blocks, and return the archiver's processor time for it, in s."""
        before = cpu_seconds([self.archiver.process.pid])
        self.client.ask(do="command", device="archiver", name="seal", params={})
        return cpu_seconds([self.archiver.process.pid]) - before

    def arrived(self, feed: str) -> tuple[bool, str]:
        """Return whether all rows of a feed are in the archive, and the sentence that says so."""
        count = rows_of(self.folder, RECORDER).get(feed, 0)
        offered = self.offered[feed]
        return count == offered and not self.lost, ALL.format(arrived=count, offered=offered)

    def end(self) -> None:
        """End the programs."""
        for peer in (self.client, self.recorder, self.archiver, self.raw, self.raw_server):
            peer.end()


def measure_archive(place: Place) -> Iterator[Figure]:
    """Yield the figures of this group."""
    folder = place.folder / "archive"
    shelf = build_shelf(folder)
    desk = _open(place, folder, shelf)
    yield from _transfer(desk, 1000)
    yield from _transfer(desk, 4000)
    yield _one_by_one(desk)
    yield from _lags(desk)
    yield from _reading(desk, shelf)
    yield _cost(desk)
    yield from _runs(desk)
    desk.end()


def _open(place: Place, folder: Path, shelf: Shelf) -> Desk:
    site = _site(place, folder)
    server, raw = place.start("raw_transfer", str(place.socket)), place.start("raw_transfer", str(place.socket))
    server.ask(do="serve_put", path=str(place.folder / "raw.bin"))
    server.ask(do="serve_window", files=[str(path) for path in block_files(shelf.folder, "window")])
    archiver = place.launch("-m", "ocs.agent", "--site-file", str(site), "--instance-id", "archiver")
    archiver.line("joined")
    recorder = _recorder(place, RECORDER, "archiver")
    return Desk(place, folder, server, raw, archiver, recorder, place.start("archive_client"))


def _site(place: Place, folder: Path) -> Path:
    path = place.folder / "archive.yaml"
    path.write_text(
        f"hub:\n  wamp_server: ws://127.0.0.1:{place.port}/ws\n  wamp_http: http://127.0.0.1:{place.port}/call\n"
        "  wamp_realm: test_realm\n  address_root: observatory\n"
        "hosts:\n  localhost:\n    agent-instances:\n"
        f"      - {{agent-class: ArchiverAgent, instance-id: archiver, devices: [{{name: archiver, properties: "
        f"{{folder: {folder}, seal_s: 3600}}}}]}}\n"
    )
    return path


def _recorder(place: Place, name: str, archiver: str) -> Peer:
    program = "benchmarks.programs.recording_agent"
    peer = place.launch("-m", program, "--instance-id", name, "--archiver", archiver)
    peer.line("joined")
    return peer


# -- into the archive ------------------------------------------------------------------------------


def _transfer(desk: Desk, rows: int) -> Iterator[Figure]:
    """Yield the rates of blocks of ten channels, and what they cost the archiver."""
    blocks, samples = ROUND_ROWS // rows, ROUND_ROWS * COLUMNS
    spent: dict[str, list[float]] = {
        name: [] for name in ("router", "archiver", "agent", "bare callee", "sealing", "others")
    }

    def rate(peers: dict[str, int], send: Callable[[], float]) -> float:
        before = {name: cpu_seconds([pid]) for name, pid in peers.items()}
        seconds = send()
        for name, pid in peers.items():
            spent[name].append((cpu_seconds([pid]) - before[name]) / samples * 1e6)
        return samples / seconds / 1e6

    def raw() -> float:
        command = {"do": "put_blocks", "count": blocks, "rows": rows}
        return rate({"bare callee": desk.raw_server.process.pid}, lambda: float(desk.raw.ask(**command)["seconds"]))

    def ours() -> float:
        peers = {"router": desk.place.router, "archiver": desk.archiver.process.pid, "agent": desk.recorder.process.pid}
        measured, others = others_cores(
            [*peers.values(), desk.client.process.pid],
            lambda: rate(peers, lambda: desk.send("send_blocks", "blocks", ROUND_ROWS, count=blocks, rows=rows)),
        )
        spent["others"].append(others)
        spent["sealing"].append(desk.seal() / samples * 1e6)
        return measured

    in_turn(1, raw, ours)
    for times in spent.values():
        times.clear()
    before = _sealed_bytes(desk.folder)
    pairs = in_turn(ROUNDS, quietly(raw), quietly(ours))
    size = (_sealed_bytes(desk.folder) - before) / (ROUNDS * samples)
    whole, detail = desk.arrived("blocks")
    costs = ", ".join(f"{name} {median(spent[name]) * 1e3:.0f}" for name in ("agent", "router", "archiver"))
    what = f"blocks of 10 x {rows}"
    yield compared(
        f"{what} to the fsynced journal, M samples per second",
        pairs, "M/s", 10.0, at_least=True, absolute=True, counts=whole,
        detail=f"{detail}; best round {max(pair[0] for pair in pairs):.1f} M/s; processor time in ns a sample: "
        f"{costs}; other programs took {median(spent['others']):.1f} cores meanwhile",
    )  # fmt: skip
    yield compared(
        f"{what}, archiver to the journal, processor time per sample",
        list(zip(spent["archiver"], spent["bare callee"], strict=True)), "us", MOST_US_JOURNAL, absolute=True,
        counts=whole,
    )  # fmt: skip
    yield Figure(
        f"{what}, archiver's sealing, processor time per sample",
        median(spent["sealing"]), "us", 1.0, MOST_US_SEAL, runs=spent["sealing"], counts=whole,
    )  # fmt: skip
    yield Figure(f"{what}, sealed, per sample of noisy doubles", size, "B", 1.0, MOST_BYTES, counts=whole)


def _sealed_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "blocks" / RECORDER / "blocks").rglob("*.parquet"))


def _one_by_one(desk: Desk) -> Figure:
    def raw() -> float:
        return ONE_BY_ONE / float(desk.raw.ask(do="put_rows", count=ONE_BY_ONE, rows=2000)["seconds"])

    def ours() -> float:
        return ONE_BY_ONE / desk.send("send_rows", "rows", ONE_BY_ONE, count=ONE_BY_ONE)

    in_turn(1, raw, ours)
    pairs = in_turn(3, quietly(raw), quietly(ours))
    whole, detail = desk.arrived("rows")
    return compared(
        "rows of ten channels one by one to the fsynced journal, per second",
        pairs, "1/s", 50_000, at_least=True, absolute=True, detail=detail, counts=whole,
    )  # fmt: skip


def _lags(desk: Desk) -> Iterator[Figure]:
    """Yield the lag of a feed at 100 Hz while blocks are sent as fast as it goes: by another agent, by its own."""
    place = desk.place
    counter, speaker = (place.start("raw_transfer", str(place.socket)) for _ in range(2))
    other, quiet = place.start("archive_client"), _recorder(place, QUIET, "archiver")
    rates: list[float] = []

    def counted(topic: str, begin: Callable[[], object]) -> float:
        counter.ask(do="count_lags", topic=topic, count=STAMPS)
        begin()
        return float(counter.answer()["p50_ms"])

    def bare(publisher: Peer) -> Callable[[], float]:
        def measure() -> float:
            desk.raw.tell(do="put_blocks", count=LAG_ROWS // 4000, rows=4000)
            topic = "observatory.raw.lags"
            command = {"do": "publish_lags", "topic": topic, "count": STAMPS, "rate": STAMP_HZ}
            lag = counted(topic, lambda: publisher.ask(**command))
            desk.raw.answer()
            return lag

        return measure

    def ours(device: str) -> Callable[[], float]:
        def measure() -> float:
            desk.offered["blocks"] += LAG_ROWS
            command = {"do": "run", "device": RECORDER, "op": "send_blocks"}
            desk.client.tell(**command, params={"count": LAG_ROWS // 1000, "rows": 1000})
            stamps = {"do": "run", "device": device, "op": "stamp", "params": {"count": STAMPS, "rate": STAMP_HZ}}
            lag = counted(f"observatory.{device}.feeds.stamps", lambda: other.tell(**stamps))
            other.answer()
            rates.append(LAG_ROWS * COLUMNS / desk.client.answer()["seconds"] / 1e6)
            desk.seal()
            return lag

        return measure

    for device, whose, publisher in ((QUIET, "another", speaker), (RECORDER, "the same", desk.raw)):
        pairs = in_turn(3, quietly(bare(publisher)), quietly(ours(device)))
        whole, detail = desk.arrived("blocks")
        detail += f"; blocks at {median(rates):.1f} M samples/s, sealed meanwhile"
        yield compared(
            f"live lag at 100 Hz while {whose} agent sends blocks, p50", pairs, "ms", 5.0, absolute=True,
            detail=detail, counts=whole,
        )  # fmt: skip
    for peer in (counter, speaker, other, quiet):
        peer.end()


# -- out of it -------------------------------------------------------------------------------------


def _reading(desk: Desk, shelf: Shelf) -> Iterator[Figure]:
    files = block_files(shelf.folder, "window")
    name, numbers = "channel_3", itertools.count()

    def timed(read: Callable[[int], int]) -> float:
        begin = time.perf_counter()
        found = read(next(numbers))
        if found != WINDOW_ROWS:
            raise RuntimeError(f"{found} rows were read, not {WINDOW_ROWS}")
        return (time.perf_counter() - begin) * 1e3

    def local(number: int) -> int:
        with ocs.store.open(shelf.folder) as archive:
            return len(archive.history(f"{DEVICE}.window.{name}", *_moments(shelf.window_at(number))).table)

    def bare(number: int) -> int:
        return int(read_window(files, name, *shelf.window_at(number)).num_rows)

    yield compared(
        "50 s of one of ten channels of 200 000 samples, from the files, p50",
        in_turn(WINDOWS, lambda: timed(bare), lambda: timed(local)), "ms", 10.0, absolute=True,
    )  # fmt: skip

    def over(peer: Peer, **command: Any) -> Callable[[], float]:
        def ask() -> float:
            start, end = shelf.window_at(next(numbers))
            told = peer.ask(do="window", start=start, end=end, **command)
            if told["rows"] != WINDOW_ROWS:
                raise RuntimeError(f"{told['rows']} rows were read, not {WINDOW_ROWS}")
            return float(told["p50_us"] / 1e3)

        return ask

    raw, ours = over(desk.raw, name=name), over(desk.client, channels=f"{DEVICE}.window.{name}")
    in_turn(3, raw, ours)
    yield compared("the same over WAMP, p50", in_turn(WINDOWS, raw, ours), "ms", 40.0, absolute=True)
    yield _week(shelf)


def _week(shelf: Shelf) -> Figure:
    files = block_files(shelf.folder, "week")

    def local() -> float:
        begin = time.perf_counter()
        with ocs.store.open(shelf.folder) as archive:
            points = archive.history(f"{DEVICE}.week.*", *_moments(shelf.span), max_points=WEEK_POINTS).table
        if not WEEK_POINTS // 2 <= len(points) <= WEEK_POINTS:
            raise RuntimeError(f"{len(points)} points were read")
        return time.perf_counter() - begin

    def bare() -> float:
        begin = time.perf_counter()
        reduce_week(files, *shelf.span)
        return time.perf_counter() - begin

    pairs = in_turn(3, bare, local)
    return compared("a week of 60 M samples as 1000 points of ten channels", pairs, "s", 1.0, absolute=True)


def _moments(span: tuple[int, int]) -> tuple[Any, Any]:
    return np.datetime64(span[0], "ns"), np.datetime64(span[1], "ns")


# -- what it costs an agent ------------------------------------------------------------------------


def _cost(desk: Desk) -> Figure:
    publisher = _recorder(desk.place, PUBLISHER, "none")
    count = int(COST_S * COST_HZ)

    def share(peer: Peer, device: str) -> Callable[[], float]:
        def measure() -> float:
            before, began = cpu_seconds([peer.process.pid]), time.monotonic()
            desk.client.ask(do="run", device=device, op="sample", params={"count": count, "rate": COST_HZ})
            return (cpu_seconds([peer.process.pid]) - before) / (time.monotonic() - began) * 100

        return measure

    pairs = in_turn(COST_ROUNDS, share(publisher, PUBLISHER), share(desk.recorder, RECORDER))
    desk.client.ask(do="run", device=RECORDER, op="drain", params={})
    desk.offered["samples"] = COST_ROUNDS * count
    whole, detail = desk.arrived("samples")
    publisher.end()
    return compared(
        "agent at 100 Hz x 10 channels, with spool against publishing alone", pairs, "%", 1.2, detail=detail,
        counts=whole,
    )  # fmt: skip


def _runs(desk: Desk) -> Iterator[Figure]:
    """Yield `run` with the archiver on against a raw call, and against the same without archiver."""
    callers = Callers(desk.place)
    agent, client = desk.place.start_agent("bench-2", "archiver"), desk.place.start("async_client", "bench-2")

    def p50(op: str, calls: int = CALLS) -> Callable[[], float]:
        return lambda: float(client.ask(do="run", op=op, count=calls)["p50_us"])

    for op, name, target in (("empty", "async", 1.2), ("empty_blocking", "blocking", 1.3)):
        p50(op, WARM_CALLS)()
        ours, without = quietly(p50(op)), quietly(callers.p50("run", op))
        pairs = in_turn(RUN_ROUNDS, quietly(callers.raw_p50), ours)
        yield compared(f"run of an empty {name} task with the archiver on, p50", pairs, "us", target, note=RUN_NOTE)
        pairs = in_turn(RUN_ROUNDS, without, ours)
        yield compared("the same against one without archiver, p50", pairs, "us", 1.1)
    for peer in (client, agent):
        peer.end()
    callers.end()
