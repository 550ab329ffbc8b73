"""What an author writes for a channel in the body of a device class.

    temperature = Channel(Kelvin, period_s=0.5, abs_change=0.01, max_alarm=380)

    @temperature.read
    def read_temperature(self) -> float: ...

The annotation tells type, unit and limits; the options everything else. A declaration that makes no sense
is refused when the class is defined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ocs.model.channel import Access, Display, Memorized, check_channel_name
from ocs.model.datatype import DataType, Format
from ocs.model.errors import OcsError
from ocs.model.event import EventKind
from ocs.model.layered_config import LayeredConfig
from ocs.model.quality import Quality
from ocs.model.reading import Clock
from ocs.model.transition import State
from ocs.model.units import check_unit
from ocs.model.valuetype import ValueType, limits_of, unit_of, value_type

if TYPE_CHECKING:
    from ocs.agent.channels.runtime import ChannelRuntime

Function = TypeVar("Function", bound=Callable[..., Any])

DEPTH = 10
"""Readings that a channel keeps (Tango, polling: ring of ten)."""

STATE_CHANNELS = frozenset({"State", "Status"})
"""Channels that every device has; the agent itself gives them their values."""

CODE_PUSHES = frozenset({EventKind.CHANGE, EventKind.ARCHIVE, EventKind.ALARM, EventKind.USER, EventKind.DATA_READY})


@dataclass(frozen=True, slots=True)
class Sample:
    """What a reader may return instead of a bare value, to say more about it.

    Attributes:
        value: The value.
        time: Its instant, POSIX s, UTC; now, if left out.
        quality: What it is worth; by the channel's limits, if left out.
        clock: Whose clock the time is of.
        reason: Why it has this quality, in the instrument's words; a line of Status when it is ALARM or WARNING.
    """

    value: Any
    time: float | None = None
    quality: Quality | None = None
    clock: Clock = Clock.HOST
    reason: str = ""


@dataclass(slots=True)
class ChannelDeclaration:
    """A channel of a device class, as declared.

    Attributes:
        type: What values it has.
        access: Whether clients may read and write it.
        code: Configuration keys that the declaration gives.
        pushes: Kinds of event that the device's code sends by itself.
        detect: Whether the thresholds also decide on what code pushes.
        depth: Readings that it keeps.
        when: States in which it may be read; empty for any.
        write_when: States in which it may be written; empty for any.
        reader: Called as `reader(device)`.
        writer: Called as `writer(device, value)`.
        allower: Called as `allower(device, write=...)`; False or a sentence refuses.
        inline: Whether the reader is quick and runs in the event loop.
        initial: The value before anybody gave one.
    """

    name: str
    type: ValueType
    access: Access
    code: Mapping[str, Any]
    level: Display = Display.OPERATOR
    memorized: Memorized = Memorized.NO
    partner: str = ""
    feed: str = ""
    pushes: frozenset[EventKind] = frozenset()
    detect: bool = True
    depth: int = DEPTH
    when: tuple[State, ...] = ()
    write_when: tuple[State, ...] = ()
    reader: Callable[..., Any] | None = None
    writer: Callable[..., Any] | None = None
    allower: Callable[..., Any] | None = None
    inline: bool = False
    initial: Any = None

    def of_class(self, device_class: Any) -> ChannelDeclaration:
        """Return the declaration for a class, which may have given a handler of its base another body by its name."""
        return replace(
            self,
            reader=_of_class(device_class, self.reader),
            writer=_of_class(device_class, self.writer),
            allower=_of_class(device_class, self.allower),
        )

    @property
    def fed_by_code(self) -> bool:
        """Whether its values come from `set`, not from a reader."""
        return self.reader is None


class Channel:
    """A channel in a class body; on the device, the object to read, write and push with.

    Args:
        annotation: Type of the value: bool, int, float, str, bytes, NumPy's integers and floats, an Enum class,
            `TangoState`, a pydantic model or dict; `Annotated` with `Unit` and `Limits` where it is a number.
        access: `r`, `w`, `rw`, or `rww` (read with write: see `partner`); by default `rw` with a writer, else `r`.
        partner: Of a `rww` channel: the channel that holds its set point.
        label: Name for people.
        doc: What it is.
        unit: Its unit, when the annotation has none.
        format: How displays print it, printf style.
        level: `operator` or `expert`: whom interfaces show it to.
        max_x: More than 0 makes it a spectrum of at most so many elements.
        max_y: More than 0 makes it an image of at most so many rows.
        labels: The words of an enum whose values are texts.
        period_s: It is read by itself each so many seconds.
        feed: Feed in which it is published together with the others that name it.
        memorized: True keeps the set point over restarts; `init` also writes it at the start.
        settle: (tolerance, dwell in s): the value has followed the set point when it stayed so near so long.
        initial: Its value, and set point where it has one, before anybody gave it one; for channels without reader.
        pushes: Kinds of event that code sends by `push`: change, archive, alarm, user, data_ready.
        detect: Whether the thresholds decide on what code pushes; else all of it goes out.
        depth: Readings that are kept, at least 1.
        when: State or states in which it may be read.
        write_when: State or states in which it may be written.
        **code: Configuration keys: min_alarm, max_warning, abs_change, rel_change, archive_period_s ... (see
            `ocs.model.channel_config`).

    Raises:
        TypeError: The options do not fit together.
    """

    def __init__(  # noqa: PLR0913 - each is a word of a declaration, all but the first with a default
        self,
        annotation: Any,
        *,
        access: str = "",
        partner: str = "",
        label: str | None = None,
        doc: str = "",
        unit: str = "",
        format: str | None = None,  # noqa: A002 - Tango's word
        level: str = Display.OPERATOR.value,
        max_x: int = 0,
        max_y: int = 0,
        labels: Sequence[str] = (),
        period_s: float | None = None,
        feed: str = "",
        memorized: bool | str = False,
        settle: tuple[float, float] | None = None,
        initial: Any = None,
        pushes: Iterable[str] = (),
        detect: bool = True,
        depth: int = DEPTH,
        when: State | Sequence[State] = (),
        write_when: State | Sequence[State] = (),
        **code: Any,
    ) -> None:
        self._access = access
        kind = value_type(annotation, max_x=max_x, max_y=max_y, labels=labels)
        low, high = limits_of(annotation)
        tolerance, dwell_s = settle or (None, None)
        given = {
            "label": label, "description": doc, "unit": check_unit(unit or unit_of(annotation)), "format": format,
            "min_value": low, "max_value": high, "poll_period_s": period_s, "settle_tolerance": tolerance,
            "settle_dwell_s": dwell_s,
        }  # fmt: skip
        self.declaration = ChannelDeclaration(
            name="", type=kind, access=Access(access or "r"), level=Display(level), memorized=_memorized(memorized),
            code={**{key: value for key, value in given.items() if value not in {None, ""}}, **code},
            partner=partner, feed=feed, pushes=_pushes(pushes), detect=detect, depth=max(1, depth),
            when=states_of(when), write_when=states_of(write_when), initial=initial,
        )  # fmt: skip
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name under which the class has it; what makes no sense is refused by the class, in its own words."""
        self.declaration.name = name

    def name_it(self, name: str) -> None:
        """Give it its name.

        Raises:
            TypeError: The declaration makes no sense.
            ConfigurationError: A channel cannot have this name.
        """
        declared = self.declaration
        declared.name = check_channel_name(name)
        LayeredConfig(name, declared.type, declared.code)
        if declared.initial is not None:
            _check_initial(declared)
        for wrong, why in _wrong(declared):
            if wrong:
                raise TypeError(f"channel {name} {why}")

    def read(self, function: Function) -> Function:
        """Read the value by `function(self)`, plain or async; it returns the value, (value, time) or a `Sample`."""
        self.declaration.reader = function
        return function

    def write(self, function: Function) -> Function:
        """Write a checked value by `function(self, value)`, plain or async."""
        self.declaration.writer = function
        if not self._access:
            self.declaration.access = Access.READ_WRITE
        return function

    def allowed(self, function: Function) -> Function:
        """Ask `function(self, write=...)` before each access; it returns False or a sentence to refuse. It is quick."""
        self.declaration.allower = function
        return function

    @overload
    def __get__(self, device: None, owner: type) -> Channel: ...
    @overload
    def __get__(self, device: object, owner: type) -> ChannelRuntime: ...
    def __get__(self, device: Any, owner: type) -> Channel | ChannelRuntime:
        return self if device is None else device.channels[self.declaration.name]


