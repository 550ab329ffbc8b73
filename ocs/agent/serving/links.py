"""A device's link, made from its declaration and its configured port; simulators may be shared by several devices."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocs.agent.author.declarations import LinkTo
from ocs.link import Link, Transport, open_port
from ocs.link.simulator import Simulator
from ocs.model.errors import ConfigurationError, LinkLostError

SIMULATED = "sim"


def open_link(device: Any, declaration: LinkTo, simulators: Path) -> None:
    """Make the link of `device` and open it; a device that is not there is looked for from then on.

    Args:
        device: The device; the property that the declaration names holds its port.
        declaration: What the class declares.
        simulators: Folder in which simulators tell their ports.

    Raises:
        ConfigurationError: There is no simulator, or devices that share one want it to be different.
    """
    port = str(getattr(device, declaration.port))
    opener = _simulated(device, declaration, simulators) if port == SIMULATED else _opener(port, declaration)
    link = Link(
        opener,
        declaration.framing(),
        name=f"{device.name} on {port}",
        timeout_s=declaration.timeout_s,
        verify=lambda _link: device.check_link(),
        on_change=device.link_changed,
    )
    device.device_link = link
    try:
        link.open()
    except LinkLostError as error:
        device.log.warn("{reason}", reason=error.message)


def close_link(device: Any) -> None:
    """Close the link of `device` and end its simulator, where it has them and no other device needs it."""
    if device.device_link is not None:
        device.device_link.close()
    if device.simulator is not None and _is_last(device):
        device.simulator.stop()


def simulator_name(device: Any, declaration: LinkTo) -> str:
    """Return the name of a device's simulator in its folder: the shared one's, else that of the device."""
    shared = str(getattr(device, declaration.shared)) if declaration.shared else ""
    return shared or str(device.name)


def _opener(port: str, declaration: LinkTo) -> Any:
    options = dict(declaration.options or {})

    def opener() -> Transport:
        return open_port(port, baud_rate=declaration.baud_rate, **options)

    return opener


def _simulated(device: Any, declaration: LinkTo, folder: Path) -> Any:
    if not declaration.simulator:
        raise ConfigurationError(f"{device.name} has no simulator; give its port, as in --port /dev/ttyUSB0")
    name = simulator_name(device, declaration)
    if declaration.shared:
        simulator = _share(device, declaration.simulator, folder, name)
    else:
        simulator = Simulator(declaration.simulator, device.simulator_options())
    device.simulator = simulator

    def opener() -> Transport:
        port = simulator.start(name, folder)
        return open_port(port, baud_rate=declaration.baud_rate, **dict(declaration.options or {}))

    return opener


# -- shared simulators ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shared:
    """A simulator of this process with the devices that use it, in the order in which they came."""

    simulator: Simulator
    options: list[str]
    users: list[Any]


_SHARED: dict[tuple[str, Path, str], _Shared] = {}
"""By module, folder and name; the process is what they are shared in."""

_LOCK = threading.Lock()


def _share(device: Any, module: str, folder: Path, name: str) -> Simulator:
    options = list(device.simulator_options())
    with _LOCK:
        shared = _SHARED.setdefault((module, folder, name), _Shared(Simulator(module, options), options, []))
        if shared.options != options:
            other = shared.users[0].name
            raise ConfigurationError(
                f"{device.name} wants the simulator '{name}' with the options {options or 'none'}, but {other} shares"
                f" it with {shared.options or 'none'}; give both the same, or name another simulator",
                given=options, allowed=shared.options,
            )  # fmt: skip
        shared.users.append(device)
    return shared.simulator


def _is_last(device: Any) -> bool:
    """Take note that a device needs its simulator no more; return whether nobody does now."""
    with _LOCK:
        for key, shared in list(_SHARED.items()):
            if shared.simulator is device.simulator:
                shared.users[:] = [user for user in shared.users if user is not device]
                if shared.users:
                    return False
                del _SHARED[key]
    return True
