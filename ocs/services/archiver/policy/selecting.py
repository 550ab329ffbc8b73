"""Applies policy and pauses to batches: which rows and fields of them stay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ocs.model.archive_policy import Policy
from ocs.model.series import Batch, Fields, SeriesKey
from ocs.services.archiver.policy.pauses import Pause, PauseGaps, Pauses
from ocs.services.archiver.policy.thinning import Thinner
from ocs.store.archive.archive import Selected


@dataclass(frozen=True, slots=True)
class _Plan:
    """What holds for a series as long as its fields and the rules stay the same.

    Attributes:
        fields: The fields that it is for.
        kept: Those that are archived.
        paused: Those that are paused.
        thinner: Picks the rows.
    """

    fields: Fields
    kept: Fields
    paused: Mapping[str, Pause]
    thinner: Thinner


class Selector:
    """Asked by the archive for each batch, in its thread; changed from any other, with effect on the next batch.

    Args:
        policy: The rules.
        pauses: What is paused.
        gaps: Keeps account of what is left out by pauses.
        on_trouble: Told in one sentence when a batch could not be judged, the first time.

    Attributes:
        failures: How many batches could not be judged, and were kept whole.
    """

    def __init__(self, policy: Policy, pauses: Pauses, gaps: PauseGaps, on_trouble: Callable[[str], None]) -> None:
        self.policy = policy
        self.pauses = pauses
        self.failures = 0
        self._gaps = gaps
        self._on_trouble = on_trouble
        self._plans: dict[SeriesKey, _Plan] = {}
        self._lock = threading.Lock()

    def change(self, policy: Policy, pauses: Pauses, now: int) -> None:
        """Go by other rules and pauses from now on (ns since 1970, UTC)."""
        with self._lock:
            self.policy, self.pauses = policy, pauses
            self._plans.clear()
            self._gaps.changed(pauses, now)

    def __call__(self, batch: Batch) -> Selected | None:
        """Return the rows of a batch that stay, None when none does; a batch that cannot be judged stays whole."""
        try:
            with self._lock:
                return self._selected(batch)
        except Exception as error:  # noqa: BLE001 - nothing that anybody sends may stop the archive
            self.failures += 1
            if self.failures == 1:
                told = f"{type(error).__name__}: {error}"
                self._on_trouble(f"the policy cannot be applied to {batch.series}, which is kept whole ({told})")
            return _all_of(batch)

    def _selected(self, batch: Batch) -> Selected | None:
        plan = self._plans.get(batch.series)
        if plan is None or plan.fields != batch.fields:
            plan = self._plans[batch.series] = self._plan(batch.series, batch.fields)
            if not plan.paused:
                self._gaps.taken(batch)
        if plan.paused:
            self._gaps.left_out(batch, plan.paused)
        if not plan.kept:
            return None
        places = plan.thinner.kept(batch)
        if places is None and len(plan.kept) == len(batch.fields):
            return _all_of(batch)
        if places is not None and not len(places):
            return None
        return _cut(batch, plan.kept, places)

    def _plan(self, series: SeriesKey, fields: Fields) -> _Plan:
        rules = {name: self.policy.rule_for(series, name)[1] for name in fields}
        wanted = {name: rule for name, rule in rules.items() if rule.archive}
        paused = {name: pause for name in wanted if (pause := self.pauses.of(series, name)) is not None}
        kept = {name: fields[name] for name in wanted if name not in paused}
        return _Plan(fields, kept, paused, Thinner({name: wanted[name] for name in kept}, kept))


def _all_of(batch: Batch) -> Selected:
    return Selected(batch, np.arange(batch.seq, batch.last + 1, dtype=np.int64))


def _cut(batch: Batch, fields: Fields, places: Any) -> Selected:
    places = np.arange(len(batch)) if places is None else places
    part = replace(
        batch, times=batch.times[places], fields=fields,
        columns={name: _picked(batch.columns[name], places) for name in fields},
        quality={name: column[places] for name, column in batch.quality.items() if name in fields},
    )  # fmt: skip
    return Selected(part, batch.seq + places.astype(np.int64))


def _picked(column: Any, places: Any) -> Any:
    return column[places] if isinstance(column, np.ndarray) else [column[place] for place in places]
