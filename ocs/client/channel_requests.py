"""What can be asked of a device's channels, commands, state and health, as conversations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from ocs.client.readings import Reading, Written, reading_of, written_of
from ocs.client.requests import MARGIN_S, DeviceRequests, prefixed
from ocs.client.steps import CALL_TIMEOUT_S, Call, Conversation
from ocs.model.errors import ConfigurationError, NotFoundError, OcsError, OutOfRangeError
from ocs.model.event import EventKind
from ocs.model.health import Health
from ocs.wire import uris
from ocs.wire.health import decode_health
from ocs.wire.plain import plain
from ocs.wire.states import StateReport, decode_report

Names = str | Sequence[str] | None


class ChannelRequests:
    """The conversations about one device's channels, commands, state and health.

    Args:
        requests: The conversations about its operations.
    """

    def __init__(self, requests: DeviceRequests) -> None:
        self.requests = requests
        self.name = requests.name
        self.root = requests.root
        where = (self.root, self.name)
        self._read, self._write, self._config = uris.read(*where), uris.write(*where), uris.config(*where)
        self._command, self._state, self._management = uris.command(*where), uris.state(*where), uris.management(*where)

    # -- channels --------------------------------------------------------------------------------

    def read(
        self,
        names: Names = None,
        source: str = "auto",
        max_age_s: float | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Conversation[dict[str, Reading]]:
        """Return the reading of each channel; one that cannot be read has its error in it."""
        asked: dict[str, Any] = {"names": _names(names), "source": source, "columns": True}
        if max_age_s is not None:
            asked["max_age_s"] = max_age_s
        answer = yield from self._ask(Call(self._read, (), asked, timeout_s), "read")
        return {name: self._reading(name, told) for name, told in answer.items()}

    def read_one(
        self,
        channel: str,
        source: str = "auto",
        max_age_s: float | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Conversation[Reading]:
        """Return the reading of one channel, which may have an error in it."""
        answer = yield from self.read(channel, source, max_age_s, timeout_s)
        return next(iter(answer.values()))

    def recent(self, channel: str, count: int) -> Conversation[list[Reading]]:
        """Return the newest readings that the agent keeps of a channel, oldest first."""
        asked = {"names": channel, "history": count, "columns": True}
        answer = yield from self._ask(Call(self._read, (), asked), channel)
        readings = [self._reading(name, told) for name, kept in answer.items() for told in kept]
        for reading in readings:
            if isinstance(reading.error, NotFoundError):
                raise reading.error
        return readings

    def write(
        self, values: Mapping[str, Any], *, readback: bool = False, check: bool = False
    ) -> Conversation[dict[str, Written]]:
        """Write channels and return what became of each; one that was refused has its error in it."""
        refused: dict[str, Written] = {}
        good: dict[str, Any] = {}
        for name, value in values.items():
            try:
                good[name] = self._writable(name, _sent(value))
            except OcsError as error:
                refused[name] = Written(error=prefixed(error, f"{self.name}.{name}"))
        if refused and not good:
            return refused
        flags = {key: True for key, wanted in (("readback", readback), ("check", check)) if wanted}
        answer = yield from self._ask(Call(self._write, (), {"values": good, **flags}), "write")
        done = {name: written_of(told, self._unit(name), f"{self.name}.{name}") for name, told in answer.items()}
        for written in done.values():
            self._note(written.error)
        return {name: (refused | done)[name] for name in [*values, *(done.keys() - values.keys())]}

    def config(
        self, action: str = "get", channel: str | None = None, values: Any = None, scope: str = "device"
    ) -> Conversation[dict[str, dict[str, Any]]]:
        """Return, or change, the configuration of a channel, or of all."""
        asked: dict[str, Any] = {"action": action}
        if channel is not None:
            asked["channel"] = channel
        if action != "get":
            asked |= {"values": plain(_sent(values), "the configuration"), "scope": scope}
        answer = yield from self._ask(Call(self._config, (), asked), channel or "config")
        return {name: dict(told) for name, told in answer.items()}

    def check_source(self, channel: str, kind: EventKind) -> Conversation[None]:
        """Make sure that the device publishes events of this kind.

        Raises:
            ConfigurationError: It does not; the sentence tells what to configure.
        """
        answer = yield from self.config("get", channel)
        told = next(iter(answer.values()), {}).get("events", {})
        why = told.get(kind.value, "its agent does not know this kind of event")
        if why:
            sourced = [word for word, reason in told.items() if not reason]
            raise ConfigurationError(
                f"{self.name}.{channel} sends no {kind.value} events: {why}",
                field=kind.value, given=kind.value, allowed=sourced,
            )  # fmt: skip

    # -- commands, state, health -----------------------------------------------------------------

    def command(self, name: str, params: Any = None, timeout_s: float | None = None) -> Conversation[Any]:
        """Carry a command out and return its result; with its own limit in s, if it has one."""
        span = CALL_TIMEOUT_S if timeout_s is None else timeout_s + MARGIN_S
        asked = (name,) if params is None else (name, plain(_sent(params), "the parameters"))
        return (yield from self._ask(Call(self._command, asked, {}, span), name))

    def state(self, timeout_s: float = CALL_TIMEOUT_S) -> Conversation[StateReport]:
        """Return the state as it is now."""
        return self._told_state((yield from self._ask(Call(self._state, (), {}, timeout_s), "state")))

    def transition(
        self, *, trigger: str | None = None, to: str | None = None, reason: str = ""
    ) -> Conversation[StateReport]:
        """Ask for a transition, by its name or by the state to reach; return the state after it."""
        asked = {"trigger": trigger, "to": to, "reason": reason}
        call = Call(self._state, (), {key: value for key, value in asked.items() if value is not None})
        return self._told_state((yield from self._ask(call, trigger or "state")))

    def health(self) -> Conversation[Health]:
        """Return the health as it is now."""
        return decode_health((yield from self._ask(Call(self._management, ("health",)), "health")))

    # -- decoding --------------------------------------------------------------------------------

    def _ask(self, call: Call, what: str) -> Conversation[Any]:
        return (yield from self.requests.ask(call, f"{self.name}.{what}"))

    def _told_state(self, answer: Mapping[str, Any]) -> StateReport:
        report = decode_report(answer)
        self.requests.heard_of(report.epoch)
        return report

    def _reading(self, name: str, told: Mapping[str, Any]) -> Reading:
        reading = reading_of(told, self._unit(name), f"{self.name}.{name}")
        self._note(reading.error)
        return reading

    def _note(self, error: Exception | None) -> None:
        if isinstance(error, NotFoundError):
            self.requests.outdated = True

    def _writable(self, name: str, value: Any) -> Any:
        number = _not_finite(value)
        if number is not None:  # not every serialiser can carry it
            raise OutOfRangeError(f"it cannot become {number}; give a finite number", field=name, given=str(number))
        return plain(value, name)

    def _unit(self, name: str) -> str:
        channel = self.requests.interface.channels.get(name)
        return "" if channel is None else channel.config.unit


def _names(names: Names) -> str | list[str] | None:
    return names if names is None or isinstance(names, str) else list(names)


def _sent(value: Any) -> Any:
    """Return a value with the names of enum members instead of them: a channel knows its labels, not their values."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {key: _sent(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sent(item) for item in value]
    return value


def _not_finite(value: Any) -> float | None:
    """Return the first number of a value, list or array that is NaN or infinite, None where all are finite."""
    if isinstance(value, (float, np.floating)):
        return None if math.isfinite(value) else float(value)
    if isinstance(value, np.ndarray):
        bad = value[~np.isfinite(value)] if value.dtype.kind == "f" else value[:0]
        return float(bad.flat[0]) if bad.size else None
    if isinstance(value, list):
        return next((number for number in map(_not_finite, value) if number is not None), None)
    return None
