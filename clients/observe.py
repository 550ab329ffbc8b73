"""An observation: home the stage, scan it over the beam, take temperatures, fit the peak.

    python -m clients.observe --points 25 --from -14 --to 14

Blocking, through `ocs.client_wampy`. On the way it aborts one move on purpose and recovers. It checks its
devices first, and always leaves them stopped.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clients.fit import Peak, fit_peak
from clients.housekeeping import Housekeeper, Housekeeping
from clients.patience import Patience
from clients.report import Point, Tally, draw, write_summary, write_table
from clients.show import Show
from clients.thermometer import Sample, Thermometer
from ocs.client_wampy import connect
from ocs.model.errors import AbortedError, OcsError

SILENT_S = 4.0
"""A feed that is silent for so long, in s, is looked after."""

SENSOR_SETTLES_S = 0.75
"""Five times the sensor's time constant of 0.15 s: what is left of a step of 4 K is below 0.03 K."""


def main(argv: Sequence[str] | None = None) -> int:
    """Observe; 0 when all went well, 1 with one sentence on stderr when not."""
    options = parse(argv)
    show = Show()
    tally = Tally()
    began = time.monotonic()
    try:
        with connect() as obs:
            kept = keep_house(obs, options, show)
            observation = Observation(obs[options.stage], obs[options.thermo], options, show, tally)
            peak, points, samples, events = observation.make()
            devices = sorted(obs.devices())
    except (OcsError, TimeoutError, ValueError) as error:
        sys.stderr.write(f"observe: {error}\n")
        return 1
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "observation.csv", points)
    draw(folder / "observation.png", points, peak, samples)
    operations = asdict(tally)
    errors = operations.pop("errors")
    summary = {
        "wampy": version("wampy"),
        "devices": devices,
        "operations": operations,
        **kept.summary(),
        "samples": len(samples),
        "feed_events": events,
        "peak": {"fitted": peak.position, "true": options.true_peak, "error": peak.error, "unit": "mm"},
        "elapsed_s": round(time.monotonic() - began, 2),
        "errors": errors,
    }
    write_summary(folder / "summary.json", summary)
    show.table(summary, folder)
    return 0


def keep_house(obs: Any, options: argparse.Namespace, show: Show) -> Housekeeping:
    """Do the housekeeping when there is a power supply for it."""
    if not options.supply:
        return Housekeeping()
    show.plan(f"set up {options.supply}, look at {options.cold}, see that limits hold")
    return Housekeeper(obs[options.supply], obs[options.cold], "temperature", show).keep()


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="observe", description="Scan the stage over the beam and fit the peak.")
    parser.add_argument("--stage", default="stage-1", help="name of the stage [%(default)s]")
    parser.add_argument("--thermo", default="thermo-1", help="name of the thermometer [%(default)s]")
    parser.add_argument("--supply", default="", help="name of the power supply; without one no housekeeping")
    parser.add_argument("--cold", default="cryo/thermometer/1", help="thermometer for the housekeeping [%(default)s]")
    parser.add_argument("--from", dest="low", type=float, default=-14.0, help="first position, mm [%(default)s]")
    parser.add_argument("--to", dest="high", type=float, default=14.0, help="last position, mm [%(default)s]")
    parser.add_argument("--points", type=int, default=29, help="number of positions [%(default)s]")
    parser.add_argument("--samples", type=int, default=3, help="samples at each position [%(default)s]")
    parser.add_argument("--output", default="build/demo", help="folder of the results [%(default)s]")
    parser.add_argument("--true-peak", type=float, help="where the simulated peak is, for the summary only")
    return parser.parse_args(argv)


