"""What the channels, commands and configuration of every device class keep; a part of the contract suite."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ocs.model.channel import ChannelInterface
from ocs.model.datatype import Format
from ocs.model.errors import ErrorCode, OcsError
from ocs.model.quality import Quality
from ocs.testing.running import RunningDevice

BUILT_IN = frozenset({"State", "Status"})


class ChannelContract:
    """The tests; see `ocs.testing.contract`."""

    # -- what it tells of itself -----------------------------------------------------------------

    def test_every_channel_is_described(self, device: RunningDevice) -> None:
        """Its description is what operators read beside the value."""
        silent = [name for name, channel in device.interface.channels.items() if not channel.config.description]
        assert not silent, f"channels without doc: {', '.join(silent)}"

    def test_every_channel_of_numbers_has_a_unit(self, device: RunningDevice) -> None:
        """A float without unit is a guess; `1` says that it has none."""
        floats = {name: each for name, each in device.interface.channels.items() if each.type.dtype.floating}
        bare = [name for name, channel in floats.items() if not channel.config.unit]
        assert not bare, f"channels of floats without unit: {', '.join(bare)}"

    def test_every_command_has_help(self, device: RunningDevice) -> None:
        """Commands that a device adds by itself too."""
        silent = [name for name, command in device.interface.commands.items() if not command.doc]
        assert not silent, f"commands without help: {', '.join(silent)}"

    # -- reading ---------------------------------------------------------------------------------

    def test_every_channel_answers(self, device: RunningDevice) -> None:
        """With a value, or with a typed error of its own; one that fails hides no other."""
        readings = device.read()

        assert readings.keys() == device.interface.channels.keys()
        for name, reading in readings.items():
            known = reading.error is not None or reading.value is not None or reading.quality is Quality.INVALID
            assert known, f"{name} has neither a value nor a reason"
            assert reading.error is None or reading.error.code is not ErrorCode.INTERNAL, reading.error

    def test_a_channel_that_is_not_there_has_its_own_error(self, device: RunningDevice) -> None:
        """Beside it the others answer."""
        readings = device.read(["State", "no_such_channel"])

        assert readings["State"].error is None
        error = readings["no_such_channel"].error
        assert error is not None
        assert error.code is ErrorCode.NOT_FOUND

    def test_state_and_status_answer_in_every_way(self, device: RunningDevice) -> None:
        """As channels, as commands, and with the state chart: one value."""
        readings = device.read(["State", "Status"])
        report = device.state()

        assert readings["State"].value == device.command("State") == report.tango.name
        assert readings["Status"].value == device.command("Status") == report.status

    # -- writing ---------------------------------------------------------------------------------

    def test_what_cannot_be_written_says_so(self, device: RunningDevice) -> None:
        """A channel that is read only is refused before anything happens."""
        for name, channel in device.interface.channels.items():
            if not channel.access.writable:
                refused = device.write({name: 0})[name].error
                assert refused is not None, f"{name} took a value"
                assert refused.code in {ErrorCode.NOT_ALLOWED, ErrorCode.WRONG_TYPE, ErrorCode.OUT_OF_RANGE}

    def test_a_value_that_makes_no_sense_is_never_written(self, device: RunningDevice) -> None:
        """Wrong types, NaN, what lies beyond the limits, too many dimensions: refused, the set point stays."""
        for name, channel in device.interface.channels.items():
            if channel.access.writable:
                for value in nonsense_for(channel):
                    before = device.object.channels[name].setpoint
                    refused = device.write({name: value})[name].error
                    assert refused is not None, f"{name} took {value!r}"
                    assert refused.code is not ErrorCode.INTERNAL, refused
                    assert same(device.object.channels[name].setpoint, before), f"{name} kept {value!r}"

    def test_a_dry_check_touches_nothing(self, device: RunningDevice) -> None:
        """`check` says what a write would say, and leaves the set point."""
        for name, channel in device.interface.channels.items():
            if channel.access.writable:
                before = device.object.channels[name].setpoint
                device.write({name: middle_of(channel)}, check=True)
                assert same(device.object.channels[name].setpoint, before), f"{name} was written by a check"

    # -- commands and configuration --------------------------------------------------------------

    def test_an_unknown_command_is_refused(self, device: RunningDevice) -> None:
        """With the commands that there are."""
        with pytest.raises(OcsError) as caught:
            device.command("no_such_command")

        assert caught.value.code is ErrorCode.NOT_FOUND
        assert set(caught.value.allowed) == set(device.interface.commands)

    def test_init_sets_it_up_again(self, device: RunningDevice) -> None:
        """Any number of times; afterwards it answers as before."""
        for _ in range(2):
            device.command("Init", {"force": True})

        assert device.object.set_up.reached
        assert not device.object.setup_failure

    def test_a_pair_of_limits_that_excludes_everything_is_refused(self, device: RunningDevice) -> None:
        """And the old configuration stays."""
        for name, channel in device.interface.channels.items():
            if channel.type.dtype.numeric and name not in BUILT_IN:
                before = device.config("get", name)[name]["values"]
                with pytest.raises(OcsError) as caught:
                    device.config("set", name, {"min_alarm": 5.0, "max_alarm": 5.0})
                assert caught.value.code is ErrorCode.OUT_OF_RANGE
                assert device.config("get", name)[name]["values"] == before

    def test_a_changed_configuration_is_kept_and_can_be_reset(self, device: RunningDevice) -> None:
        """Only the difference is stored, with its source."""
        for name, channel in device.interface.channels.items():
            changed = device.config("set", name, {"label": "tried"})[name]
            assert (changed["values"]["label"], changed["sources"]["label"]) == ("tried", "device")
            reset = device.config("reset", name, ["label"])[name]
            assert reset["values"]["label"] == channel.config.label

    def test_a_kind_of_event_without_source_says_what_to_configure(self, device: RunningDevice) -> None:
        """Nobody waits for events that never come."""
        for name, told in device.config("get").items():
            for kind, why in told["events"].items():
                assert not why or name in why, f"{name}.{kind}: {why!r} does not say what it is about"

    # -- health ----------------------------------------------------------------------------------

    def test_its_health_names_each_cause(self, device: RunningDevice) -> None:
        """Level, source, since when, and a sentence for the operator."""
        device.clock.advance(2.0)

        health = device.health()

        for cause in health.causes:
            assert cause.source
            assert cause.since > 0
            assert len(cause.sentence) > len(cause.source)


def nonsense_for(channel: ChannelInterface) -> list[Any]:
    """Return values that the channel must refuse."""
    kind, config = channel.type, channel.config
    if kind.format is Format.RECORD:
        return [3, "text", [1]]
    wrong: list[Any] = [None, {"no": "value"}]
    if kind.format in {Format.SPECTRUM, Format.IMAGE}:
        return [*wrong, 3, [[[0]]]]
    if kind.dtype.floating:
        wrong += [math.nan, "text", True]
    if config.max_value is not None:
        wrong.append(config.max_value + 1)
    if config.min_value is not None:
        wrong.append(config.min_value - 1)
    if kind.labels:
        wrong += ["no such label", len(kind.labels)]
    return [*wrong, [1, 2]]


def middle_of(channel: ChannelInterface) -> Any:
    """Return a value that may fit: within the limits where there are some."""
    low, high = channel.config.min_value, channel.config.max_value
    if low is not None and high is not None:
        return (low + high) / 2 if channel.type.dtype.floating else int((low + high) / 2)
    return low if low is not None else (high if high is not None else 0)


def same(one: Any, other: Any) -> bool:
    """Whether two set points are the same, arrays included."""
    return bool(one is other or repr(one) == repr(other))
