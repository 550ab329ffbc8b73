"""The demonstration: a site of simulated instruments, an observation, a recorder beside it, and everything ended.

    make demo

It starts `ocs up`, `clients.watch` and `clients.observe` as programs of their own, and kills the router in the middle
of the observation. It adds what only the demonstration knows: where the simulated beam really is, that the archive
has every sample, and a picture of those that it has, the router's absence shaded. It leaves no process.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from clients.fit import fit_peak
from clients.outage import Outage
from clients.proof import Proof, look_into_archive
from clients.report import draw, read_table, write_summary
from clients.thermometer import Sample
from ocs.model.errors import OcsError

OUTPUT = Path("build/demo")
READY = "realm ready"
READY_TIMEOUT_S = 120.0
OBSERVE_TIMEOUT_S = 240.0
END_TIMEOUT_S = 60.0


class DemoError(Exception):
    """A part of the demonstration failed; the sentence says which, and where its log is."""


def main() -> int:
    """Run the demonstration; 0 when every part went well and the archive has every sample."""
    began = time.monotonic()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    state = Path(os.environ.get("OCS_STATE_DIR", "build/state"))
    os.environ["OCS_STATE_DIR"] = str(state.absolute())
    asking = ask_version()
    try:
        with site() as supervisor:
            start = time.time()
            peak = true_peak(state)
            outage = Outage(supervisor, middle=0.0 if peak is None else peak)
            with recorder() as events:
                outage.start()
                observe(peak)
            away_s = outage.wait()
            proof, samples = look_into_archive(start)
        summary = finish_summary(version_of(asking), events, proof, away_s, time.monotonic() - began)
        draw_archived(samples, summary["samples"], (outage.began, away_s))
    except (DemoError, OcsError, TimeoutError) as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    sys.stdout.write(
        f"demo: the router was killed and away for {away_s:.1f} s; of the site's {proof.samples} samples "
        f"the archive misses {proof.missing}, and has {proof.duplicated} twice\n"
        f"demo: done in {time.monotonic() - began:.0f} s; look at {OUTPUT}/observation.png\n"
    )
    return 0 if proof.complete else 1


@contextmanager
def site() -> Iterator[int]:
    """Have the site run in the block; gives the number of its process."""
    log = OUTPUT / "site.log"
    with log.open("w") as file:
        up = subprocess.Popen(
            [sys.executable, "-m", "ocs", "up"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            wait_ready(up, file, log)
            yield up.pid
        finally:
            file.write(end(up, "the site", log))


def wait_ready(up: subprocess.Popen[str], file: IO[str], log: Path) -> None:
    """Pass on what the site says until it is ready."""
    too_late = threading.Timer(READY_TIMEOUT_S, up.terminate)
    too_late.start()
    try:
        for line in up.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            file.write(line)
            file.flush()
            if line.startswith(READY):
                return
    finally:
        too_late.cancel()
    code = up.wait()
    raise DemoError(f"the site did not start (exit code {code}); its log is {log}")


def observe(peak: float | None) -> None:
    """Run the observation; what it prints is the demonstration."""
    command = [sys.executable, "-m", "clients.observe", "--output", str(OUTPUT), "--supply", "psu-1"]
    if peak is not None:
        command += ["--true-peak", str(peak)]
    try:
        code = subprocess.run(command, check=False, timeout=OBSERVE_TIMEOUT_S).returncode  # noqa: S603 - our own
    except subprocess.TimeoutExpired:
        raise DemoError(f"the observation did not end within {OBSERVE_TIMEOUT_S:g} s") from None
    if code:
        raise DemoError(
            f"the observation failed (exit code {code}); the site's log is {OUTPUT}/site.log, "
            f"those of its agents are below {os.environ['OCS_STATE_DIR']}"
        )


@contextmanager
def recorder() -> Iterator[dict[str, Any]]:
    """Record every feed in the block; gives what was seen, known when the block ends."""
    log = OUTPUT / "watch.log"
    seen: dict[str, Any] = {}
    with log.open("w") as file:
        watch = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "clients.watch", "--output", str(OUTPUT / "feeds.jsonl")],
            stdout=subprocess.PIPE, stderr=file, text=True,
        )  # fmt: skip
        try:
            if watch.stdout is None or watch.stdout.readline().strip() != "watching":
                raise DemoError(f"the recorder of feeds did not start; its log is {log}")
            yield seen
            watch.send_signal(signal.SIGINT)
            seen |= json.loads(watch.stdout.readline() or "{}")
        finally:
            end(watch, "the recorder of feeds", log)


def end(process: subprocess.Popen[str], what: str, log: Path) -> str:
    """End a program, see that it does, and return what it still said."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.communicate(timeout=END_TIMEOUT_S)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise DemoError(f"{what} did not end within {END_TIMEOUT_S:g} s; its log is {log}") from None


def true_peak(state: Path) -> float | None:
    """Ask the simulated thermometer where its beam is; None when the thermometer is real."""
    for path in state.glob("*/*/simulators/thermo-1.json"):
        port = json.loads(path.read_text())["control"]
        with socket.create_connection(("127.0.0.1", port), timeout=5.0) as control, control.makefile("rw") as lines:
            lines.write('{"get": "beam_peak"}\n')
            lines.flush()
            return float(json.loads(lines.readline())["beam_peak"])
    return None


def ask_version() -> subprocess.Popen[str] | None:
    """Begin to ask crossbar for its version, which takes it some seconds."""
    crossbar = os.environ.get("OCS_CROSSBAR")
    if not crossbar:
        return None
    return subprocess.Popen([crossbar, "version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603 - the router's own program


def version_of(asking: subprocess.Popen[str] | None) -> str:
    """Return the version that crossbar told."""
    told = "" if asking is None else asking.communicate(timeout=60)[0]
    line = next((line for line in told.splitlines() if line.strip().startswith("Crossbar.io ")), "")
    return line.partition(":")[2].strip()


def finish_summary(
    crossbar: str, events: dict[str, Any], proof: Proof, away_s: float, elapsed_s: float
) -> dict[str, Any]:
    """Add to the observation's summary what only the demonstration knows, and return it."""
    path = OUTPUT / "summary.json"
    summary: dict[str, Any] = {"crossbar": crossbar, **json.loads(path.read_text())}
    summary["feed_events"] = events.get("feed_events", summary["feed_events"])
    summary["archive"] = asdict(proof) | {"router_outage_s": round(away_s, 2)}
    summary["elapsed_s"] = round(elapsed_s, 2)
    write_summary(path, summary)
    return summary


def draw_archived(samples: list[Sample], live: int, away: tuple[float, float]) -> None:
    """Draw the observation's picture again, with the samples of the archive and the router's absence."""
    points = read_table(OUTPUT / "observation.csv")
    peak = fit_peak([point.position for point in points], [point.kelvin for point in points])
    title = f"{len(samples)} samples in the archive, {live} of them seen live"
    draw(OUTPUT / "observation.png", points, peak, samples, title=title, away=away)


if __name__ == "__main__":
    sys.exit(main())