def _of_class(device_class: type, handler: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """Return what a class calls by the name of a handler that was written in it or in a base of it."""
    name = getattr(handler, "__name__", "")
    if handler is None or not any(vars(base).get(name) is handler for base in device_class.__mro__):
        return handler
    found: Callable[..., Any] = getattr(device_class, name)
    return found


def states_of(given: State | Sequence[State]) -> tuple[State, ...]:
    """Return one state or several as a tuple."""
    return (given,) if isinstance(given, State) else tuple(given)


def _wrong(declared: ChannelDeclaration) -> list[tuple[bool, str]]:
    """Return what may be wrong with a declaration, and how to say so."""
    single, dtype = declared.type.format is Format.SCALAR, declared.type.dtype
    kept, with_write = declared.memorized is not Memorized.NO, declared.access is Access.READ_WITH_WRITE
    what = dtype.value if single else declared.type.format.value
    return [
        (bool(declared.partner) and not with_write, 'has a partner; say access="rww"'),
        (with_write and not declared.partner, "is read with write; name the channel of its set point by partner="),
        (kept and not declared.access.writable, "is memorized but cannot be written; give it a writer, or access="),
        (kept and (not single or dtype in _NEVER_KEPT), f"is a {what}; only single values are memorized, no {_NO}"),
        (bool(declared.feed) and not single, f"is a {what}; feeds of channels hold single values"),
        (bool(declared.feed) and dtype is DataType.BYTES, "is of bytes; feeds hold numbers, truth values and texts"),
    ]


_NEVER_KEPT = frozenset({DataType.BYTES, DataType.STATE})
_NO = "bytes and no state"


def _check_initial(declared: ChannelDeclaration) -> None:
    try:
        declared.initial = declared.type.check(declared.initial, declared.name)
    except OcsError as error:
        raise TypeError(f"channel {declared.name}: {error.message}") from None


def _memorized(given: bool | str) -> Memorized:  # noqa: FBT001 - one of three answers
    if given == "init":
        return Memorized.AT_INIT
    if isinstance(given, str):
        raise TypeError(f'memorized is {given!r}; it is True, False or "init"')
    return Memorized.SET_POINT if given else Memorized.NO


def _pushes(kinds: Iterable[str]) -> frozenset[EventKind]:
    try:
        pushed = frozenset(EventKind(kind) for kind in kinds)
    except ValueError as error:
        raise TypeError(f"{error}; code pushes {', '.join(sorted(kind.value for kind in CODE_PUSHES))}") from None
    if not pushed <= CODE_PUSHES:
        raise TypeError(f"code pushes {', '.join(sorted(kind.value for kind in CODE_PUSHES))} only")
    return pushed
