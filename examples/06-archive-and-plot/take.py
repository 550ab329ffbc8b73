"""Take some seconds of a wave, wait until they are in the archive, read them back, and draw them."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ocs.client import Observatory, connect

CHANNELS = "wave-1.frequency, wave-1.voltage, wave-1.half"
PICTURE = Path(__file__).parents[2] / "build" / "wave.png"


def take(wave: Any, messages: Iterator[Any]) -> list[float]:
    """Let the wave pass for two seconds at each of two frequencies; return the times of its rows, POSIX s."""
    times: list[float] = []
    for frequency in (0.5, 1.5):
        wave.frequency.put(frequency)
        times += [time for message in islice(messages, 40) for time in message.samples[0].timestamps]
    return times


def archived(obs: Observatory, messages: Iterator[Any], times: list[float]) -> Any:
    """Return these rows from the archive; each later row is a moment to look whether they have arrived."""
    for _ in islice(messages, 1000):
        history = obs.history(CHANNELS, times[0] - 0.001, times[-1] + 0.001)
        if len(history) >= len(times):
            return history
    raise SystemExit("the rows do not arrive in the archive; `ocs health` tells why")


def draw(frame: Any, units: dict[str, str]) -> None:
    """Draw voltage and frequency over time."""
    seconds = (frame.index - frame.index[0]).total_seconds()
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    for axis, name in zip(axes, ("wave-1.voltage", "wave-1.frequency"), strict=True):
        axis.plot(seconds, frame[name], ".-")
        axis.set_ylabel(f"{name.removeprefix('wave-1.')} [{units[name]}]")
        axis.grid(alpha=0.3)
    axes[1].set_xlabel(f"s after {frame.index[0]:%H:%M:%S} UTC")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120)


with connect() as obs:
    wave = obs["wave-1"]
    messages = wave.feeds["wave"].follow(timeout_s=10)
    times = take(wave, messages)
    history = archived(obs, messages, times)

print(f"{len(times)} rows were seen live, {len(history)} are in the archive")
print(history.units)
frame = history.to_pandas()
print(frame.groupby("wave-1.half", observed=True)["wave-1.voltage"].agg(["min", "mean", "max"]).round(2))
draw(frame, history.units)
print(f"drawn: {PICTURE.relative_to(PICTURE.parents[1])}")
