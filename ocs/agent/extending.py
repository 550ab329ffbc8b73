"""What may be added to and removed from one device while it runs: channels, operations, commands, feeds.

Whatever is added belongs to the device, not to its class: two devices of a class may have one name with two types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from typing import Any

from ocs.agent.author.channel import Channel
from ocs.agent.author.declarations import Feed, OperationDeclaration, declare, is_reactor_function
from ocs.agent.channels.runtime import ChannelRuntime
from ocs.agent.data.publishing import FeedRuntime
from ocs.agent.host import Host
from ocs.model.errors import ConfigurationError, NotAllowedError, NotFoundError
from ocs.model.feed import FeedInterface
from ocs.model.operation import Kind

BUILT_IN = frozenset({"State", "Status", "Init"})

Function = Callable[..., Any]


class Extending:
    """The part of a device that authors change while it runs; its methods may be called from any thread.

    A burst of changes makes one interface event.
    """

    name: str
    host: Host | None
    operations: dict[str, OperationDeclaration]
    _commands: dict[str, OperationDeclaration]
    _channels: dict[str, ChannelRuntime]
    feeds: dict[str, FeedRuntime]
    _added: set[tuple[str, str]]
    _renewable: set[tuple[str, str]]

    def add_task(self, name: str, function: Function, **options: Any) -> None:
        """Add a task to this one device: `function(session, **parameters)`, options as of `@task`."""
        self._add_operation(name, function, Kind.TASK, options)

    def add_process(self, name: str, function: Function, **options: Any) -> None:
        """Add a process to this one device: `function(session, **parameters)`, options as of `@process`."""
        self._add_operation(name, function, Kind.PROCESS, options)

    def add_command(self, name: str, function: Function, **options: Any) -> None:
        """Add a command to this one device: `function(**parameters)`, options as of `@command`."""
        declaration = declare(function, Kind.COMMAND, name=name, **options)
        renewed = self._check_free(name, "command")
        bound = replace(declaration, function=lambda _device, **params: function(**params))
        self._commands = {**self._commands, name: bound}  # never changed in place: the loop reads it
        self._added |= {("command", name)}
        self._tell("commands", added=name, removed=name if renewed else "")

    def add_channel(
        self, name: str, channel: Channel, *, read: Function | None = None, write: Function | None = None
    ) -> ChannelRuntime:
        """Add a channel to this one device.

        Args:
            name: Its name.
            channel: Its declaration, for this device alone.
            read: Called as `read()`; the value comes from `set` when it is left out.
            write: Called as `write(value)`.

        Returns:
            What to read, write and push with.
        """
        renewed = self._check_free(name, "channel")
        own = copy(channel)  # the same declaration may serve several channels
        own.declaration = replace(channel.declaration)
        if read is not None:
            own.read(_without_device(read))
        if write is not None:
            own.write(_without_device(write))
        own.name_it(name)
        runtime = ChannelRuntime(own.declaration, self)  # type: ignore[arg-type] # a Device is what extends this
        runtime.added = True
        runtime.take_stored()
        self._channels = {**self._channels, name: runtime}  # never changed in place: the loop goes through it
        self._added |= {("channel", name)}
        self._tell("channels", added=name, removed=name if renewed else "")
        return runtime

    def add_feed(self, name: str, **options: Any) -> FeedRuntime:
        """Add a feed to this one device and return what to publish with; options as of `Feed`."""
        feed = Feed(name=name, **options)
        feed.__set_name__(type(self), name)
        return self._feed(feed.interface)

    def remove_channel(self, name: str) -> None:
        """Take a channel from this one device.

        Raises:
            NotFoundError: It has no such channel.
            NotAllowedError: Every device has it.
        """
        self._channels = _without(self._channels, name, f"channel of {self.name}")
        self._added.discard(("channel", name))
        self._tell("channels", removed=name)

    def remove_operation(self, name: str) -> None:
        """Take a task or process from this one device; a run that is active goes on to its end.

        Raises:
            NotFoundError: It has no such operation.
        """
        self.operations = _without(self.operations, name, f"operation of {self.name}")
        if self.host is not None:
            self.host.timing.here_or_soon(self.host.remove_operation, name)
        self._tell("operations", removed=name)

    def remove_command(self, name: str) -> None:
        """Take a command from this one device.

        Raises:
            NotFoundError: It has no such command.
            NotAllowedError: Every device has it.
        """
        self._commands = _without(self._commands, name, f"command of {self.name}")
        self._added.discard(("command", name))
        self._tell("commands", removed=name)

    def hosted(self) -> Host:
        """Return the agent's services.

        Raises:
            ConfigurationError: The device is not part of an agent yet.
        """
        if self.host is None:
            raise ConfigurationError(f"{self.name} is not part of an agent yet; use setup() for this")
        return self.host

    def _add_operation(self, name: str, function: Function, kind: Kind, options: dict[str, Any]) -> None:
        ender = options.pop("aborter", None) or options.pop("stopper", None)
        declaration = declare(function, kind, name=name, **options)
        self._check_free(name, "operation")
        declaration = replace(
            declaration,
            function=_without_device(function),
            ender=_without_device(ender) if ender is not None else None,
        )
        self.operations = {**self.operations, name: declaration}
        if self.host is not None:
            self.host.add_operation(declaration)
        self._tell("operations", added=name)

    def _feed(self, interface: FeedInterface) -> FeedRuntime:
        runtime = self.hosted().make_feed(interface)
        self.feeds = {**self.feeds, interface.name: runtime}  # never changed in place: the loop goes through it
        return runtime

    def set_up_anew(self) -> None:
        """Let the next `setup` add again what was added until now."""
        self._renewable = set(self._added)

    def _check_free(self, name: str, kind: str) -> bool:
        """Make sure that something may be added under a name; return whether it takes the place of what was added."""
        if (kind, name) in self._renewable:
            self._renewable.discard((kind, name))
            return True
        known: tuple[tuple[str, Iterable[str]], ...] = (
            ("channel", self._channels), ("operation", self.operations), ("command", self._commands),
        )  # fmt: skip
        for taken_kind, taken in known:
            found = next((each for each in taken if each.casefold() == name.casefold()), None)
            if found is not None and not (kind == taken_kind == "operation" and found == name):
                raise ConfigurationError(f"{self.name} has a {taken_kind} {found} already", field=name)
        return False

    def _tell(self, kind: str, *, added: str = "", removed: str = "") -> None:
        if self.host is not None:
            self.host.timing.here_or_soon(self.host.interface_changed, kind, added, removed)


def _without(known: dict[str, Any], name: str, what: str) -> dict[str, Any]:
    if name in BUILT_IN:
        raise NotAllowedError(f"{name} cannot be removed: every device has it", field=name)
    if name not in known:
        raise NotFoundError(f"there is no {what} called {name}; there are {', '.join(known)}", field=name)
    return {key: value for key, value in known.items() if key != name}


def _without_device(function: Function) -> Function:
    """Return a function that passes over the device, async where the given one is."""
    if is_reactor_function(function):

        async def called_in_loop(_device: Any, *args: Any, **kwargs: Any) -> Any:
            return await function(*args, **kwargs)

        return called_in_loop

    def called(_device: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return called
