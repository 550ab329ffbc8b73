from __future__ import annotations

from typing import Any

import pytest

from ocs.agent import Device, State, StateChart, action, guard, transition
from ocs.agent.author.transitions import Handler, Handlers, handlers_in


class DoorChart(StateChart):
    CLOSED = State(tango="CLOSE", initial=True)
    OPEN = State(tango="OPEN")

    open = transition(CLOSED, OPEN)
    close = transition(OPEN, CLOSED)


class Door(Device):
    """A door."""

    chart = DoorChart

    @guard(DoorChart.open)
    def may_open(self) -> bool:
        """Whether it may."""
        return True

    @action(DoorChart.open)
    def do_open(self) -> str:
        """Open it."""
        return f"{self.name} opens"

    @action(DoorChart.close)
    async def do_close(self) -> None:
        """Close it."""


def test_a_class_knows_the_handlers_of_each_trigger() -> None:
    handlers = Door.transition_handlers

    assert set(handlers) == {"open", "close"}
    assert handlers["open"].guard is not None
    assert handlers["close"].guard is None
    assert handlers["close"].action is not None


def test_a_handler_is_called_on_the_device_like_any_method() -> None:
    assert Door("door-1").do_open() == "door-1 opens"
    assert isinstance(Door.do_open, Handler)
    assert Door.do_open.__doc__ == "Open it."


def test_the_order_of_guard_and_action_does_not_matter() -> None:
    first: dict[str, Any] = {"a": Handler("open", len, guards=True), "b": Handler("open", max, guards=False)}

    assert handlers_in(first) == handlers_in(dict(reversed(first.items()))) == {"open": Handlers(len, max)}


def test_a_sub_class_may_do_a_transition_otherwise() -> None:
    class Slow(Door):
        """A slow door."""

        @action(DoorChart.open)
        def do_open(self) -> str:
            """Open it slowly."""
            return "slowly"

    handlers = Slow.transition_handlers["open"]

    assert handlers.action is not None
    assert handlers.action(Slow("door-1")) == "slowly"
    assert handlers.guard is not None


def test_a_sub_class_may_do_it_otherwise_without_saying_for_which_trigger() -> None:
    class Slow(Door):
        """A slow door."""

        def do_open(self) -> str:
            return "slowly"

    action_of_it = Slow.transition_handlers["open"].action

    assert action_of_it is not None
    assert action_of_it(Slow("door-1")) == "slowly"


def test_a_handler_of_a_trigger_that_the_chart_does_not_have_is_refused() -> None:
    class OtherChart(StateChart):
        ON = State(initial=True)
        explode = transition(ON, StateChart.FAULT)

    with pytest.raises(TypeError, match="Wrong has a handler of explode, which its chart does not have"):

        class Wrong(Door):
            """Wrong."""

            @action(OtherChart.explode)
            def do_explode(self) -> None:
                """Do."""
