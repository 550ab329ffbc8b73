"""What names and patterns mean in an archive: which series, which of their fields, which gaps."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ocs.model.errors import NotFoundError
from ocs.model.gap import Gap
from ocs.model.name_pattern import NamePattern, Pattern
from ocs.model.series import SeriesKey
from ocs.store.archive.catalogue.catalogue import Catalogue, Version
from ocs.store.archive.reading.selection import Selection

NEAR = 3
"""So many names are told that are like one that is not there."""


@dataclass(frozen=True, slots=True)
class Meant:
    """A series of which something is meant.

    Attributes:
        number: Its number in the catalogue.
        series: The series.
        versions: Its versions, the newest last.
        fields: Names of the fields that are meant, of any version.
    """

    number: int
    series: SeriesKey
    versions: Sequence[Version]
    fields: Sequence[str]


class Finder:
    """Finds what is meant.

    Args:
        catalogue: The archive's.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def meant(self, pattern: Pattern) -> Iterator[Meant]:
        """Yield the series of which fields are meant, in the order of their names."""
        for number, key in self._catalogue.series().items():
            if pattern.fits_device(key.device):
                versions = self._catalogue.versions(number)
                fields = pattern.fields(key, _fields(versions))
                if fields:
                    yield Meant(number, key, versions, fields)

    def selections(self, pattern: Pattern) -> list[Selection]:
        """Return what is asked of each series.

        Raises:
            NotFoundError: A name or pattern fits nothing that was ever archived; the sentence tells what is like it.
        """
        found = list(self.meant(pattern))
        for word in pattern.words:
            if not any(word.fits(each.series, field) for each in found for field in each.fields):
                raise self._not_found(word)
        return [Selection.of(each.series, each.versions, each.fields) for each in found]

    def gaps(self, pattern: Pattern, start: int | None, end: int | None, others: Iterable[Gap] = ()) -> list[Gap]:
        """Return the gaps that touch a span and concern something that is meant, the earliest first.

        Args:
            pattern: What is meant.
            start: Start of the span, ns since 1970 UTC; None for all before.
            end: Its end, ns; None for all after.
            others: Gaps that the catalogue does not know.
        """
        meant = {each.series for each in self.meant(pattern)}
        known = set(self._catalogue.series().values())
        gaps = [*self._catalogue.gaps(start, end), *(gap for gap in others if _touches(gap, start, end))]
        concerning = (gap for gap in gaps if pattern.fits_device(gap.device) and _concerns(gap, meant, known))
        return sorted(dict.fromkeys(concerning))

    def _not_found(self, word: NamePattern) -> NotFoundError:
        names = {
            f"{key.device}.{field}"
            for number, key in self._catalogue.series().items()
            for field in _fields(self._catalogue.versions(number))
        }
        if not names:
            return NotFoundError(
                f"there is no {word.text}: the archive in {self._catalogue.path.parent} is empty",
                field="channels", given=word.text,
            )  # fmt: skip
        folded = {name.casefold(): name for name in sorted(names)}
        near = [folded[name] for name in difflib.get_close_matches(word.text.casefold(), folded, n=NEAR, cutoff=0.5)]
        like = f"; like it are {', '.join(near)}" if near else ""
        return NotFoundError(
            f"nothing called {word.text} was ever archived{like}; `ocs policy` tells what is archived",
            field="channels", given=word.text, allowed=near,
        )  # fmt: skip


def _fields(versions: Sequence[Version]) -> list[str]:
    return list(dict.fromkeys(name for version in reversed(versions) for name in version.fields))


def _touches(gap: Gap, start: int | None, end: int | None) -> bool:
    return (start is None or gap.end is None or gap.end >= start) and (end is None or gap.start <= end)


def _concerns(gap: Gap, meant: AbstractSet[SeriesKey], known: AbstractSet[SeriesKey]) -> bool:
    """Whether a gap of a device that is meant is about something that is meant; what nobody knows may be."""

    def within(series: SeriesKey) -> bool:
        return (series.device, series.feed) == (gap.device, gap.feed) and gap.block in {"", series.block}

    return not gap.feed or any(map(within, meant)) or not any(map(within, known))
