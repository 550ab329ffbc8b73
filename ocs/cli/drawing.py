"""Plots of what was archived: an axis for each unit, time in UTC, gaps shaded with their cause."""

from __future__ import annotations

import logging
import textwrap
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ocs.cli.traces import Panel, Trace, broken, held, panels, shaded, traces
from ocs.model.errors import ConfigurationError, NoDataError, NotAllowedError
from ocs.model.gap import CAUSE_SENTENCES, GapCause
from ocs.model.time_span import span_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ocs.store.archive.reading.history import History

WIDTH_IN = 10.0
PANEL_IN = 2.3
LOW_PANEL_IN = 1.7
"""Of more than four axes."""

WORDS_IN = 0.28
"""Height of a line of an axis of texts."""

LONGEST_WORD = 24

CHARACTER_IN = 0.075
"""Width of a character of the words beside an axis."""

DPI = 150
POINTS = 1200
"""More points of one channel than this cannot be told apart in the width of a plot."""

FEW = 80
"""So few points are marked one by one."""

PLAIN = (1e-4, 1e9)
"""Numbers on an axis that are written without an exponent."""

MOST_COMPARED = 500
"""Of more gaps it does not matter which ones meet."""

BAND_ALPHA = 0.22
"""Of the band from the lowest to the highest value."""

Shades = dict[tuple[GapCause, str], str]
"""The colour of each cause, and device where there are several."""

INK, SOFT, RULE = "#1b1f24", "#57606a", "#e4e7eb"
COLOURS = ("#0b5fa5", "#d1495b", "#2a9d5c", "#8f5bbd", "#c77d0a", "#16939b", "#6b7280", "#b5447a")
LINES = ("-", "--", ":", "-.")
"""Of the first traces of an axis, of those that have their colours again, and so on."""
SHADES = ("#d5dae1", "#fbdfb6", "#cddcf6", "#f5cfd6", "#cfe9d8", "#e3d4f0")
FLAGS = {"WARNING": "#e08a00", "ALARM": "#c81e1e", "INVALID": "#7f1d1d"}

DATES = ["", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"]
"""What stands under the end of the time axis when its labels are years, months, days, hours, minutes, seconds."""

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.xmargin": 0.0,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.fonttype": "none",
}


def draw(history: History, path: Path) -> tuple[list[str], list[NotAllowedError]]:
    """Draw an answer of the archive into a file; return the names of the channels in it, and why others are not.

    Args:
        history: The answer.
        path: The file; its ending says what it becomes: .png, .pdf, .svg.

    Raises:
        NoDataError: There is nothing to draw.
        NotAllowedError: No channel can be drawn: they have arrays, or too many different texts.
        ConfigurationError: matplotlib is not installed, or does not know the ending.
        OSError: The file cannot be written.
    """
    mpl = _matplotlib()
    shown, left_out = traces(history)
    if left_out and not shown:
        raise left_out[0]
    if not shown:
        raise NoDataError(
            f"nothing of this was archived {span_text(history.start, history.end)}; "
            "`ocs gaps` tells what is known of holes, --last or --start shows another time"
        )
    with mpl.rc_context(STYLE):
        figure = _drawn(history, panels(shown))
        try:
            figure.savefig(path, dpi=DPI, facecolor="white", bbox_inches="tight", pad_inches=0.12)
        except ValueError as error:
            raise ConfigurationError(f"{path} cannot be drawn: {str(error).lower()}", field=str(path)) from None
    return [trace.name for trace in shown], left_out


def _matplotlib() -> Any:
    try:
        import matplotlib as mpl
    except ImportError:
        raise ConfigurationError(
            "plots need matplotlib; install it (pip install matplotlib), or all tools of analysis with OCS "
            "(pip install 'ocs[analysis]')"
        ) from None
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    return mpl


