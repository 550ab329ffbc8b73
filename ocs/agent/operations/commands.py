"""Commands of a device at work: typed, allowed or not, answered in the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.agent.author.declarations import OperationDeclaration
from ocs.agent.calling.device_thread import HANDLER_S
from ocs.agent.calling.execution import run_in_loop
from ocs.agent.calling.failing import as_error
from ocs.agent.calling.permission import check_permission
from ocs.model.errors import DeadlineError, NotFoundError, ParameterError
from ocs.wire.plain import plain

if TYPE_CHECKING:
    from ocs.agent.device import Device


def check_allowed(declaration: OperationDeclaration, device: Device, verb: str) -> None:
    """Make sure that a device allows an operation now: by its state, then by the author's function.

    Raises:
        NotAllowedError: It does not; the sentence names the state and the allowed ones, or the author's reason.
    """
    name = declaration.interface.name
    device.state.require(declaration.when, name, verb)
    if declaration.allower is not None:
        check_permission(declaration.allower, name, verb, device)


class Commands:
    """The commands of one device.

    Args:
        device: The device.
    """

    def __init__(self, device: Device) -> None:
        self._device = device

    def call(self, name: Any, params: Any) -> Deferred[Any]:
        """Carry a command out and fire with its result as plain data; fails with an OcsError."""
        try:
            declaration = self._found(name)
            given = parameters_of(declaration, params)
            checked = declaration.parameters.check(given) if declaration.parameters is not None else dict(given or {})
            check_allowed(declaration, self._device, "called")
        except Exception as error:  # noqa: BLE001 - refusals, as the Deferred's failure
            return defer.fail(error)
        called = self._begin(declaration, checked)
        return called.addCallbacks(
            lambda result: plain(declaration.result.check(result), f"the result of {name}"),
            lambda failure: _raise(as_error(failure.value, str(name))),
        )

    def _found(self, name: Any) -> OperationDeclaration:
        known = self._device.commands
        if isinstance(name, str) and name in known:
            return known[name]
        folded = [each for each in known if each.casefold() == str(name).casefold()]
        if len(folded) == 1:
            return known[folded[0]]
        raise NotFoundError(
            f"{self._device.name} has no command {name!r}; it has {', '.join(known)}",
            field=str(name), allowed=list(known),
        )  # fmt: skip

    def _begin(self, declaration: OperationDeclaration, params: dict[str, Any]) -> Deferred[Any]:
        device, name = self._device, declaration.interface.name
        limit = declaration.interface.timeout_s or HANDLER_S

        def body() -> Any:
            return declaration.function(device, **params)

        if declaration.interface.blocking:
            return device.thread.run(name, body, limit)
        timing = device.hosted().timing
        called = run_in_loop(timing, body)
        return called.addTimeout(limit, timing.reactor, lambda _result, _limit: _late(name, limit))


def parameters_of(declaration: OperationDeclaration, params: Any) -> Mapping[str, Any] | None:
    """Return parameters by name, from a map, a list in the declared order, or the value of the only one.

    Raises:
        ParameterError: There are more values than parameters.
    """
    if params is None or declaration.parameters is None:
        return params if isinstance(params, Mapping) else None
    names = declaration.parameters.names
    if isinstance(params, Mapping):
        return params
    listed = isinstance(params, (list, tuple)) and not _takes_list(declaration)
    values: Sequence[Any] = params if listed else [params]
    if len(values) > len(names):
        takes = f"takes {', '.join(names)}" if names else "takes no parameters"
        raise ParameterError(f"{declaration.interface.name} {takes}; {len(values)} values were given", given=params)
    return dict(zip(names, values, strict=False))


def _takes_list(declaration: OperationDeclaration) -> bool:
    """Whether a list is the value of the only parameter."""
    properties = (declaration.interface.params or {}).get("properties", {})
    return len(properties) == 1 and next(iter(properties.values())).get("type", "array") == "array"


def _late(name: str, limit: float) -> None:
    raise DeadlineError(f"{name} has not answered within {limit:g} s", field=name)


def _raise(error: Exception) -> None:
    raise error
