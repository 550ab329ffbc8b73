"""Calls: status, run, many in flight, blocking clients, and what they cost in processor time and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figure import Figure, Pair, compared, in_turn
from benchmarks.peer import Peer, cpu_seconds, resident_bytes
from benchmarks.place import Place

RUN_NOTE = (
    "warm loops without router (measured): an agent takes 63 us a run, 26 us a status, the echo 18 us; a client 48 us, "
    "a bare call 22 us. An echo that answers 430 B as we do, not 100 B, makes 0.84 of its rate. Other load raises it"
)
WAMPY_NOTE = (
    "plain wampy's own rate swings between runs; ours is bound by the router's WebSocket and JSON "
    "(performance page, 1.1: 1095 calls/s for autobahn there)"
)
CALLS = 800
ROUNDS = 5


class Callers:
    """The programs of this group."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.raw_server = place.start("raw", str(place.socket))
        self.raw_server.ask(do="serve")
        self.raw = place.start("raw", str(place.socket))
        self.agent = place.start_agent()
        self.client = place.start("async_client")
        for _ in range(2):
            self.raw.ask(do="call_many", count=300, in_flight=1)
            for op in ("empty", "empty_blocking"):
                self.client.ask(do="run", op=op, count=300)

    def end(self) -> None:
        """End them: what serves the next group takes the same names."""
        for peer in (self.raw_server, self.raw, self.agent, self.client):
            peer.end()

    def raw_p50(self) -> float:
        """Return the median of a raw call in us."""
        return float(self.raw.ask(do="call_many", count=CALLS, in_flight=1)["p50_us"])

    def p50(self, do: str, op: str) -> Callable[[], float]:
        """Return what measures the median of one of our calls in us."""
        return lambda: float(self.client.ask(do=do, op=op, count=CALLS)["p50_us"])

    def raw_rate(self) -> float:
        """Return raw calls per second with 32 in flight."""
        return float(self.raw.ask(do="call_many", count=CALLS * 4, in_flight=32)["rate"])

    def rate(self) -> float:
        """Return our runs per second with 32 in flight."""
        return float(self.client.ask(do="run", op="side", count=CALLS * 4, in_flight=32)["rate"])

    def cpu(self, server: Peer, caller: Peer, **command: Any) -> Callable[[], float]:
        """Return what measures the processor time of router, callee and caller per call, in us."""
        pids = [self.place.router, server.process.pid, caller.process.pid]

        def measure() -> float:
            before = cpu_seconds(pids)
            caller.ask(count=CALLS, **command)
            return (cpu_seconds(pids) - before) / CALLS * 1e6

        return measure


def measure_calls(place: Place) -> Iterator[Figure]:
    """Yield the figures of this group."""
    callers = Callers(place)
    rounds: list[tuple[str, str, str, float]] = [
        ("status", "status", "empty", 1.25),
        ("run of an empty async task", "run", "empty", 1.2),
        ("run of an empty blocking task", "run", "empty_blocking", 1.3),
    ]
    for name, do, op, target in rounds:
        pairs = in_turn(ROUNDS, callers.raw_p50, callers.p50(do, op))
        yield compared(f"{name}, p50", pairs, "us", target, note=RUN_NOTE)
    raw_cpu = callers.cpu(callers.raw_server, callers.raw, do="call_many", in_flight=1)
    our_cpu = callers.cpu(callers.agent, callers.client, do="run", op="empty")
    yield compared(
        "run, processor time of router, agent and client", in_turn(ROUNDS, raw_cpu, our_cpu), "us", 1.2, note=RUN_NOTE
    )
    yield compared(
        "runs per second, 32 in flight",
        in_turn(ROUNDS, callers.raw_rate, callers.rate),
        "1/s",
        0.85,
        at_least=True,
        note=RUN_NOTE,
    )
    yield from _blocking(place, callers)
    yield _memory(callers)
    callers.end()


def _blocking(place: Place, callers: Callers) -> Iterator[Figure]:
    blocking = place.start("blocking_client", "default")
    blocking.ask(do="run", op="empty", count=300)

    def p50() -> float:
        return float(blocking.ask(do="run", op="empty", count=CALLS)["p50_us"])

    pairs = in_turn(ROUNDS, callers.p50("run", "empty"), p50)
    yield compared("run by the blocking client against the async one, p50", pairs, "us", 1.5)
    wampy = place.start("blocking_client", "wampy")
    plain = place.start("plain_wampy", f"ws://127.0.0.1:{place.port}/wampy")
    plain.ask(do="status", op="empty", count=20)
    wampy.ask(do="status", op="empty", count=200)

    def plain_rate() -> float:
        return float(plain.ask(do="status", op="empty", count=100)["rate"])

    def rate() -> float:
        return float(wampy.ask(do="status", op="empty", count=500)["rate"])

    yield compared(
        "status by client_wampy against plain wampy, calls per second",
        in_turn(3, plain_rate, rate), "1/s", 6.0, at_least=True, note=WAMPY_NOTE,
    )  # fmt: skip
    plain.end()
    before = cpu_seconds([wampy.process.pid])
    told = wampy.ask(do="run", op="delay", count=1)
    spent = cpu_seconds([wampy.process.pid]) - before
    share: Pair = (spent / (told["p50_us"] / 1e6), 1.0)
    yield compared("client_wampy, share of a core while it waits 2 s", [share], "1", 0.05)


def _memory(callers: Callers) -> Figure:
    """Return how much the agent grows with each run, after its bounded history is full."""
    runs = 20_000
    pid = callers.agent.process.pid
    callers.client.ask(do="run", op="side", count=runs // 4, in_flight=32)
    before = resident_bytes(pid)
    callers.client.ask(do="run", op="side", count=runs, in_flight=32)
    return Figure("memory that the agent keeps per finished run", (resident_bytes(pid) - before) / runs, "B", 1.0, 16.0)
