"""Commands: typed, allowed or not, with results and errors in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from ocs.agent import Device, DeviceError, Limits, State, StateChart, Unit, command, transition
from ocs.agent.author.declarations import declare
from ocs.agent.operations.commands import parameters_of
from ocs.model.errors import DeadlineError, ErrorCode, NotAllowedError, NotFoundError, OcsError, ParameterError
from ocs.model.operation import Kind
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]
Volt = Annotated[float, Unit("V"), Limits(0, 30)]


class Chart(StateChart):
    OFF = State(tango="OFF", initial=True)
    ON = State(tango="ON")
    switch_on = transition(OFF, ON)


class Psu(Device):
    """A power supply."""

    chart = Chart
    door: Any = True
    called: tuple[Any, ...] = ()

    @command(when=Chart.ON, display="expert")
    def calibrate(self, value: Volt, steps: int = 1) -> Volt:
        """Calibrate.

        Args:
            value: To what.
            steps: In how many.
        """
        self.called = (*self.called, (value, steps))
        return value

    @command
    def total(self, values: list[float]) -> float:
        """Add up.

        Args:
            values: Of what.
        """
        return sum(values)

    @command
    async def later(self, seconds: float = 0.5) -> str:
        """Answer later.

        Args:
            seconds: When.
        """
        await asyncio.sleep(seconds)
        return "done"

    @command(timeout_s=2.0)
    def long(self) -> None:
        """Take too long."""
        self.hosted().timing.sleep(5.0)

    @command
    def wrong(self) -> int:
        """Return something else than declared."""
        return "seven"  # type: ignore[return-value] # on purpose

    @command
    def odd(self) -> object:
        """Return what cannot be sent."""
        return object()

    @command
    def fail(self, how: str) -> None:
        """Fail.

        Args:
            how: In which way.
        """
        if how == "device":
            raise DeviceError("the fuse is gone; replace it", field="fuse")
        raise ZeroDivisionError(how)

    @command
    def guarded(self) -> str:
        """Ask first."""
        return "ran"

    @guarded.allowed
    def may_run(self) -> Any:
        if isinstance(self.door, Exception):
            raise self.door
        return self.door


@pytest.fixture
def psu(panel_of: PanelOf) -> Panel:
    return panel_of(Psu, "psu")


@pytest.mark.parametrize(
    ("params", "called"),
    [
        ({"value": 3.0}, (3.0, 1)),
        ({"value": 3, "steps": 2}, (3.0, 2)),
        ([3.0, 2], (3.0, 2)),
        ([3.0], (3.0, 1)),
        (3.0, (3.0, 1)),
    ],
)
def test_parameters_come_as_a_map_a_list_or_one_value(psu: Panel, params: Any, called: tuple[float, int]) -> None:
    psu.state(trigger="switch_on")

    assert psu.command("calibrate", params) == called[0]
    assert psu.device.called == (called,)


@pytest.mark.parametrize("params", [{"values": [1.0, 2.0]}, [1.0, 2.0]])
def test_a_list_may_be_the_value_of_the_only_parameter(psu: Panel, params: Any) -> None:
    assert psu.command("total", params) == 3.0


@pytest.mark.parametrize(
    ("name", "params", "code", "words"),
    [
        ("calibrate", {"value": 31.0}, ErrorCode.OUT_OF_RANGE, "30"),
        ("calibrate", {"value": "warm"}, ErrorCode.WRONG_TYPE, "warm"),
        ("calibrate", {}, ErrorCode.MISSING_PARAMETER, "value"),
        ("calibrate", None, ErrorCode.MISSING_PARAMETER, "value"),
        ("calibrate", {"value": 3.0, "size": 1}, ErrorCode.UNKNOWN_PARAMETER, "size"),
        ("calibrate", [3.0, 1, 2], ErrorCode.WRONG_TYPE, "calibrate takes value, steps; 3 values were given"),
        ("guarded", [1], ErrorCode.WRONG_TYPE, "guarded takes no parameters; 1 values were given"),
        ("calibrat", {}, ErrorCode.NOT_FOUND, "psu has no command 'calibrat'; it has State, Status, Init"),
        (None, None, ErrorCode.NOT_FOUND, "no command None"),
        (["State"], None, ErrorCode.NOT_FOUND, "no command"),
        ({"a": 1}, None, ErrorCode.NOT_FOUND, "no command"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_called(
    psu: Panel, name: Any, params: Any, code: ErrorCode, words: str
) -> None:
    psu.state(trigger="switch_on")

    with pytest.raises(OcsError) as caught:
        psu.command(name, params)

    assert caught.value.code is code
    assert words in caught.value.message
    assert psu.device.called == ()


def test_names_of_commands_do_not_look_at_case(psu: Panel) -> None:
    assert psu.command("state") == psu.command("STATE") == "OFF"


def test_a_state_forbids_a_command_and_the_refusal_names_it_and_the_allowed_ones(psu: Panel) -> None:
    with pytest.raises(NotAllowedError) as caught:
        psu.command("calibrate", 3.0)

    assert caught.value.message == "calibrate cannot be called while psu is in OFF; it can in ON"
    assert (caught.value.given, caught.value.allowed) == ("OFF", ["ON"])
    assert psu.device.called == ()


@pytest.mark.parametrize(
    ("door", "words"),
    [
        (False, "guarded cannot be called: the device does not allow it now"),
        ("the door is open; close it", "guarded cannot be called: the door is open; close it"),
        (KeyError("door"), "the check of guarded failed with KeyError"),
    ],
)
def test_the_devices_own_check_refuses(psu: Panel, door: Any, words: str) -> None:
    psu.device.door = door

    with pytest.raises(OcsError) as caught:
        psu.command("guarded")

    assert words in caught.value.message


def test_async_commands_answer_when_they_are_done(psu: Panel) -> None:
    began = psu.clock.now

    assert psu.command("later") == "done"
    assert psu.clock.now - began == pytest.approx(0.5)


@pytest.mark.parametrize(("name", "params", "seconds"), [("long", None, 2.0), ("later", 100.0, 8.0)])
def test_a_command_that_takes_too_long_is_answered_at_its_deadline(
    psu: Panel, name: str, params: Any, seconds: float
) -> None:
    began = psu.clock.now

    with pytest.raises(DeadlineError, match=f"{name} .*has not answered within {seconds:g} s"):
        psu.command(name, params)

    assert psu.clock.now - began == pytest.approx(seconds)
    psu.clock.advance(10.0)
    assert psu.command("State") == "OFF"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong", "the result is 'seven', but the operation declares another type"),
        ("odd", "object; only numbers, texts, lists, maps, bytes and arrays"),
    ],
)
def test_a_result_that_is_not_as_declared_is_a_named_error(psu: Panel, name: str, words: str) -> None:
    with pytest.raises(OcsError) as caught:
        psu.command(name)

    assert caught.value.code is not ErrorCode.INTERNAL
    assert words in caught.value.message
    assert psu.command("State") == "OFF"


def test_an_error_of_the_device_reaches_the_caller_as_it_is(psu: Panel) -> None:
    with pytest.raises(DeviceError) as caught:
        psu.command("fail", "device")

    assert (caught.value.message, caught.value.field) == ("the fuse is gone; replace it", "fuse")


def test_any_other_exception_tells_type_text_and_place(psu: Panel) -> None:
    with pytest.raises(OcsError) as caught:
        psu.command("fail", "by zero")

    assert caught.value.code is ErrorCode.FAILED
    assert "fail failed with ZeroDivisionError: by zero in fail (test_commands.py:" in caught.value.message


def test_a_command_is_described_with_types_units_states_and_display_level(psu: Panel) -> None:
    told = psu.query("describe")["commands"]["calibrate"]

    assert told["params"]["properties"]["value"]["unit"] == "V"
    assert told["params"]["properties"]["value"]["description"] == "To what."
    assert told["result"]["unit"] == "V"
    assert (told["when"], told["display"]) == (["ON"], "expert")


def free(anything: Any = None) -> None:
    """Take anything.

    Args:
        anything: What.
    """


def test_one_value_for_the_only_parameter_may_be_anything() -> None:
    declaration = declare(free, Kind.COMMAND)

    assert parameters_of(declaration, [1, 2]) == {"anything": [1, 2]}
    assert parameters_of(declaration, 5) == {"anything": 5}


def test_too_many_values_are_refused() -> None:
    with pytest.raises(ParameterError, match="calibrate takes value, steps; 3 values were given"):
        parameters_of(Psu.declared_commands["calibrate"], [1, 2, 3])


def test_a_command_of_another_device_is_not_found(psu: Panel) -> None:
    with pytest.raises(NotFoundError):
        psu.command("devices")
