"""Where an archive has its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from ocs.model.errors import ParameterError
from ocs.model.series import SeriesKey

SYNCED = ".synced"
"""Ending of the name of the file beside one of the journal that tells what was promised of it."""

_NS_PER_S = 1_000_000_000
_DIGITS = 12
_LONGEST_PART = 240
"""Bytes of a part of a path; file systems take 255."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of an archive.

    Attributes:
        folder: The folder itself.
    """

    folder: Path

    @property
    def catalogue(self) -> Path:
        """The catalogue."""
        return self.folder / "catalogue.sqlite"

    @property
    def journals(self) -> Path:
        """The folder of the journal's files."""
        return self.folder / "journal"

    @property
    def quarantine(self) -> Path:
        """The folder of what was refused."""
        return self.folder / "quarantine"

    def journal(self, number: int) -> Path:
        """Return the journal file of a number."""
        return self.journals / f"{number:0{_DIGITS}}.log"

    def journal_numbers(self) -> list[int]:
        """Return the numbers of the journal files that there are, in order."""
        return sorted(self._numbers("*.log"))

    def promised_numbers(self) -> list[int]:
        """Return the numbers of the journal files that there are or were, in order, as known by their promises."""
        return sorted({*self._numbers("*.log"), *self._numbers(f"*{SYNCED}")})

    def _numbers(self, pattern: str) -> Iterator[int]:
        names = (path.stem for path in self.journals.glob(pattern))
        return (int(name) for name in names if len(name) >= _DIGITS and name.isdecimal())

    def block(self, series: SeriesKey, day: str, serial: str) -> Path:
        """Return the file of a block.

        Args:
            series: Whose rows it has.
            day: The day, UTC, as `2026-03-01`.
            serial: What tells it from others of the same day, such as `000000000012-1`.
        """
        return self.folder / "blocks" / _folder(series) / day / f"{serial}.parquet"

    def rollup(self, series: SeriesKey, day: str, serial: str, level: str) -> Path:
        """Return the file of a roll-up; arguments as of `block`."""
        return self.folder / "rollups" / _folder(series) / day / f"{serial}.{level}.parquet"

    def series_of(self, path: Path) -> SeriesKey:
        """Return whose block or roll-up a file is.

        Raises:
            ParameterError: It is none.
        """
        try:
            _, device, name, _, _ = path.relative_to(self.folder).parts
        except ValueError:
            raise ParameterError(f"{path} is no block of the archive {self.folder}", given=str(path)) from None
        feed, dot, block = name.partition(".")
        return SeriesKey(decoded(device), decoded(feed), decoded(block if dot else feed))

    def relative(self, path: Path) -> str:
        """Return the path of a file as the catalogue has it."""
        return path.relative_to(self.folder).as_posix()


def check_name(series: SeriesKey) -> None:
    """See to it that a series can have a folder.

    Raises:
        ParameterError: Its names are too long.
    """
    for part in _folder(series).split("/"):
        if len(part) > _LONGEST_PART:
            raise ParameterError(
                f"the name {part[:40]}... has {len(part)} bytes as a file's name, of which {_LONGEST_PART} are "
                "allowed; give the device, feed or channel a shorter one",
                field="device", given=str(series)[:80], limit=_LONGEST_PART,
            )  # fmt: skip


def day_of(instant: int) -> str:
    """Return the day, UTC, of an instant in ns since 1970, as `2026-03-01`."""
    return datetime.fromtimestamp(instant // _NS_PER_S, UTC).strftime("%Y-%m-%d")


def encoded(name: str) -> str:
    """Return a name as one part of a path: what is no letter, digit, `_` or `-` is percent-encoded, a dot too."""
    return quote(name, safe="").replace(".", "%2E").replace("~", "%7E")


def decoded(part: str) -> str:
    """Return the name in a part of a path."""
    return unquote(part)


def _folder(series: SeriesKey) -> str:
    name = encoded(series.feed)
    if series.block != series.feed:
        name = f"{name}.{encoded(series.block)}"
    return f"{encoded(series.device)}/{name}"
