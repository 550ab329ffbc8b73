"""What every device class keeps, whatever it controls; to be inherited by a test of your own.

    from ocs.testing.contract import DeviceContract

    @pytest.mark.parametrize("device_class", [Oven, Stage])
    class TestDevices(DeviceContract):
        pass

A device with a link is tried on its simulator, so it needs one.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any, ClassVar

import pytest

from ocs.agent.device import Device
from ocs.agent.serving.links import simulator_name
from ocs.link.simulator import ask_control
from ocs.model.errors import ErrorCode, OcsError, ParameterError, UnknownParameterError
from ocs.model.interface import DeviceInterface
from ocs.model.operation import Kind, Status
from ocs.testing import devices
from ocs.testing.channel_contract import ChannelContract
from ocs.testing.memory_codec import Codec, through
from ocs.testing.running import LONGEST_S, RunningDevice, Site
from ocs.testing.state_contract import StateContract
from ocs.wire import describe

SMALL = 32_000
"""Bytes that the replies have at most which plain wampy clients read (architecture, section 2)."""

NAME = "tried-1"
_HEAVY = ("twisted.internet.reactor", "gevent", "eventlet", "wampy")
_SILENT = f"""
import importlib, sys
importlib.import_module(sys.argv[1])
print(*(name for name in {_HEAVY!r} if name in sys.modules))
"""


class DeviceContract(ChannelContract, StateContract):
    """The tests; `device_class` is parametrised by the class that inherits.

    Attributes:
        properties: Properties with which devices are made, besides their defaults.
        untried: Operations that tests must not start, because of what they do to the machine.
    """

    properties: ClassVar[dict[str, Any]] = {}
    untried: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture
    def device(self, device_class: type[Device], memory_site: Site) -> RunningDevice:
        """Give the device at work, set up."""
        memory_site.start(device_class(NAME, self.properties))
        return memory_site.device(NAME)

    # -- what it tells of itself -----------------------------------------------------------------

    def test_it_says_what_it_is(self, device_class: type[Device]) -> None:
        """A user sees the class's docstring in every list."""
        assert device_class.doc(), f"{device_class.__name__} needs a docstring"

    def test_every_parameter_is_described(self, device_class: type[Device]) -> None:
        """The `Args:` of an operation's docstring are its help in every client."""
        silent = [
            f"{op}.{name}"
            for op, declaration in device_class.declared_operations.items()
            for name, entry in devices.entries_of(declaration.interface.params).items()
            if not entry.get("description")
        ]
        assert not silent, f"parameters without a line in `Args:`: {', '.join(silent)}"

    def test_every_number_has_a_unit(self, device_class: type[Device]) -> None:
        """A float without `Unit` is a guess; `Unit("1")` says that it has none."""
        bare = [
            f"{op}.{name}"
            for op, declaration in device_class.declared_operations.items()
            for name, entry in devices.entries_of(declaration.interface.params).items()
            if not devices.has_unit(entry)
        ]
        assert not bare, f"floats without Unit: {', '.join(bare)}"

    def test_every_operation_has_help(self, device: RunningDevice) -> None:
        """Operations that a device adds by itself too."""
        silent = [name for name, operation in device.interface.operations.items() if not operation.doc]
        assert not silent, f"operations without help: {', '.join(silent)}"

    def test_every_feed_is_described(self, device: RunningDevice) -> None:
        """Feeds that a device adds by itself too."""
        silent = [name for name, feed in device.interface.feeds.items() if not feed.doc]
        assert not silent, f"feeds without doc: {', '.join(silent)}"

    def test_every_property_is_described(self, device_class: type[Device]) -> None:
        """Its doc is the help of the option."""
        silent = [name for name, declared in device_class.declared_properties.items() if not declared.doc]
        assert not silent, f"properties without doc: {', '.join(silent)}"

    def test_a_link_has_a_simulator(self, device_class: type[Device]) -> None:
        """Nobody should need the instrument to try the agent."""
        assert all(declared.simulator for declared in device_class.declared_links)

    def test_importing_it_is_silent(self, device_class: type[Device]) -> None:
        """An import starts nothing, prints nothing, and loads no reactor."""
        command = [sys.executable, "-W", "error", "-c", _SILENT, device_class.__module__]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
        assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")

    # -- on the wire -----------------------------------------------------------------------------

    @pytest.mark.parametrize("codec", list(Codec))
    def test_its_interface_survives_the_wire(self, device: RunningDevice, codec: Codec) -> None:
        """What a client decodes is what the device declares."""
        declared: DeviceInterface = device.site.agents[0].members[0].interface

        decoded = describe.decode_interface(through(codec, describe.encode_interface(declared)))

        assert decoded.identity == declared.identity
        assert dict(decoded.operations) == dict(declared.operations)
        assert list(decoded.feeds) == list(declared.feeds)
        assert dict(decoded.channels) == dict(declared.channels)
        assert dict(decoded.commands) == dict(declared.commands)
        assert decoded.chart == declared.chart

    def test_its_replies_are_small(self, device: RunningDevice) -> None:
        """A plain wampy client reads no longer ones; sessions of all operations included."""
        for op in self._tried(device):
            self._start(device, op)
            device.clock.advance(2.0)
            self._end(device, op)
        device.site.router.largest_message = 0

        device.query("get_api")
        for op in device.interface.operations:
            device.request("status", op)

        assert device.site.router.largest_message < SMALL

    def test_an_unknown_parameter_is_refused(self, device: RunningDevice) -> None:
        """A misspelt name must not be dropped in silence."""
        for op, operation in device.interface.operations.items():
            if operation.params is not None:
                self._end(device, op)
                with pytest.raises(UnknownParameterError):
                    device.start(op, **devices.example_parameters(operation.params), no_such_parameter=1)

    def test_a_value_of_the_wrong_type_is_refused(self, device: RunningDevice) -> None:
        """Before anything starts."""
        for op, operation in device.interface.operations.items():
            self._end(device, op)
            for name, entry in devices.entries_of(operation.params).items():
                given = {**devices.example_parameters(operation.params), name: devices.wrong_value(entry)}
                with pytest.raises(ParameterError):
                    device.start(op, **given)

    # -- at work ---------------------------------------------------------------------------------

    def test_operations_start_and_end_again_and_again(self, device: RunningDevice) -> None:
        """Each ends within its grace when it is asked to, at once or later, and can be started anew."""
        for op in self._tried(device):
            for moment_s in (0.0, 1.0):
                self._start(device, op)
                device.clock.advance(moment_s)
                session = self._end(device, op)
                assert session.status is Status.DONE, f"{op} does not end: {session.stuck or session.status}"

    def test_what_does_not_run_cannot_be_ended(self, device: RunningDevice) -> None:
        """It says so, with the code that belongs to it."""
        for op, operation in device.interface.operations.items():
            self._end(device, op)
            if operation.kind is Kind.PROCESS or operation.abortable:
                with pytest.raises(OcsError) as caught:
                    device.end(op)
                assert caught.value.code is ErrorCode.NOT_RUNNING

    def test_it_survives_the_loss_of_the_router(self, device: RunningDevice) -> None:
        """Its operations go on, and it is back within seconds of the router's return."""
        running = [op for op in self._tried(device) if device.interface.operations[op].kind is Kind.PROCESS]
        for op in running:
            self._start(device, op)
        before = {op: device.status(op).run_id for op in running if not device.status(op).ended}

        device.site.router.stop()
        device.clock.advance(10.0)
        device.site.router.start()
        device.clock.advance(4.0)

        assert {op: device.status(op).run_id for op in before} == before

    def test_it_survives_the_loss_of_its_link(self, device: RunningDevice) -> None:
        """Its processes are degraded while the instrument is away, and go on when it is back; tasks tell why."""
        if not device.object.declared_links:
            return
        folder = device.site.folder / "simulators"
        simulator = simulator_name(device.object, device.object.declared_links[0])
        processes = [op for op in self._tried(device) if device.interface.operations[op].kind is Kind.PROCESS]
        for op in processes:
            self._start(device, op)
        device.clock.advance(2.0)

        ask_control(folder, simulator, {"unplug": None}, 10.0)
        for op in processes:
            device.clock.run_until(lambda op=op: device.status(op).degraded, LONGEST_S)  # type: ignore[misc] # bound
        ask_control(folder, simulator, {"plug": True}, 10.0)

        for op in processes:
            device.clock.run_until(lambda op=op: not device.status(op).degraded, LONGEST_S)  # type: ignore[misc] # bound
            assert device.status(op).status is Status.RUNNING

    # -- pieces ----------------------------------------------------------------------------------

    def _tried(self, device: RunningDevice) -> list[str]:
        return [op for op in device.interface.operations if op not in self.untried]

    def _start(self, device: RunningDevice, op: str) -> None:
        if device.query("history", op) and not device.status(op).ended:
            return
        when = device.object.operations[op].when
        if when and not device.object.state.is_in(*when):
            device.object.state.enter(when[0], by="test", reason=f"for {op}", free=True)
        device.start(op, **devices.example_parameters(device.interface.operations[op].params))

    def _end(self, device: RunningDevice, op: str) -> Any:
        if device.query("history", op) and not device.status(op).ended:
            operation = device.interface.operations[op]
            if operation.kind is Kind.PROCESS or operation.abortable:
                return device.end(op)
            return device.wait(op)
        return device.status(op) if device.query("history", op) else None
