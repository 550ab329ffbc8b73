"""What the archive keeps: rules with patterns, of which the first that fits a field decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ocs.model.errors import MissingParameterError, OcsError, ParameterError, UnknownParameterError
from ocs.model.name_pattern import Pattern
from ocs.model.series import SeriesKey

MOST_RULES = 1000
"""A policy has at most so many rules: each is tried for each new field."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
"""The times of the archive, ns in 64 bits, reach back a little farther."""
Period = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class Rule(BaseModel):
    """What is kept of the fields that a pattern means; what is left out of it is not restricted.

    A row stays when one of its fields wants it: with a dead band when the value moved so far from the one kept last,
    with a period when so much time has passed since then, with both at either. A text, a truth value or a quality
    that is another one than before always counts as moved.

    Attributes:
        match: Names and patterns of `device.field`, with commas between.
        archive: Whether it is archived at all.
        dead_band: Smallest change that is worth a row, in the unit of the field.
        period_s: Longest time without a row while values come, in s; without a dead band also the shortest.
        keep_days: Rows older than so many days are deleted; at most 100 000, for ever is to leave it out.
        keep_rollup_days: Roll-ups (1 s, 1 min, 1 h) older than so many days are deleted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Annotated[str, Field(min_length=1)]
    archive: bool = True
    dead_band: Positive | None = None
    period_s: Period | None = None
    keep_days: Days | None = None
    keep_rollup_days: Days | None = None

    @property
    def thins(self) -> bool:
        """Whether it leaves rows out by their values or times."""
        return self.dead_band is not None or self.period_s is not None


KEYS = tuple(Rule.model_fields)
"""Keys of a rule, in their order."""

KEEP_ALL = Rule(match="*")
"""What holds where no rule fits."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long the data of a series stay.

    Attributes:
        days: Days that its rows stay; None for ever.
        rollup_days: Days that its roll-ups stay; None for ever.
    """

    days: float | None = None
    rollup_days: float | None = None


class Policy:
    """All rules, the first before the others.

    Args:
        rules: The rules; without any all is kept for ever.

    Attributes:
        rules: The rules.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self._patterns = tuple(Pattern(rule.match) for rule in self.rules)

    def rule_for(self, series: SeriesKey, field: str) -> tuple[int, Rule]:
        """Return the rule that decides on a field, and its number from 1; 0 and `KEEP_ALL` when none fits."""
        for number, (rule, pattern) in enumerate(zip(self.rules, self._patterns, strict=True), start=1):
            if pattern.fits(series, field):
                return number, rule
        return 0, KEEP_ALL

    def keeping(self, series: SeriesKey, fields: Iterable[str]) -> Keeping:
        """Return for how long a series stays: as long as that of its fields which stays longest."""
        found = [self.rule_for(series, field)[1] for field in fields]
        return Keeping(
            _longest([rule.keep_days for rule in found]), _longest([rule.keep_rollup_days for rule in found])
        )

    def encode(self) -> list[dict[str, Any]]:
        """Return the rules as maps, as in a site file; what a rule does not say is left out."""
        return [rule.model_dump(exclude_defaults=True) for rule in self.rules]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.rules == other.rules

    def __hash__(self) -> int:
        return hash(self.rules)


def read_policy(given: Any) -> Policy:
    """Return the policy that a list of rules stands for, each a map as in a site file.

    Raises:
        ParameterError: It is no list, or a rule cannot be used; the sentence names the rule by its number from 1.
    """
    if given is None:
        return Policy()
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Sequence):
        raise ParameterError(
            "a policy is a list of rules, each a map such as {match: thermo-1.*, dead_band: 0.01}",
            field="rules", given=str(given)[:80],
        )  # fmt: skip
    if len(given) > MOST_RULES:
        raise ParameterError(
            f"the policy has {len(given)} rules; it may have {MOST_RULES}: use patterns", field="rules",
            given=len(given), limit=MOST_RULES,
        )  # fmt: skip
    return Policy(_read_rule(number, rule) for number, rule in enumerate(given, start=1))


def _read_rule(number: int, given: Any) -> Rule:
    if isinstance(given, Rule):
        return given
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"rule {number} is {str(given)[:80]!r}; it must be a map of {', '.join(KEYS)}",
            field="rules", given=str(given)[:80],
        )  # fmt: skip
    try:
        rule = Rule.model_validate(dict(given))
        Pattern(rule.match)
    except ValidationError as error:
        raise _refusal(number, error) from None
    except ParameterError as error:
        raise ParameterError(f"rule {number}: {error.message}", field="match", given=error.given) from None
    _check_sense(number, rule)
    return rule


def _check_sense(number: int, rule: Rule) -> None:
    if not rule.archive and rule.thins:
        raise ParameterError(
            f"rule {number} archives nothing of {rule.match}, but has a dead band or a period; leave one of both out",
            field="archive", given=rule.archive,
        )  # fmt: skip


def _refusal(number: int, error: ValidationError) -> OcsError:
    first = min(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return UnknownParameterError(
            f"rule {number} has the key {key}, which rules do not have; they have {', '.join(KEYS)}",
            field=key, allowed=list(KEYS),
        )  # fmt: skip
    if first["type"] == "missing":
        return MissingParameterError(
            f"rule {number} has no {key}: write which fields it means, such as {key}: thermo-1.*", field=key
        )
    told = first["msg"][:1].lower() + first["msg"][1:]
    return ParameterError(
        f"rule {number}: {key} is {first['input']!r}; {told}", field=key, given=str(first["input"])[:80]
    )


def _longest(days: Sequence[float | None]) -> float | None:
    known = [each for each in days if each is not None]
    return max(known) if known and len(known) == len(days) else None
