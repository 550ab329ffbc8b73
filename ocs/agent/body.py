"""What is called for a run: the author's function, and for a process again after the device was lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocs.agent.declarations import OperationDeclaration
from ocs.agent.session import RunSession
from ocs.model.errors import DeadlineError, DeviceError, LinkLostError
from ocs.model.operation import Kind

RESUME_S = 1.0
"""A process whose device failed to answer goes on after so many seconds, at the earliest."""

DEVICE_TROUBLE = (LinkLostError, DeadlineError, DeviceError)


def make_body(
    declaration: OperationDeclaration, device: Any, session: RunSession, params: dict[str, Any]
) -> Callable[[], Any]:
    """Return what the thread or the task of a run calls.

    A run that begins before the device is set up waits for that.
    """
    inner = _inner(declaration, device, session, params)
    if device.set_up.reached:
        return inner
    if not declaration.interface.blocking:
        return lambda: _after_set_up(device, inner)

    def body() -> Any:
        device.set_up.wait()
        return inner()

    return body


async def _after_set_up(device: Any, inner: Callable[[], Any]) -> Any:
    await device.set_up.when_reached()
    return await inner()


def _inner(
    declaration: OperationDeclaration, device: Any, session: RunSession, params: dict[str, Any]
) -> Callable[[], Any]:
    function = declaration.function
    if declaration.interface.kind is not Kind.PROCESS or device.device_link is None:
        return lambda: function(device, session, **params)
    if declaration.interface.blocking:
        return lambda: _resuming(function, device, session, params)
    return lambda: _resuming_async(function, device, session, params)


def _resuming(function: Callable[..., Any], device: Any, session: Any, params: dict[str, Any]) -> Any:
    while True:
        try:
            return function(device, session, **params)
        except DEVICE_TROUBLE as error:
            session.trouble(f"{error.message}; going on when the device answers")
            session.pause_in_trouble(RESUME_S)
            device.link_there.wait()


async def _resuming_async(function: Callable[..., Any], device: Any, session: Any, params: dict[str, Any]) -> Any:
    while True:
        try:
            return await function(device, session, **params)
        except DEVICE_TROUBLE as error:
            session.trouble(f"{error.message}; going on when the device answers")
            await session.pause_in_trouble(RESUME_S)
            await device.link_there.when_reached()