class Observation:
    """One observation with two devices."""

    def __init__(self, stage: Any, thermo: Any, options: argparse.Namespace, show: Show, tally: Tally) -> None:
        self.stage = stage
        self.thermo = thermo
        self.options = options
        self.show = show
        self.tally = tally
        self.patience = Patience(show)

    def make(self) -> tuple[Peak, list[Point], list[Any], int]:
        """Observe; return the peak, the points, all samples, and how many feed messages brought them."""
        self.show.plan(
            f"scan {self.stage.name} from {self.options.low:g} to {self.options.high:g} mm in "
            f"{self.options.points} points, {self.options.samples} samples of {self.thermo.name} at each"
        )
        identity = self.run(self.thermo.identify).result
        self.show.say(f"{self.thermo.name}: {identity['model']}, serial {identity['serial']}")
        home = self.run(self.stage.home, timeout_s=60).result
        self.show.say(f"{self.stage.name}: homed, at {home:.3f} mm")
        with self.running(self.thermo.acq, rate=10.0), self.running(self.stage.monitor, rate=10.0):
            thermometer = Thermometer(self.thermo)
            try:
                self.abort_and_recover()
                points = self.scan(thermometer)
            finally:
                thermometer.close()
        peak = fit_peak([point.position for point in points], [point.kelvin for point in points])
        return peak, points, list(thermometer.samples), thermometer.messages

    def abort_and_recover(self) -> None:
        """Start a long move, abort it on the way, and go on from where the stage stopped."""
        self.tally.started += 1
        move = self.stage.move_to.start(position=self.options.high, velocity=5.0)
        for progress in move.progress(timeout_s=30):
            if (progress.fraction or 0) > 0.3:  # noqa: PLR2004 - well on the way
                break
        move.abort()
        try:
            move.wait(timeout_s=30)
        except AbortedError:
            self.tally.aborted += 1
            stopped = move.status().data.get("position")
            self.show.say(f"{self.stage.name}: move aborted on purpose, stopped near {stopped:.2f} mm")
        else:
            self.tally.succeeded += 1
            self.tally.errors.append("the move that was to be aborted had ended before")

    def scan(self, thermometer: Thermometer) -> list[Point]:
        """Return a point for each position."""
        step = (self.options.high - self.options.low) / (self.options.points - 1)
        points = []
        with self.show.progress("scan", self.options.points) as advance:
            for number in range(self.options.points):
                position = self.options.low + number * step
                reached = self.run(self.stage.move_to, {"position": position, "velocity": 20.0}, timeout_s=60).result
                taken = self.take(thermometer)
                kelvins = [sample.kelvin for sample in taken]
                mean, scatter = statistics.fmean(kelvins), statistics.pstdev(kelvins)
                points.append(Point(reached, mean, scatter, len(taken), taken[0].time))
                advance(f"{reached:7.2f} mm  {mean:8.3f} K")
        return points

    def take(self, thermometer: Thermometer) -> list[Sample]:
        """Return new samples; when none come, the router may be away: a request finds out, and joins again."""
        try:
            return thermometer.after(time.time() + SENSOR_SETTLES_S, self.options.samples, timeout_s=SILENT_S)
        except TimeoutError:
            self.patience.ask(self.thermo.state.read)
            return thermometer.after(time.time() + SENSOR_SETTLES_S, self.options.samples)

    def run(self, operation: Any, params: dict[str, Any] | None = None, timeout_s: float = 30.0) -> Any:
        """Run a task, count how it went, return its session."""
        self.tally.started += 1
        try:
            session = self.patience.run(operation, params or {}, timeout_s)
        except OcsError:
            self.tally.failed += 1
            raise
        self.tally.succeeded += 1
        return session

    @contextmanager
    def running(self, operation: Any, **params: Any) -> Iterator[None]:
        """Have a process run in the block; it is stopped whatever happens."""
        self.tally.started += 1
        operation.start(**params)
        try:
            yield
        finally:
            self.patience.ask(operation.stop)
            self.patience.ask(lambda: operation.wait(timeout_s=15))
            self.tally.succeeded += 1


if __name__ == "__main__":
    sys.exit(main())
