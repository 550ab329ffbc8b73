"""What every device has without a word of its author: channels State and Status, commands State, Status and Init."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.author.channel import ChannelDeclaration
from ocs.agent.author.declarations import OperationDeclaration, declare
from ocs.model.channel import Access
from ocs.model.operation import Kind
from ocs.model.tango_state import TangoState
from ocs.model.valuetype import value_type


def channels_of_every_device(*, asks_hardware: bool) -> list[ChannelDeclaration]:
    """Return the declarations of State and Status.

    Args:
        asks_hardware: Whether the class wants channels with limits that are not polled to be read for it, as Tango
            does; else reading them never touches the hardware.
    """
    state = "The device's state, one of Tango's fourteen; ALARM also when a channel is beyond its limits."
    status = "How the device is, in words."
    return [
        ChannelDeclaration(
            "State", value_type(TangoState), Access.READ, {"description": state},
            reader=_fresh_state if asks_hardware else _state, inline=not asks_hardware,
        ),
        ChannelDeclaration(
            "Status", value_type(str), Access.READ, {"description": status},
            reader=lambda device: device.state.status, inline=True,
        ),
    ]  # fmt: skip


def _state(device: Any) -> TangoState:
    state: TangoState = device.state.tango
    return state


async def _fresh_state(device: Any) -> TangoState:
    await device.read_limited()
    return _state(device)


async def tell_state(self: Any) -> str:
    """Tell the device's state, one of Tango's fourteen."""
    if self.state_asks_hardware:
        await self.read_limited()
    return str(self.state.tango.name)


async def tell_status(self: Any) -> str:
    """Tell how the device is, in words."""
    return str(self.state.status)


async def init(
    self: Any,
    force: bool = False,  # noqa: FBT001, FBT002 - a parameter by name
) -> str:
    """Set the device up anew, as at the start of its agent, and tell its status; subscriptions stay.

    Args:
        force: Ask operations that run to end first; without it they make Init be refused.
    """
    done: Deferred[str] = self.hosted().init(force=force, author="agent")
    return await done


INIT_S = 60.0
"""Init answers after so many seconds at the latest; setting up goes on."""


@lru_cache(maxsize=1)
def commands_of_every_device() -> dict[str, OperationDeclaration]:
    """Return the declarations of State, Status and Init."""
    return {
        "State": declare(tell_state, Kind.COMMAND, name="State"),
        "Status": declare(tell_status, Kind.COMMAND, name="Status"),
        "Init": declare(init, Kind.COMMAND, name="Init", timeout_s=INIT_S),
    }