def _drawn(history: History, found: Sequence[Panel]) -> Figure:
    from matplotlib.figure import Figure

    height = PANEL_IN if len(found) <= 4 else LOW_PANEL_IN  # noqa: PLR2004 - they fit on a screen
    heights = [max(0.8, WORDS_IN * (len(panel.words) + 1)) if panel.words else height for panel in found]
    figure = Figure(figsize=(WIDTH_IN, sum(heights) + 0.55 * len(found) + 0.6), layout="constrained")
    grid = figure.subplots(len(found), 1, sharex=True, squeeze=False, height_ratios=heights)
    axes: list[Axes] = [row[0] for row in grid]
    colours = iter(COLOURS * (1 + sum(len(panel.traces) for panel in found) // len(COLOURS)))
    shades: Shades = {}
    several = len({trace.series.device for panel in found for trace in panel.traces}) > 1
    for axis, panel, height in zip(axes, found, heights, strict=True):
        _shade(axis, panel, history, shades, several=several)
        for place, trace in enumerate(panel.traces):
            line = LINES[place // len(COLOURS) % len(LINES)]
            _draw_trace(axis, broken(held(trace, history.gaps, history.end), history.gaps), next(colours), line)
        _finish(axis, panel, height)
    _finish_time(axes[-1], history)
    _gap_legend(figure, shades)
    figure.align_ylabels(axes)
    return figure


def _draw_trace(axis: Axes, trace: Trace, colour: str, line: str) -> None:
    few = int(np.isfinite(trace.values).sum()) <= FEW
    style: dict[str, Any] = {"color": colour, "linewidth": 1.2, "linestyle": line, "label": trace.name}
    if few:
        style |= {"marker": "o", "markersize": 3.0}
    if trace.words:
        style |= {"drawstyle": "steps-post"}
    if trace.low is not None and trace.high is not None:
        step: Any = "post" if trace.words else None
        axis.fill_between(trace.times, trace.low, trace.high, step=step, color=colour, alpha=BAND_ALPHA, linewidth=0)
    axis.plot(trace.times, trace.values, **style)
    for word, places in trace.flagged().items():
        axis.plot(
            trace.times[places], trace.values[places], linestyle="none", marker="o", markersize=3.4 if few else 1.8,
            color=FLAGS.get(word, SOFT), label=word, zorder=3,
        )  # fmt: skip


def _shade(axis: Axes, panel: Panel, history: History, shades: Shades, *, several: bool) -> None:
    """Shade the gaps; where several causes meet, each has a part of the height."""
    spans = []
    for gap in history.gaps:
        span = shaded(gap, history.start, history.end)
        if span is not None and any(trace.concerns(gap) for trace in panel.traces):
            spans.append((*span, (gap.cause, gap.device if several else "")))
    for first, last, key in spans:
        colour = shades.setdefault(key, SHADES[len(shades) % len(SHADES)])
        near = spans if len(spans) <= MOST_COMPARED else [(first, last, key)]
        meeting = list(dict.fromkeys(other for start, end, other in near if start < last and end > first))
        at, parts = meeting.index(key), len(meeting)
        ends = np.array([first, last], dtype="datetime64[ns]")
        axis.axvspan(
            ends[0], ends[1], 1 - (at + 1) / parts, 1 - at / parts, facecolor=colour, edgecolor=colour, linewidth=0.6,
            zorder=0.5,
        )  # fmt: skip


def _gap_legend(figure: Figure, shades: Shades) -> None:
    from matplotlib.patches import Patch

    if not shades:
        return
    handles = [
        Patch(facecolor=colour, edgecolor=SOFT, linewidth=0.4,
              label=f"gap{f' of {device}' if device else ''}: {CAUSE_SENTENCES[cause]}")
        for (cause, device), colour in shades.items()
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower left", ncols=1 if len(handles) > 2 else 2, handlelength=1.6)  # noqa: PLR2004 - two have room beside each other


def _title(panel: Panel, height_in: float) -> str:
    """Return what stands beside an axis of this height; the unit alone where the name is too long."""
    room = int(height_in / CHARACTER_IN)
    lines = textwrap.wrap(panel.title, room, break_long_words=False)
    if len(lines) <= 2 and max(map(len, lines), default=0) <= room:  # noqa: PLR2004 - more lines push the axis aside
        return "\n".join(lines)
    return f"[{panel.unit}]" if panel.unit else ""


def _finish(axis: Axes, panel: Panel, height_in: float) -> None:
    from matplotlib.patches import Patch

    axis.set_ylabel(_title(panel, height_in))
    labels: dict[str, Any] = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    if any(trace.low is not None for trace in panel.traces):
        labels["lowest to highest"] = Patch(color=SOFT, alpha=BAND_ALPHA, linewidth=0)
    axis.legend(
        labels.values(), labels, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2,
        borderpad=0.2, handlelength=1.6,
    )  # fmt: skip
    if panel.words:
        words = [" ".join(word.split()) for word in panel.words]
        words = [word if len(word) <= LONGEST_WORD else f"{word[: LONGEST_WORD - 3]}..." for word in words]
        axis.set_yticks(range(len(words)), words)
        axis.set_ylim(-0.5, len(words) - 0.5)
    else:
        _number_axis(axis)


def _number_axis(axis: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, ScalarFormatter

    least, most = PLAIN
    axis.yaxis.set_major_locator(MaxNLocator(6, min_n_ticks=3))
    if least <= max(map(abs, axis.get_ylim())) < most:
        plain = ScalarFormatter(useOffset=False)
        plain.set_scientific(False)
        axis.yaxis.set_major_formatter(plain)
    else:
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:.10g}"))


def _finish_time(axis: Axes, history: History) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(tz=UTC, minticks=5, maxticks=12)  # type: ignore[no-untyped-call] # matplotlib's own
    axis.xaxis.set_major_locator(locator)
    form = ConciseDateFormatter(locator, tz=UTC, offset_formats=DATES)  # type: ignore[no-untyped-call] # matplotlib's own
    axis.xaxis.set_major_formatter(form)
    axis.set_xlim(np.datetime64(history.start, "ns"), np.datetime64(history.end, "ns"))  # type: ignore[arg-type] # it takes what the axis shows
    axis.set_xlabel("time (UTC)")
