"""A device's link, made from its declaration and its configured port."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ocs.agent.declarations import LinkTo
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
    """Close the link of `device` and end its simulator, where it has them."""
    if device.device_link is not None:
        device.device_link.close()
    if device.simulator is not None:
        device.simulator.stop()


def _opener(port: str, declaration: LinkTo) -> Any:
    options = dict(declaration.options or {})

    def opener() -> Transport:
        return open_port(port, baud_rate=declaration.baud_rate, **options)

    return opener


def _simulated(device: Any, declaration: LinkTo, folder: Path) -> Any:
    if not declaration.simulator:
        raise ConfigurationError(f"{device.name} has no simulator; give its port, as in --port /dev/ttyUSB0")
    simulator = Simulator(declaration.simulator, device.simulator_options())
    device.simulator = simulator

    def opener() -> Transport:
        port = simulator.start(device.name, folder)
        return open_port(port, baud_rate=declaration.baud_rate, **dict(declaration.options or {}))

    return opener
