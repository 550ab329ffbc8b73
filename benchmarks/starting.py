"""Starting: imports, an agent until it is registered, its memory, and the command that lists agents."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure, Pair, compared, in_turn
from benchmarks.peer import resident_bytes
from benchmarks.place import Place

ROUNDS = 5
COMMAND = Path(sys.executable).parent / "ocs"


def measure_starting(place: Place) -> Iterator[Figure]:
    """Yield the figures of this group."""
    for module, limit_s in (("ocs", 0.05), ("ocs.client", 0.2)):
        spans = [_wall(sys.executable, "-c", f"import {module}") - _wall(sys.executable, "-c", "") for _ in range(7)]
        yield Figure(f"import {module}, less the interpreter's start", median(spans), "s", 1.0, limit_s, False, spans)
    times: list[Pair] = []
    sizes: list[Pair] = []
    for _ in range(ROUNDS):
        bare = _started(place, ("-m", "benchmarks.programs.bare", str(place.socket)), "ready")
        agent = _started(
            place, ("-m", "ocs.agent", "--site-file", str(_site_file(place)), "--instance-id", "faker-9"), "joined"
        )
        times.append((agent[0], bare[0]))
        sizes.append((agent[1] / 1e6, bare[1] / 1e6))
    yield compared("agent, start until registered", times, "s", 1.4)
    yield compared("agent, idle memory", sizes, "MB", 1.25)
    if COMMAND.exists():
        yield from _listing(place)


def _listing(place: Place) -> Iterator[Figure]:
    registry = place.launch("-m", "ocs.agent", "--site-file", str(_site_file(place)), "--instance-id", "registry")
    registry.line("joined")
    command = (str(COMMAND), "list", "--site-file", str(_site_file(place)))
    shown = subprocess.run(command, env=place.environ, capture_output=True, check=False)  # noqa: S603 - our own command
    if shown.returncode == 0:
        bare = (sys.executable, "-m", "benchmarks.programs.bare_call", str(place.socket))
        pairs = in_turn(
            ROUNDS, lambda: _wall(*bare, environ=place.environ), lambda: _wall(*command, environ=place.environ)
        )
        yield compared("ocs list against import, join and one call", pairs, "s", 1.5)
    registry.end()


def _started(place: Place, arguments: tuple[str, ...], sign: str) -> Pair:
    """Return the seconds until a program is registered, and its resident memory in B then."""
    begin = time.perf_counter()
    peer = place.launch(*arguments)
    peer.line(sign)
    took = time.perf_counter() - begin
    size = resident_bytes(peer.process.pid)
    peer.end()
    return took, float(size)


def _site_file(place: Place) -> Path:
    path = place.folder / "site.yaml"
    path.write_text(
        f"hub:\n  wamp_server: ws://127.0.0.1:{place.port}/ws\n  wamp_http: http://127.0.0.1:{place.port}/call\n"
        "  wamp_realm: test_realm\n  address_root: observatory\n"
        "hosts:\n  localhost:\n    agent-instances:\n"
        "      - {agent-class: FakeDataAgent, instance-id: faker-9}\n"
        "      - {agent-class: RegistryAgent, instance-id: registry}\n"
    )
    return path


def _wall(*command: str, environ: dict[str, str] | None = None) -> float:
    begin = time.perf_counter()
    subprocess.run(command, env=environ, capture_output=True, check=False)  # noqa: S603 - our own programs
    return time.perf_counter() - begin
