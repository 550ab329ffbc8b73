"""The walk over every state of a device class: what is allowed is told, all else refused; a part of the suite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ocs.model.errors import ErrorCode, OcsError
from ocs.model.transition import State
from ocs.testing import devices
from ocs.testing.running import RunningDevice


class StateContract:
    """The tests; see `ocs.testing.contract`."""

    def test_every_state_says_what_it_is(self, device: RunningDevice) -> None:
        """An operator sees the sentence in every display."""
        states: dict[str, State] = device.object.chart.states
        silent = [name for name, state in states.items() if not state.doc and device.object.chart.transitions]
        assert not silent, f"states without doc: {', '.join(silent)}"

    def test_in_every_state_the_allowed_triggers_are_told(self, device: RunningDevice) -> None:
        """They are those of the chart that clients may ask for."""
        for state in self._walked(device):
            expected = [
                name
                for name, transition in device.object.chart.transitions.items()
                if not name.startswith("_") and transition.path_from(state) is not None
            ]
            assert list(device.state().allowed) == expected, f"in {state.name}"

    def test_in_every_state_all_other_triggers_are_refused(self, device: RunningDevice) -> None:
        """The refusal changes nothing, and lists what is allowed."""
        for state in self._walked(device):
            allowed = device.state().allowed
            for name in device.object.chart.transitions:
                if name in allowed:
                    continue
                with pytest.raises(OcsError) as caught:
                    device.state(trigger=name)
                assert caught.value.code is ErrorCode.NOT_ALLOWED, f"{name} in {state.name}"
                assert set(caught.value.allowed) <= {*allowed, *device.object.chart.transitions}
                assert device.state().state == state.name, f"{name} was refused in {state.name}, and moved the device"

    def test_in_every_state_what_needs_another_is_refused(self, device: RunningDevice) -> None:
        """Operations, commands and channels that name their states; the refusal names this one and those."""
        for state in self._walked(device):
            for name, states, ask in requests_of(device):
                if states and not device.object.state.is_in(*states):
                    refused = ask()
                    assert refused is not None, f"{name} was taken in {state.name}"
                    assert refused.code is ErrorCode.NOT_ALLOWED, f"{name} in {state.name}: {refused}"
                    assert state.name in refused.message

    def test_a_trigger_that_does_not_exist_is_refused(self, device: RunningDevice) -> None:
        """As a name that is not found."""
        with pytest.raises(OcsError) as caught:
            device.state(trigger="no_such_trigger")

        assert caught.value.code is ErrorCode.NOT_FOUND

    def _walked(self, device: RunningDevice) -> Iterator[State]:
        """Bring the device into each state that has no children, by the device's own hand."""
        runtime, chart = device.object.state, device.object.chart
        device.object.polling.stop()
        for name, state in chart.states.items():
            if chart.children.get(name):
                continue
            runtime.enter(state, by="test", reason="walk", free=True)
            device.clock.settle()
            yield state


def requests_of(device: RunningDevice) -> Iterator[tuple[str, tuple[State, ...], Any]]:
    """Yield each request that depends on the state: its name, the states, and what asks and returns the refusal."""

    def refusal_of(function: Any, *args: Any, **kwargs: Any) -> OcsError | None:
        try:
            answer = function(*args, **kwargs)
        except OcsError as error:
            return error
        return next(iter(answer.values())).error if isinstance(answer, dict) and answer else None

    for name, operation in device.object.operations.items():
        params = devices.example_parameters(operation.interface.params)
        yield name, operation.when, lambda name=name, params=params: refusal_of(device.start, name, **params)
    for name, command in device.object.commands.items():
        params = devices.example_parameters(command.interface.params)
        yield name, command.when, lambda name=name, params=params: refusal_of(device.command, name, params)
    for name, channel in device.object.channels.items():
        yield f"{name}.read", channel.declaration.when, lambda name=name: refusal_of(device.read, [name])
