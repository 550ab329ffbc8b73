"""What is called for a run: the author's function, and for a process again after the device was lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocs.agent.author.declarations import OperationDeclaration
from ocs.agent.operations.holding import Holding
from ocs.agent.operations.session import RunSession
from ocs.model.errors import DeadlineError, DeviceError, LinkLostError, NotAllowedError
from ocs.model.operation import Kind

RESUME_S = 1.0
"""A process whose device failed to answer goes on after so many seconds, at the earliest."""

DEVICE_TROUBLE = (LinkLostError, DeadlineError, DeviceError)


def make_body(
    declaration: OperationDeclaration, device: Any, session: RunSession, params: dict[str, Any], holding: Holding
) -> Callable[[], Any]:
    """Return what the thread or the task of a run calls.

    A run that begins before the device is set up waits for that, and enters its state then; one of a device that
    could not be set up fails with the reason.
    """

    def work() -> Any:
        return _work(declaration, device, session, params)

    if device.set_up.reached:
        return work

    def late_work() -> Any:
        if not device.setup_failure:
            holding.begin()
        return work()

    if not declaration.interface.blocking:
        return lambda: _after_set_up(device, late_work)

    def body() -> Any:
        device.set_up.wait()
        return late_work()

    return body


async def _after_set_up(device: Any, work: Callable[[], Any]) -> Any:
    await device.set_up.when_reached()
    return await work()


def _work(declaration: OperationDeclaration, device: Any, session: RunSession, params: dict[str, Any]) -> Any:
    if device.setup_failure:
        raise NotAllowedError(f"{device.name} could not be set up: {device.setup_failure}; mend it and ask for Init")
    function = declaration.function
    if declaration.interface.kind is not Kind.PROCESS or device.device_link is None:
        return function(device, session, **params)
    if declaration.interface.blocking:
        return _resuming(function, device, session, params)
    return _resuming_async(function, device, session, params)


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
