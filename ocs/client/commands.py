"""A command of a device as a user of any client handles it."""

from __future__ import annotations

from typing import Any

from ocs.client.channel_requests import ChannelRequests
from ocs.client.flavour import Flavour
from ocs.client.signatures import signature_of
from ocs.model.address import python_name
from ocs.model.errors import ParameterError
from ocs.model.interface import OperationInterface


class ClientCommand:
    """A command; calling it carries it out and returns its result.

    Args:
        flavour: The client.
        requests: The conversations with the device.
        interface: What the device told of the command.
    """

    def __init__(self, flavour: Flavour, requests: ChannelRequests, interface: OperationInterface) -> None:
        self._flavour = flavour
        self._requests = requests
        self.interface = interface
        self.name = interface.name
        self.__name__ = python_name(interface.name)
        self.__doc__ = f"{self.signature}\n\n{interface.doc}"

    @property
    def address(self) -> str:
        """Device and command, for people."""
        return f"{self._requests.name}.{self.name}"

    @property
    def signature(self) -> str:
        """The parameters with types, units and defaults, for people."""
        return signature_of(self.name, self.interface.params)

    def __call__(self, *values: Any, **params: Any) -> Any:
        """Carry it out and return its result.

        Args:
            *values: Parameters in their declared order.
            **params: Parameters by name.

        Raises:
            OcsError: It was refused or failed, with the device's code and sentence.
        """
        given = self._named(values, params)
        return self._flavour.do(self._requests.command(self.name, given or None, self.interface.timeout_s))

    def _named(self, values: tuple[Any, ...], params: dict[str, Any]) -> dict[str, Any]:
        names = list((self.interface.params or {}).get("properties", {}))
        if len(values) > len(names):
            takes = f"takes {', '.join(names)}" if names else "takes no parameters"
            raise ParameterError(f"{self.address} {takes}; {len(values)} values were given", field=self.name)
        by_order = dict(zip(names, values, strict=False))
        doubled = by_order.keys() & params.keys()
        if doubled:
            raise ParameterError(f"{self.address} got {min(doubled)} twice, by order and by name", field=min(doubled))
        return by_order | params

    def __repr__(self) -> str:
        return f"<command {self._requests.name}.{self.signature}>"
