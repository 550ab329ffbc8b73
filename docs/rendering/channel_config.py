"""The page of what can be changed of a channel while its agent runs."""

from __future__ import annotations

from typing import Any

from docs.rendering.markdown import NOTE, table
from ocs.model.channel_config import CONFIG_KEYS, FASTEST_POLL_S, library_config, plain_setting
from ocs.model.config_rules import INCREASING, check_setting
from ocs.model.datatype import DataType, Format
from ocs.model.errors import ParameterError
from ocs.model.layered_config import CODE_DEFAULT, NEXT_LAYER, NOT_SPECIFIED
from ocs.model.valuetype import ValueType

LABELS = ("off", "on")
EXAMPLES: tuple[Any, ...] = (1.0, "%s", "%d", list(LABELS))
"""One of these fits each key of a channel that can have it."""


def channel_config() -> str:
    """Return the page."""
    rows = [[f"`{key}`", sentence, _default(key), _whose(key)] for key, sentence in CONFIG_KEYS.items()]
    words = [
        [f"`{NOT_SPECIFIED}`", "the library's default holds"],
        [
            f'`"{CODE_DEFAULT}"` (nothing)',
            "the declaration's value, else the library's default; never the class's",
        ],
        [f"`{NEXT_LAYER}`", "this layer says nothing more: class, else declaration, else library"],
    ]
    pairs = ", ".join(f"`{low}` and `{high}`" for low, high in INCREASING)
    return f"""# Configuration of channels

{NOTE}
What [a channel](../explanations/channels.md) has besides its type: given in its declaration, changed at run time by
`channel.configure(...)`, `ocs config` or [`R.D.config`](wire.md). Times are in s. The fastest polling is every
{FASTEST_POLL_S * 1000:g} ms. Shorter ones are refused.

{table(["key", "meaning", "library default", "channels that have it"], rows)}
Four layers say what a key is, and the nearest that says anything wins, key by key: **device**, **class**, **code**
(the declaration), **library**. A layer keeps only what would not hold without it.

{table(["instead of a value", "meaning"], words)}
A lower limit must lie below its upper one: {pairs}.
A pair that does not is refused, with all that came in the same request, and what held before holds on. Changes given as
one number count down and up; as two, down first; null or infinity for never; their sign does not matter.
"""


def _default(key: str) -> str:
    text, number, whole = (
        getattr(library_config("its name", ValueType(dtype)), key)
        for dtype in (DataType.STR, DataType.FLOAT64, DataType.INT64)
    )
    if key == "enum_labels":
        return "as declared"
    if key == "format":
        return f"`{number}` floats, `{whole}` integers, `{text}` else"
    plain = plain_setting(number)
    if plain is None:
        return NOT_SPECIFIED
    return "nothing" if plain == "" else f"{plain:g}" if isinstance(plain, float) else str(plain)


def _whose(key: str) -> str:
    having = {dtype for dtype in DataType if _has(key, dtype)}
    numbers = {dtype for dtype in DataType if dtype.numeric}
    known = {frozenset(DataType): "all", frozenset(numbers): "numbers", frozenset({DataType.ENUM}): "enums"}
    return known[frozenset(having)]


def _has(key: str, dtype: DataType) -> bool:
    labels = LABELS if dtype is DataType.ENUM else ()
    kind = ValueType(dtype, Format.RECORD if dtype is DataType.RECORD else Format.SCALAR, labels=labels)
    return any(_takes(key, value, kind) for value in EXAMPLES)


def _takes(key: str, value: Any, kind: ValueType) -> bool:
    try:
        check_setting(key, value, kind)
    except ParameterError:
        return False
    return True
