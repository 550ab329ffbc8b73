"""What an author writes for a transition: the work behind it, and what may forbid it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocs.model.transition import Transition

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Handlers:
    """The functions of one trigger of a device class, called with the device."""

    guard: Function | None = None
    action: Function | None = None


class Handler:
    """A function of a trigger in a class body; called on the device like any method."""

    def __init__(self, trigger: str, function: Function, *, guards: bool) -> None:
        self.trigger = trigger
        self.function = function
        self.guards = guards
        self.__doc__ = function.__doc__

    def __get__(self, device: Any, owner: type) -> Any:
        return self if device is None else self.function.__get__(device, owner)


def action(transition: Transition) -> Callable[[Function], Handler]:
    """Do the work of a transition by `function(self)`: the state changes when it has returned.

    When it raises, the device stays where it was. While it runs the device is in the transition's `during` state.
    """
    return lambda function: Handler(transition.name, function, guards=False)


def guard(transition: Transition) -> Callable[[Function], Handler]:
    """Decide by `function(self)` whether a client may have a transition now: True, or False or a sentence against."""
    return lambda function: Handler(transition.name, function, guards=True)


def handlers_of(device_class: type) -> dict[str, Handlers]:
    """Return the handlers of each trigger of a class; a sub-class may give one another body under the same name."""
    found: dict[str, Any] = {}
    for base in reversed(device_class.__mro__):
        for name, member in vars(base).items():
            known = found.get(name)
            if isinstance(known, Handler) and inspect.isfunction(member):
                found[name] = Handler(known.trigger, member, guards=known.guards)
            elif isinstance(member, Handler) or known is not None:
                found[name] = member
    return handlers_in(found)


def handlers_in(members: dict[str, Any]) -> dict[str, Handlers]:
    """Return the handlers of each trigger among members by name."""
    found: dict[str, Handlers] = {}
    for member in members.values():
        if isinstance(member, Handler):
            known = found.get(member.trigger, Handlers())
            found[member.trigger] = (
                Handlers(member.function, known.action) if member.guards else Handlers(known.guard, member.function)
            )
    return found
