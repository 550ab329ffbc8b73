"""What an author writes in the body of a device class: operations, feeds, properties and the link.

A declaration is checked when the class is defined: an operation without docstring or annotations
cannot exist.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, overload

from pydantic import TypeAdapter, ValidationError

from ocs.agent.author.channel import states_of
from ocs.link import Framing, Link
from ocs.model.channel import Display
from ocs.model.errors import ConfigurationError
from ocs.model.feed import FeedInterface, check_field_name
from ocs.model.interface import OperationInterface
from ocs.model.operation import Kind
from ocs.model.parameters import Parameters, Result
from ocs.model.transition import State
from ocs.model.units import check_unit

Value = TypeVar("Value")
Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class OperationDeclaration:
    """An operation of a device class: its interface, and the functions behind it.

    Attributes:
        function: Called as `function(device, session, **parameters)`.
        ender: Called as `ender(device, session)` when the run is asked to end, beside the request itself.
        startup: Parameters with which the agent starts it by itself; None for not at all.
        when: States in which it may be started; empty for any.
        during: State that the device is in while it runs.
        then: State after it ended well; the one before it, if left out.
        allower: Called as `allower(device)`; False or a sentence refuses the start.
    """

    interface: OperationInterface
    function: Function
    parameters: Parameters | None
    result: Result
    ender: Function | None = None
    startup: Mapping[str, Any] | None = None
    when: tuple[State, ...] = ()
    during: State | None = None
    then: State | None = None
    allower: Function | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the author's function as it stands, for use inside the device."""
        return self.function(*args, **kwargs)

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name under which the class has it."""


class Operation:
    """A declared operation in a class body; `aborter` and `stopper` add a function that helps to end it."""

    def __init__(self, declaration: OperationDeclaration) -> None:
        self.declaration = declaration
        self.__doc__ = declaration.interface.doc

    @overload
    def __get__(self, device: None, owner: type) -> Operation: ...
    @overload
    def __get__(self, device: object, owner: type) -> Function: ...
    def __get__(self, device: object | None, owner: type) -> Operation | Function:
        if device is None:
            return self
        return self.declaration.function.__get__(device, owner)  # type: ignore[no-any-return] # a bound method

    def ender(self, function: Function) -> Function:
        """Have `function(self, session)` called when a run is asked to end, e.g. to stop a motion."""
        self.declaration = replace(self.declaration, ender=function)
        return function

    aborter = ender
    stopper = ender

    def allowed(self, function: Function) -> Function:
        """Ask `function(self)` before each start; it returns False or a sentence to refuse. It is quick."""
        self.declaration = replace(self.declaration, allower=function)
        return function


def is_reactor_function(function: Function) -> bool:
    """Whether `function` runs in the event loop: `async def`, or decorated with inlineCallbacks."""
    return inspect.iscoroutinefunction(function) or (
        inspect.isgeneratorfunction(inspect.unwrap(function)) and not inspect.isgeneratorfunction(function)
    )


def declare(  # noqa: PLR0913 - each is a word of a declaration, all but two with a default
    function: Function,
    kind: Kind,
    *,
    name: str | None = None,
    level: int = 1,
    abortable: bool = True,
    timeout_s: float | None = None,
    startup: bool | Mapping[str, Any] = False,
    typed: bool = True,
    doc: str | None = None,
    when: State | Sequence[State] = (),
    during: State | None = None,
    then: State | None = None,
    display: str = Display.OPERATOR.value,
) -> OperationDeclaration:
    """Make the declaration of an operation from a function.

    Raises:
        TypeError: It has no docstring, or a parameter without annotation.
        ValueError: A level or a time is out of range.
    """
    help_text = inspect.cleandoc(doc or inspect.getdoc(function) or "")
    if not help_text:
        raise TypeError(f"{function.__qualname__} needs a docstring: it is the operation's help in every client")
    if not 1 <= level <= 4:  # noqa: PLR2004 - observer .. admin
        raise ValueError(f"{function.__qualname__}: level is {level}; it must be 1 to 4")
    if timeout_s is not None and timeout_s <= 0:
        raise ValueError(f"{function.__qualname__}: timeout_s is {timeout_s:g}; it must be more than 0 s")
    parameters = Parameters(inspect.unwrap(function)) if typed else None
    result = Result(inspect.unwrap(function))
    interface = OperationInterface(
        name=name or function.__name__,
        kind=kind,
        doc=help_text,
        params=parameters.schema if parameters else None,
        result=result.schema,
        level=level,
        abortable=abortable,
        blocking=not is_reactor_function(function),
        timeout_s=timeout_s,
        when=tuple(state.name for state in states_of(when)),
        during=during.name if during is not None else "",
        display=Display(display),
    )
    started = None if startup is False else ({} if startup is True else dict(startup))
    return OperationDeclaration(
        interface, function, parameters, result, startup=started, when=states_of(when), during=during, then=then
    )


def _decorator(
    kind: Kind, function: Function | None, options: dict[str, Any]
) -> Operation | Callable[[Function], Operation]:
    def decorate(decorated: Function) -> Operation:
        return Operation(declare(decorated, kind, **options))

    return decorate if function is None else decorate(function)


@overload
def task(function: Function) -> Operation: ...
@overload
def task(
    *,
    abortable: bool = ...,
    level: int = ...,
    timeout_s: float | None = ...,
    startup: bool | Mapping[str, Any] = ...,
    when: State | Sequence[State] = ...,
    during: State | None = ...,
    then: State | None = ...,
    display: str = ...,
) -> Callable[[Function], Operation]: ...
def task(function: Function | None = None, **options: Any) -> Operation | Callable[[Function], Operation]:
    """Declare a method as a Task: it ends by itself, and may be aborted.

    Args:
        function: The method: plain, `async def` or inlineCallbacks; its first parameter is the session.
        **options: These:
        abortable: Whether clients may abort it.
        level: The level that callers need, 1 to 4.
        timeout_s: After so many seconds the agent ends it; the outcome is then timed_out.
        startup: True, or parameters, to have it started when the agent starts.
        when: State or states in which it may be started.
        during: State that the device is in while it runs; afterwards it is in the state before, or in `then`.
        then: State after it ended well.
        display: `operator` or `expert`: whom interfaces show it to.
    """
    return _decorator(Kind.TASK, function, options)


@overload
def process(function: Function) -> Operation: ...
@overload
def process(
    *,
    level: int = ...,
    startup: bool | Mapping[str, Any] = ...,
    when: State | Sequence[State] = ...,
    during: State | None = ...,
    display: str = ...,
) -> Callable[[Function], Operation]: ...
def process(function: Function | None = None, **options: Any) -> Operation | Callable[[Function], Operation]:
    """Declare a method as a Process: it runs until it is stopped.

    A lost link does not end it: it waits for the device, degraded, and its function is called again.

    Args:
        function: The method: plain, `async def` or inlineCallbacks; its first parameter is the session.
        **options: These:
        level: The level that callers need, 1 to 4.
        startup: True, or parameters, to have it started when the agent starts.
        when: State or states in which it may be started.
        during: State that the device is in while it runs.
        display: `operator` or `expert`: whom interfaces show it to.
    """
    return _decorator(Kind.PROCESS, function, options)


@overload
def command(function: Function) -> Operation: ...
@overload
def command(
    *,
    level: int = ...,
    timeout_s: float = ...,
    when: State | Sequence[State] = ...,
    display: str = ...,
) -> Callable[[Function], Operation]: ...
def command(function: Function | None = None, **options: Any) -> Operation | Callable[[Function], Operation]:
    """Declare a method as a command: typed parameters and a typed result, answered in the call, without a session.

    Args:
        function: The method, plain, `async def` or inlineCallbacks; a plain one runs among the device's handlers.
        **options: These:
        level: The level that callers need, 1 to 4.
        timeout_s: The caller is answered after so many seconds at the latest; 8 by default.
        when: State or states in which it may be called.
        display: `operator` or `expert`: whom interfaces show it to.
    """
    return _decorator(Kind.COMMAND, function, options)


class Property(Generic[Value]):
    """A configured value of a device: from the class, the site file or the command line, weak to strong.

    It is read as an attribute of the device. On the command line and in the site file's `arguments` its
    name has dashes for underscores: `--poll-period-s 2`.

    Args:
        default: The value when nothing else is configured; its type is the property's type.
        doc: What it is for.
        unit: Its unit.
        live: Whether a change takes effect at once.
        choices: The values that are allowed.
    """

    def __init__(
        self,
        default: Value,
        *,
        doc: str = "",
        unit: str = "",
        live: bool = False,
        choices: Sequence[Value] = (),
    ) -> None:
        self.default = default
        self.doc = doc
        self.unit = check_unit(unit)
        self.live = live
        self.choices = tuple(choices)
        self.name = ""
        self._adapter: TypeAdapter[Any] = TypeAdapter(str if default is None else type(default))

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, device: None, owner: type) -> Property[Value]: ...
    @overload
    def __get__(self, device: object, owner: type) -> Value: ...
    def __get__(self, device: object | None, owner: type) -> Property[Value] | Value:
        if device is None:
            return self
        value: Value = device.__dict__.get(f"property {self.name}", self.default)
        return value

    def configure(self, device: object, given: Any) -> None:
        """Set the value from a configuration.

        Raises:
            ConfigurationError: It has the wrong type or is not among the choices.
        """
        try:
            value = self._adapter.validate_python(given)
        except ValidationError as error:
            told = error.errors(include_url=False)[0]["msg"]
            raise ConfigurationError(
                f"property {self.name} is {given!r}: {told[:1].lower()}{told[1:]}", field=self.name, given=given
            ) from None
        if self.choices and value not in self.choices:
            allowed = ", ".join(str(choice) for choice in self.choices)
            raise ConfigurationError(
                f"property {self.name} is {given!r}; it must be one of {allowed}",
                field=self.name, given=given, allowed=list(self.choices),
            )  # fmt: skip
        device.__dict__[f"property {self.name}"] = value


class Feed:
    """A stream of samples that a device publishes; on the device, the object to publish with.

    Args:
        record: Whether archives keep it.
        bulk: Whether blocks also go out as columns of bytes, for data of more than some 10 kB/s.
        batch_s: Samples wait at most so long, in s, before they go out together; 0 sends each at once.
        batch_size: As many samples go out together, at the latest.
        doc: What it carries.
        name: Its name on the wire, when it is not the attribute's.
        agg_params: Words to an OCS aggregator, such as `frame_length` in s.
        tags: Words to an OCS publisher to InfluxDB, by field: `_field`, the name there, and tags of one's own.
        units: Units of its fields, by name or pattern as `*_T`, for archive and plots; the first that fits holds.

    Raises:
        ValueError: A unit is not in the table.
    """

    def __init__(
        self,
        *,
        record: bool = True,
        bulk: bool = False,
        batch_s: float = 0.0,
        batch_size: int = 1000,
        doc: str = "",
        name: str = "",
        agg_params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Mapping[str, Any]] | None = None,
        units: Mapping[str, str] | None = None,
    ) -> None:
        for unit in (units or {}).values():
            check_unit(unit)
        self._made = FeedInterface(name, record, bulk, doc, batch_s, batch_size, agg_params or {}, tags, units)

    def __set_name__(self, owner: type, name: str) -> None:
        self._made = replace(self._made, name=check_field_name(self._made.name or name))

    @property
    def interface(self) -> FeedInterface:
        """The declaration as clients see it."""
        return self._made

    def __get__(self, device: Any, owner: type) -> Any:
        return self if device is None else device.feeds[self._made.name]


@dataclass(frozen=True, slots=True)
class LinkTo:
    """The device's link: how its port is opened and its messages are told apart.

    Attributes:
        framing: Makes the framing of one link, e.g. `Lines` with the terminator of the instrument.
        baud_rate: Baud rate of a serial port.
        port: Name of the property that holds the port: `/dev/ttyUSB0`, `tcp://host:4001`, or `sim`.
        simulator: Module that `sim` starts as a process of its own.
        shared: Name of the property that holds the name of a simulator which several devices of one agent share,
            each with a connection of its own: the simulator is then told `--tcp 0` among its options. While the
            property is empty, the device has a simulator for itself.
        timeout_s: Time in which an answer must come, in s.
        options: Further arguments of `ocs.link.open_port`.
    """

    framing: Callable[[], Framing]
    baud_rate: int = 9600
    port: str = "port"
    simulator: str = ""
    shared: str = ""
    timeout_s: float = 2.0
    options: Mapping[str, Any] | None = None

    @overload
    def __get__(self, device: None, owner: type) -> LinkTo: ...
    @overload
    def __get__(self, device: object, owner: type) -> Link: ...
    def __get__(self, device: Any, owner: type) -> LinkTo | Link:
        return self if device is None else device.made_link()
