"""What is not archived for now, by patterns, and the gaps that this leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ocs.model.errors import NotFoundError, ParameterError
from ocs.model.gap import Gap, GapCause
from ocs.model.name_pattern import Pattern
from ocs.model.series import Batch, SeriesKey

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Pause:
    """Fields that are not archived for now.

    Attributes:
        match: Which ones, as a pattern.
        reason: Why, in the words of who asked.
        since: Since when, ns UTC.
    """

    match: str
    reason: str
    since: int

    def encode(self) -> dict[str, Any]:
        """Return it as a map."""
        return {"match": self.match, "reason": self.reason, "since": self.since}


class Pauses:
    """All pauses that last; never changed, a change makes another one.

    Args:
        pauses: The pauses, the first counts where several mean a field.
    """

    def __init__(self, pauses: Iterable[Pause] = ()) -> None:
        self.all = tuple(pauses)
        self._patterns = tuple(Pattern(pause.match) for pause in self.all)

    def of(self, series: SeriesKey, field: str) -> Pause | None:
        """Return the pause of a field, None when it is archived."""
        for pause, pattern in zip(self.all, self._patterns, strict=True):
            if pattern.fits(series, field):
                return pause
        return None

    def touch(self, series: SeriesKey, fields: Sequence[str]) -> bool:
        """Whether any field of a series is paused; of fields that nobody knows, whether its device is."""
        if not fields:
            return any(pattern.fits_device(series.device) for pattern in self._patterns)
        return any(self.of(series, field) is not None for field in fields)

    def begun(self, match: str, reason: str, now: int) -> Pauses:
        """Return the pauses with one more, or with another reason for one that lasts already.

        Raises:
            ParameterError: The pattern names nothing.
        """
        text = str(Pattern(match))
        if any(pause.match == text for pause in self.all):
            return Pauses(replace(each, reason=reason) if each.match == text else each for each in self.all)
        return Pauses([*self.all, Pause(text, reason[:LONGEST_REASON], now)])

    def ended(self, match: str) -> Pauses:
        """Return the pauses without one.

        Raises:
            NotFoundError: There is none of this pattern; the sentence tells which there are.
        """
        text = str(Pattern(match))
        left = [pause for pause in self.all if pause.match.casefold() != text.casefold()]
        if len(left) == len(self.all):
            known = "; ".join(pause.match for pause in self.all) or "nothing"
            raise NotFoundError(
                f"{text} was not paused under this pattern; paused: {known}", field="pattern", given=text,
                allowed=[pause.match for pause in self.all],
            )  # fmt: skip
        return Pauses(left)


def read_pauses(given: Any) -> Pauses:
    """Return the pauses that `Pause.encode` told.

    Raises:
        ParameterError: It is no list of such maps.
    """
    try:
        return Pauses(Pause(str(each["match"]), str(each["reason"]), int(each["since"])) for each in given)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ParameterError(f"these are no pauses ({type(error).__name__}: {error})", field="pauses") from None


@dataclass(slots=True)
class _Lasting:
    """The gap of a series while it is paused.

    Attributes:
        gap: The gap, with as many rows as were left out until now.
        fields: The series' fields; none where they are not known yet.
        matches: Which pauses it is for; none where that is not known yet.
        counted: Whether all of its rows were counted.
        changed: When other pauses began or ended meanwhile, ns UTC; None when none did.
    """

    gap: Gap
    fields: tuple[str, ...] = ()
    matches: frozenset[str] = frozenset()
    counted: bool = True
    changed: int | None = None

    def left_out(self, batch: Batch, matches: frozenset[str]) -> None:
        """Count rows that are not archived."""
        self.fields, self.matches, self.changed = tuple(batch.fields), matches, None
        self.gap = replace(self.gap, rows=self.gap.rows + len(batch))


class PauseGaps:
    """The gaps of paused series: opened with the first row that is left out, closed at the resumption.

    Where other fields of a series are paused from some moment on, one gap ends and another one begins.

    Args:
        record: Takes gaps, and the same gaps again when they end; called in the caller's thread.
        lasting: Gaps of an earlier archiver that have no end yet.
    """

    def __init__(self, record: Callable[[Gap], None], lasting: Iterable[Gap] = ()) -> None:
        self._record = record
        self._lasting = {
            SeriesKey(gap.device, gap.feed, gap.block): _Lasting(gap, counted=False)
            for gap in lasting
            if gap.cause is GapCause.PAUSED
        }

    def left_out(self, batch: Batch, paused: Mapping[str, Pause]) -> None:
        """Take note of rows that are not archived, some of their fields or all.

        Args:
            batch: The rows.
            paused: The pause of each field that is paused.
        """
        first, last = int(batch.times.min()), int(batch.times.max())
        matches = frozenset(pause.match for pause in paused.values())
        known = self._lasting.get(batch.series)
        start = min([first, *(pause.since for pause in paused.values())])
        if known is not None and known.changed is not None and known.matches and known.matches != matches:
            start = max(known.changed, known.gap.start + 1)
            self._end(batch.series, start)
            known = None
        if known is None:
            known = self._lasting[batch.series] = _Lasting(self._gap(batch, start, None, paused))
            self._record(known.gap)
        elif first < known.gap.start:  # rows of before, which waited in a spool
            self._record(replace(self._gap(batch, first, last, paused), rows=len(batch)))
            return
        known.left_out(batch, matches)

    def taken(self, batch: Batch) -> None:
        """Take note that nothing of a series is paused: this ends a gap of which only the device was known so far."""
        known = self._lasting.get(batch.series)
        if known is not None and not known.fields:
            self._end(batch.series, int(batch.times.min()))

    def changed(self, pauses: Pauses, now: int) -> None:
        """Close the gaps of what is archived again.

        Args:
            pauses: What is paused from now on.
            now: ns since 1970, UTC.
        """
        for series, lasting in list(self._lasting.items()):
            if not pauses.touch(series, lasting.fields):
                self._end(series, now)
            elif lasting.changed is None:
                lasting.changed = now

    def _end(self, series: SeriesKey, end: int) -> None:
        lasting = self._lasting.pop(series)
        gap = lasting.gap
        self._record(replace(gap, end=max(end, gap.start), rows=gap.rows if lasting.counted else 0))

    def _gap(self, batch: Batch, start: int, end: int | None, paused: Mapping[str, Pause]) -> Gap:
        series = batch.series
        reasons = ", ".join(dict.fromkeys(pause.reason for pause in paused.values() if pause.reason))
        some = "" if len(paused) == len(batch.fields) else f"only {', '.join(paused)}"
        detail = "; ".join(part for part in (reasons, some) if part)
        return Gap(series.device, start, end, GapCause.PAUSED, series.feed, series.block, detail=detail)
