"""Which fields of which devices are meant: names and patterns, as archive, history and policies read them.

A field is called `device.field`, in full `device.feed.field`, fuller still `device.feed.block.field`; the device's
own name has `/` between its elements. The wildcards are those of the archive of the Keck telescopes' tops.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ocs.model.errors import ParameterError
from ocs.model.series import SeriesKey

ELEMENT = r"[^/.]"


@dataclass(frozen=True, slots=True)
class NamePattern:
    """One name or pattern; several are a `Pattern`.

    Attributes:
        text: As it was written.
        device: Fits the whole name of a device.
        field: Fits what follows the device: `field`, `feed.field` or `feed.block.field`.
    """

    text: str
    device: re.Pattern[str]
    field: re.Pattern[str]

    @property
    def exact(self) -> bool:
        """Whether it has no wildcards, so that somebody expects that what it names is there."""
        return not {"*", "?"} & set(self.text)

    def fits(self, series: SeriesKey, field: str) -> bool:
        """Whether it means this field."""
        return self.fits_device(series.device) and self.fits_field(series, field)

    def fits_device(self, device: str) -> bool:
        """Whether it means something of this device."""
        return self.device.fullmatch(device) is not None

    def fits_field(self, series: SeriesKey, field: str) -> bool:
        """Whether it means this field, if it means the device."""
        forms = (field, f"{series.feed}.{field}", f"{series.feed}.{series.block}.{field}")
        return any(self.field.fullmatch(form) for form in forms)

    def fits_feed(self, series: SeriesKey) -> bool:
        """Whether it means all of the feed of a series, or all of its block."""
        forms = (series.feed, f"{series.feed}.{series.block}")
        return self.fits_device(series.device) and any(self.field.fullmatch(form) for form in forms)


class Pattern:
    """Names and patterns of which at least one must fit.

    `*` alone between separators stands for one or more elements; `*` and `?` inside an element for any signs, and for
    one sign. A comma means or. Nobody looks at case. A device alone means all of its fields, `*` everything.

    Args:
        given: A name, a pattern, several with commas between, or a sequence of such.

    Attributes:
        words: Each name and pattern.

    Raises:
        ParameterError: There is none, or it is no text.
    """

    def __init__(self, given: str | Sequence[str]) -> None:
        texts = (given,) if isinstance(given, str) else given
        if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
            raise _nameless(given)
        split = (word.strip() for text in texts for word in text.split(","))
        self.words = tuple(_read(word) for word in dict.fromkeys(split) if word)
        if not self.words:
            raise _nameless(given)

    def fits(self, series: SeriesKey, field: str) -> bool:
        """Whether a field of a series is meant."""
        return any(word.fits(series, field) for word in self.words)

    def fits_device(self, device: str) -> bool:
        """Whether the device, or any of its fields, is meant."""
        return any(word.fits_device(device) for word in self.words)

    def fits_feed(self, series: SeriesKey) -> bool:
        """Whether all of the feed of a series, or of its block, is meant."""
        return any(word.fits_feed(series) for word in self.words)

    def fields(self, series: SeriesKey, fields: Sequence[str]) -> list[str]:
        """Return those of the fields of a series that are meant, in their order."""
        words = [word for word in self.words if word.fits_device(series.device)]
        return [field for field in fields if any(word.fits_field(series, field) for word in words)]

    def __str__(self) -> str:
        return ", ".join(word.text for word in self.words)

    def __repr__(self) -> str:
        return f"Pattern({str(self)!r})"


def _nameless(given: object) -> ParameterError:
    if isinstance(given, (list, tuple)) and len(given) == 1:
        given = given[0]
    return ParameterError(
        f"{given!r} names no channels; give a name such as thermo-1.temperature, a pattern such as *.temperature, or "
        "a list of them",
        field="channels", given=repr(given),
    )  # fmt: skip


def _read(text: str) -> NamePattern:
    device, dot, field = text.partition(".")
    return NamePattern(text, _compiled(device, "/"), _compiled(field if dot else "*", "."))


def _compiled(text: str, separator: str) -> re.Pattern[str]:
    parts = [_element(part, re.escape(separator)) for part in text.split(separator)]
    return re.compile(re.escape(separator).join(parts), re.IGNORECASE)


def _element(text: str, separator: str) -> str:
    if text == "*":
        return f"{ELEMENT}+(?:{separator}{ELEMENT}+)*"
    first, *rest = (_signs(part) for part in re.sub(r"\*+", "*", text).split("*"))
    if not rest:
        return first
    # All stars but the last take as little as they can and never try again, so that no pattern takes long.
    return first + "".join(f"(?>{ELEMENT}*?{part})" for part in rest[:-1]) + f"{ELEMENT}*{rest[-1]}"


def _signs(text: str) -> str:
    return "".join(ELEMENT if sign == "?" else re.escape(sign) for sign in text)
