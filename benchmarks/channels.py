"""Channels: reading, writing, events, spectra, polling of a thousand, and an agent with a hundred devices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks.figure import Figure, compared, in_turn
from benchmarks.peer import Peer, cpu_seconds
from benchmarks.place import Place

CALLS = 800
ROUNDS = 5
EVENTS = 3000
PACED, PACED_HZ = 400, 200.0
SPECTRUM_BYTES = 80_000
POLL_S = 10.0
DEVICES = 100
TOPIC = "observatory.channels-1.events.stamp.change"


def measure_channels(place: Place) -> Iterator[Figure]:
    """Yield the figures of this group."""
    server = place.start("raw", str(place.socket))
    server.ask(do="serve")
    server.ask(do="serve_bytes", size=SPECTRUM_BYTES)
    raw, counter = place.start("raw", str(place.socket)), place.start("raw", str(place.socket))
    agent = place.launch("-m", "benchmarks.programs.channel_agent", "--instance-id", "channels-1")
    agent.line("joined")
    client = place.start("channel_client", "channels-1")
    raw.ask(do="call_many", count=300, in_flight=1)
    client.ask(do="read", count=300)
    yield from _calls(raw, client)
    yield from _events(raw, counter, client)
    for peer in (client, agent, raw, counter, server):
        peer.end()
    yield _polling(place)
    yield _hundred_devices(place)


def _calls(raw: Peer, client: Peer) -> Iterator[Figure]:
    def raw_p50() -> float:
        return float(raw.ask(do="call_many", count=CALLS, in_flight=1)["p50_us"])

    def p50(do: str, count: int = CALLS) -> Callable[[], float]:
        return lambda: float(client.ask(do=do, count=count)["p50_us"])

    yield compared("read of a cached scalar, p50", in_turn(ROUNDS, raw_p50, p50("read")), "us", 1.25)
    many = in_turn(ROUNDS, p50("read"), p50("read_many", CALLS // 2))
    yield compared("read of 100 channels in one call against one, p50", many, "us", 3.0)
    yield compared("write with validation and handler, p50", in_turn(ROUNDS, raw_p50, p50("write")), "us", 1.5)

    def raw_bytes() -> float:
        return float(raw.ask(do="fetch_many", count=CALLS // 2)["p50_us"])

    pairs = in_turn(ROUNDS, raw_bytes, p50("spectrum", CALLS // 2))
    yield compared("spectrum of 10 000 float64 against 80 kB of raw bytes, p50", pairs, "us", 2.0)


def _events(raw: Peer, counter: Peer, client: Peer) -> Iterator[Figure]:
    def counted(key: str, topic: str, begin: Callable[[], object], count: int) -> float:
        counter.ask(do="count_stamps", topic=topic, count=count)
        begin()
        return float(counter.answer()[key])

    def raw_events(key: str, count: int, rate: float) -> Callable[[], float]:
        topic = "observatory.raw.stamps"
        return lambda: counted(
            key, topic, lambda: raw.ask(do="publish_stamps", topic=topic, count=count, rate=rate), count
        )

    def ours(key: str, count: int, **params: float | str) -> Callable[[], float]:
        return lambda: counted(key, TOPIC, lambda: client.ask(do="start", count=count, **params), count)

    pairs = in_turn(ROUNDS, raw_events("rate", EVENTS, 0.0), ours("rate", EVENTS, op="burst"))
    yield compared("change events per second against raw publications", pairs, "1/s", 0.7, at_least=True)
    pairs = in_turn(ROUNDS, raw_events("lag_us", PACED, PACED_HZ), ours("lag_us", PACED, op="paced", rate=PACED_HZ))
    yield compared("lag of a change event at 200 Hz, p50", pairs, "us", 1.5)


def _polling(place: Place) -> Figure:
    agent = place.launch("-m", "ocs.agent", "--site-file", str(_site(place, "Thousand", 1)), "--instance-id", "many-1")
    agent.line("joined")
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:  # its first polls are no measure
        cpu_seconds([agent.process.pid])
    before, began = cpu_seconds([agent.process.pid]), time.monotonic()
    while time.monotonic() < began + POLL_S:
        cpu_seconds([agent.process.pid])
    share = (cpu_seconds([agent.process.pid]) - before) / (time.monotonic() - began)
    agent.end()
    return Figure("1000 channels polled at 1 Hz, share of a core", share, "1", 1.0, 0.15)


def _hundred_devices(place: Place) -> Figure:
    began = time.monotonic()
    agent = place.launch(
        "-m", "ocs.agent", "--site-file", str(_site(place, "Ordinary", DEVICES)), "--instance-id", "many-1"
    )
    agent.line("joined")
    took = time.monotonic() - began
    agent.end()
    return Figure("agent with 100 devices, start until registered", took, "s", 1.0, 3.0)


def _site(place: Place, device_class: str, count: int) -> object:
    path = place.folder / f"{device_class}.yaml"
    folder = place.folder / "many"
    (folder / "channels").mkdir(parents=True, exist_ok=True)
    (folder / "channels" / "agent.py").write_text(
        'AGENT_CLASS = "ManyAgent"\n'
        "from benchmarks.programs import channel_agent\n\n\n"
        "class Ordinary(channel_agent.Ordinary):\n"
        '    """As in the benchmarks."""\n\n\n'
        "class Thousand(channel_agent.Thousand):\n"
        '    """As in the benchmarks."""\n'
    )
    devices = "".join(f"\n          - {{name: d/{number}/x, class: {device_class}}}" for number in range(count))
    path.write_text(
        f"hub:\n  wamp_server: ws://127.0.0.1:{place.port}/ws\n  wamp_http: http://127.0.0.1:{place.port}/call\n"
        "  wamp_realm: test_realm\n  address_root: observatory\n"
        f"agent_paths: [{folder}]\n"
        "hosts:\n  localhost:\n    agent-instances:\n"
        f"      - agent-class: ManyAgent\n        instance-id: many-1\n        devices:{devices}\n"
    )
    return path
