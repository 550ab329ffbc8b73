"""From a command line to a running agent: settings, log, reactor, signals, exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from twisted.internet.error import ReactorNotRunning
from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    formatEventAsClassicLogText,
    globalLogBeginner,
)

from ocs.agent.device import Device
from ocs.agent.operations.operation import GRACE_S
from ocs.agent.program.plugins import Devices, by_name, find_devices
from ocs.model.errors import ConfigurationError, ExitCode, OcsError
from ocs.realm.endpoint import parse_endpoint, ways_to
from ocs.realm.reactor import install, loop_of
from ocs.router.configuration import socket_path
from ocs.site import AgentSettings, agent_settings
from ocs.site.state import router_folder


def run(*device_classes: type[Device], argv: Sequence[str] | None = None) -> None:
    """Run an agent of the given device classes; the last line of an agent's file. Does not return.

    Args:
        *device_classes: The classes that its devices may have; the first is the default.
        argv: The command line; the process's own by default. `--help` tells the options.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    raise SystemExit(main(words, by_name(device_classes)).value)


def main(argv: Sequence[str], classes: Devices | None = None) -> ExitCode:
    """Run an agent until it is told to end.

    Args:
        argv: Options as of the site file's page.
        classes: Its device classes; found by the agent class of the settings by default.
    """
    if {"-h", "--help"} & set(argv):
        from ocs.agent.program.usage import usage

        print(usage(classes or {}))  # noqa: T201 - the answer to a person who asked
        return ExitCode.OK
    try:
        settings = agent_settings(_class_name(classes), argv, os.environ)
        found = classes or find_devices(settings.agent_class, settings.agent_paths)
        devices = make_devices(settings, found)
        return serve(settings, devices)
    except OcsError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - before there is a log
        return error.exit_code


def make_devices(settings: AgentSettings, classes: Devices) -> list[Device]:
    """Return the devices that the settings ask for, configured.

    Raises:
        ConfigurationError: A class or a property is unknown, or a value is wrong.
    """
    default = next(iter(classes.values()))
    devices = []
    for wanted in settings.devices:
        if wanted.class_name is not None and wanted.class_name not in classes:
            raise ConfigurationError(
                f"{settings.agent_class} has no device class {wanted.class_name}; it has {', '.join(classes)}",
                field=wanted.name, given=wanted.class_name, allowed=list(classes),
            )  # fmt: skip
        device_class = classes[wanted.class_name] if wanted.class_name else default
        options = {name: " ".join(values) if values else "true" for name, values in settings.options.items()}
        devices.append(device_class(wanted.name, {**wanted.properties, **options, **wanted.overrides}))
    return devices


def serve(
    settings: AgentSettings,
    devices: Sequence[Device],
    *,
    log: TextIO | None = None,
    grace_s: float = GRACE_S,
    give_end: Callable[[Callable[[], None]], None] = lambda _end: None,
) -> ExitCode:
    """Run an agent with these devices until a signal ends it.

    Args:
        settings: What it goes by.
        devices: Its devices.
        log: Where its log goes; stdout by default.
        grace_s: Time that runs have for their clean-up when it ends.
        give_end: Given, before the loop runs, what ends the agent as the first signal does.

    Raises:
        OcsError: It cannot start.
    """
    reactor = install()
    begin_log(settings, sys.stdout if log is None else log)
    from ocs.agent.calling.timing import Timing
    from ocs.agent.program.agent import Agent, AgentPlace

    port = parse_endpoint(settings.router_url).port
    local = socket_path(router_folder(settings.state_dir, settings.realm), port)
    place = AgentPlace(
        settings.agent_class, settings.instance_id, settings.realm, settings.address_root,
        ways_to(settings.router_url, local), settings.state_folder,
        grace_s, settings.archiver, settings.spool_max_mb,
    )  # fmt: skip
    problems: list[OcsError] = []

    def give_up(error: OcsError) -> None:
        problems.append(error)
        ending.begin()

    agent = Agent(place, devices, Timing(reactor), on_end=give_up)
    ending = _Ending(agent, reactor)
    give_end(ending.ask)
    reactor.callWhenRunning(ending.listen)
    reactor.callWhenRunning(agent.start)
    reactor.run(installSignalHandlers=False)
    if problems:
        raise problems[0]
    return ExitCode.OK


class _Ending:
    """Ends the agent at the first signal with grace, at the second at once."""

    def __init__(self, agent: Any, reactor: Any) -> None:
        self._agent = agent
        self._reactor = reactor
        self._begun = False

    def listen(self) -> None:
        loop = loop_of(self._reactor)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.begin)

    def ask(self) -> None:
        """End it with grace; nothing when it ends already."""
        if not self._begun:
            self.begin()

    def begin(self) -> None:
        if self._begun:
            try:
                self._agent.end_at_once()
            finally:
                self._stop()
            return
        self._begun = True
        ending = self._agent.end()
        ending.addErrback(lambda failure: Logger("ocs.agent").failure("the agent did not end in good order", failure))
        ending.addBoth(lambda _: self._stop())

    def _stop(self) -> None:
        with suppress(ReactorNotRunning):  # a third signal, or the end after the second one
            self._reactor.stop()


def begin_log(settings: AgentSettings, stream: TextIO) -> None:
    """Write the log to `stream`, and to `<log-dir>/<root>.<instance>.log` when the folder is there."""
    word = settings.log_level.value
    level = LogLevel.debug if word == "trace" else LogLevel.levelWithName(word)
    observers: list[Any] = [_observer(stream, level)]
    if settings.log_dir is not None and settings.log_dir.is_dir():
        name = f"{settings.address_root}.{settings.instance_id.replace('/', '%2F')}.log"
        observers.append(_observer(Path(settings.log_dir, name).open("a"), level))  # noqa: SIM115 - open for life
    globalLogBeginner.beginLoggingTo(observers, redirectStandardIO=False)


def _observer(stream: TextIO, level: Any) -> FilteringLogObserver:
    predicate = LogLevelFilterPredicate(defaultLogLevel=level)
    # The event loop's own chatter is of no use at night.
    for chatty in ("txaio", "autobahn", "twisted", "-"):
        predicate.setLogLevelForNamespace(chatty, LogLevel.warn)
    observer = FileLogObserver(stream, formatEventAsClassicLogText)
    return FilteringLogObserver(observer, [predicate])


def _class_name(classes: Devices | None) -> str | None:
    return None if not classes else next(iter(classes))
