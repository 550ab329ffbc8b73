"""The state that a device is in while one of its operations runs: entered at the start, left at the end."""

from __future__ import annotations

from typing import Any

from ocs.agent.author.declarations import OperationDeclaration
from ocs.agent.operations.commands import check_allowed
from ocs.model.transition import State


class Holding:
    """Takes a device through the `during` and `then` states of one run; of no effect without them.

    Args:
        device: The device.
        declaration: What runs.
        author: Who started it.

    Attributes:
        during: The state that the device is in while it runs.
        before: The state that it returns to, once it has begun.
    """

    def __init__(self, device: Any, declaration: OperationDeclaration, author: str) -> None:
        self._device = device
        self._declaration = declaration
        self._author = author
        self.during = declaration.during
        self.before: State | None = None

    def begin(self) -> None:
        """Enter the state.

        Raises:
            NotAllowedError: The operation may not run in the present state.
        """
        if self._declaration.when or self._declaration.allower is not None:
            check_allowed(self._declaration, self._device, "started")
        during = self._declaration.during
        if during is not None:
            state = self._device.state
            self.before = state.current
            state.holders.append(self)
            name = self._declaration.interface.name
            state.enter(during, by=self._author, reason=f"{name} runs", held=True)

    def end(self, *, well: bool, told: str) -> None:
        """Leave the state, for `then` when the run ended well, else for the one before.

        Whoever brought the device elsewhere meanwhile, into FAULT for example, has the last word.
        """
        if self.before is None:
            return
        before, self.before = self.before, None
        state, declaration = self._device.state, self._declaration
        if self in state.holders:
            state.holders.remove(self)
        if declaration.during is None or not state.is_in(declaration.during):
            return
        after = declaration.then if well and declaration.then is not None else before
        if self._left_to_others(state.holders, declaration.during, after):
            return
        state.enter(after, by="agent", reason=f"{declaration.interface.name} {told}", free=True)

    @staticmethod
    def _left_to_others(holders: list[Holding], during: State, after: State) -> bool:
        """Leave the state to other runs that hold it too: the last of them goes where this one would have gone."""
        others = [other for other in holders if other.during is during]
        for other in others:
            if other.before is during:
                other.before = after
        return bool(others)
