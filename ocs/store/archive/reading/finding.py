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

        Raises:
            NotFoundError: A name without wildcards is none of a device, feed or field of which anything is known.
        """
        known = set(self._catalogue.series().values())
        found = list(self.meant(pattern))
        self._check_known(pattern, found)
        meant = {each.series for each in found} | {key for key in known if pattern.fits_feed(key)}
        gaps = [gap for gap in (*self._catalogue.gaps(start, end), *others) if _touches(gap, start, end)]
        concerning = (gap for gap in gaps if pattern.fits_device(gap.device) and _concerns(gap, meant, known))
        return sorted(dict.fromkeys(filter(_is_hole, concerning)))

    def _check_known(self, pattern: Pattern, found: Sequence[Meant]) -> None:
        keys = self._catalogue.series().values()
        for word in filter(lambda word: word.exact, pattern.words):
            archived = any(word.fits(each.series, field) for each in found for field in each.fields)
            if archived or any(map(word.fits_feed, keys)):
                continue
            if not any(word.fits_device(gap.device) for gap in self._catalogue.gaps()):
                raise self._not_found(word)

    def _not_found(self, word: NamePattern) -> NotFoundError:
        names = {
            f"{key.device}.{field}"
            for number, key in self._catalogue.series().items()
            for field in _fields(self._catalogue.versions(number))
        }
        if "." not in word.text:
            names |= {key.device for key in self._catalogue.series().values()}
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


def _is_hole(gap: Gap) -> bool:
    """Whether anything is missing: a gap that has no length and no rows was closed because nothing was lost."""
    return gap.end != gap.start or gap.rows > 0


def _concerns(gap: Gap, meant: AbstractSet[SeriesKey], known: AbstractSet[SeriesKey]) -> bool:
    """Whether a gap of a device that is meant is about something that is meant; what nobody knows may be."""

    def within(series: SeriesKey) -> bool:
        return (series.device, series.feed) == (gap.device, gap.feed) and gap.block in {"", series.block}

    return not gap.feed or any(map(within, meant)) or not any(map(within, known))
