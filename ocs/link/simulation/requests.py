"""What the control port can be asked: one JSON object in, one out; bad input never ends anything."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from ocs.link.simulation.bench import Bench, Later, Power
from ocs.link.simulation.faults import LATE_S, Fault
from ocs.link.simulation.instrument import Monotonic
from ocs.link.simulation.ports import Port
from ocs.model.errors import NotFoundError, OcsError, ParameterError

Request = dict[str, Any]

Kind = TypeVar("Kind", bound=Enum)

DONE: Request = {"ok": True}


class ControlRequests:
    """Answers the control requests of one simulator.

    Args:
        bench: The instrument and what surrounds it.
        port: The cable.
        monotonic: The clock.
        later: Calls back at a time of this clock.
    """

    def __init__(self, bench: Bench, port: Port, *, monotonic: Monotonic, later: Later) -> None:
        self._bench = bench
        self._port = port
        self._monotonic = monotonic
        self._later = later
        self._pulls = 0
        self._verbs: dict[str, Callable[[Request], Request]] = {
            "get": self._get,
            "set": self._set,
            "fault": self._fault,
            "power": self._power,
            "unplug": self._unplug,
            "plug": self._plug,
        }

    def answer(self, line: bytes) -> bytes:
        """Return the answer to one line, with its line end."""
        try:
            reply = self._obey(json.loads(line))
        except OcsError as error:
            reply = {"error": error.message}
        except ValueError as error:
            reply = {"error": f"{line[:80]!r} is no JSON: {error}"}
        except Exception as error:  # noqa: BLE001 - the world goes on when an instrument's author erred
            reply = {"error": f"{type(error).__name__}: {error}"}
        return json.dumps(reply).encode() + b"\n"

    def _obey(self, request: object) -> Request:
        if isinstance(request, dict):
            for verb, obey in self._verbs.items():
                if verb in request:
                    return obey(request)
        raise NotFoundError(
            f"{request!r} is no request; give one of {', '.join(self._verbs)}",
            allowed=list(self._verbs),
        )

    def _get(self, request: Request) -> Request:
        quantities: Request = {
            **self._bench.instrument.quantities(),
            "power": Power.ON.value if self._bench.powered else Power.OFF.value,
            "plugged": self._port.plugged,
            "faults": {fault.value: count for fault, count in self._bench.faults.left.items()},
        }
        name = request["get"]
        if name == "*":
            return quantities
        if not isinstance(name, str) or name not in quantities:
            raise NotFoundError(
                f"there is no quantity {name!r}; there are {', '.join(quantities)}",
                allowed=list(quantities),
            )
        return {name: quantities[name]}

    def _set(self, request: Request) -> Request:
        values = request["set"]
        if not isinstance(values, dict):
            raise ParameterError('"set" takes {name: value, ...}', field="set", given=values)
        for name, value in values.items():
            if not isinstance(value, float | int | str):
                raise ParameterError(
                    f"{name} takes a number, a text or true and false, not {value!r}",
                    field=name,
                    given=value,
                )
            self._bench.instrument.set_quantity(name, value)
        return DONE

    def _fault(self, request: Request) -> Request:
        fault = _member(Fault, request["fault"], "fault")
        count = request.get("count", 1)
        if not isinstance(count, int) or count < 0:
            raise ParameterError(f"count is {count!r}; it must be 0 or more", field="count", given=count)
        self._bench.faults.order(fault, count, _seconds(request.get("seconds", LATE_S)))
        return DONE

    def _power(self, request: Request) -> Request:
        self._bench.switch(_member(Power, request["power"], "power"))
        return DONE

    def _unplug(self, request: Request) -> Request:
        seconds = request["unplug"]
        out_s = None if seconds is None else _seconds(seconds)
        self._port.unplug()
        self._pulls += 1
        pull = self._pulls
        if out_s is not None:
            self._later(self._monotonic() + out_s, lambda: self._plug_after(pull))
        return DONE

    def _plug_after(self, pull: int) -> None:
        # A later request may have pulled the cable again, for longer.
        if pull == self._pulls:
            self._port.plug()

    def _plug(self, _request: Request) -> Request:
        self._pulls += 1
        self._port.plug()
        return DONE


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    raise ParameterError(f"{value!r} is no time; give seconds, 0 or more", given=value)


def _member(kinds: type[Kind], value: object, field: str) -> Kind:
    allowed = [kind.value for kind in kinds]
    if value not in allowed:
        raise ParameterError(
            f"{field} is {value!r}; it must be one of {', '.join(allowed)}",
            field=field,
            given=value,
            allowed=allowed,
        )
    return kinds(value)
