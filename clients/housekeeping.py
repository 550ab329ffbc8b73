"""The first part of an observation: the housekeeping by channels and states, before anything moves.

Reads what the devices have, sets up the power supply, is refused once, sees a refusal of a transition, watches an
alarm come and go, and counts the events that told of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from clients.show import Show
from ocs.model.errors import NotAllowedError, OutOfRangeError
from ocs.model.tango_state import TangoState

SUPPLY_V, TOO_MUCH_V, SETTLE_S = 5.0, 40.0, 20.0
ALARM_S = 20.0
READY_S = 30.0
KINDS = ("change", "periodic", "alarm", "config")


@dataclass(slots=True)
class Housekeeping:
    """What was done, in numbers.

    Attributes:
        read: Channels that were read.
        written: Channels that were written.
        refused: Requests that were refused, as they should be.
        transitions: Transitions that devices took on request.
        events: Events that came, by kind.
        alarms: Channels that went into alarm.
    """

    read: int = 0
    written: int = 0
    refused: int = 0
    transitions: int = 0
    events: Counter[str] = field(default_factory=Counter)
    alarms: int = 0

    def summary(self) -> dict[str, Any]:
        """Return the numbers as keys of the summary."""
        return {
            "channels": {"read": self.read, "written": self.written, "refused": self.refused},
            "transitions": self.transitions,
            "events": dict(sorted(self.events.items())),
            "alarms": self.alarms,
        }


class Housekeeper:
    """Does the housekeeping with a power supply and a thermometer.

    Args:
        supply: The power supply.
        thermometer: A device with a channel that has an alarm limit.
        channel: That channel.
        show: Tells the observer.
    """

    def __init__(self, supply: Any, thermometer: Any, channel: str, show: Show) -> None:
        self.supply = supply
        self.thermometer = thermometer
        self.channel = thermometer.channels[channel]
        self.show = show
        self.done = Housekeeping()

    def keep(self) -> Housekeeping:
        """Do all of it and return the numbers; the supply is left off, the limits as they were."""
        for device in (self.supply, self.thermometer):
            device.state.wait_until(lambda report: report.tango is not TangoState.INIT, READY_S)
        subscriptions = self._watch()
        try:
            self._look()
            self._power()
            self._alarm()
        finally:
            for subscription in subscriptions:
                subscription.close()
        return self.done

    def _watch(self) -> list[Any]:
        def count(kind: str) -> Any:
            def event(told: Any) -> None:
                self.done.events[kind] += 1
                if kind == "alarm" and told.reading.quality.value == "ALARM":
                    self.done.alarms += 1

            return event

        watched = [self.channel.subscribe(count(kind), kind) for kind in KINDS]
        return [*watched, self.supply.state.subscribe(count("state"))]

    def _look(self) -> None:
        for device in (self.supply, self.thermometer):
            readings = device.read()
            good = {name: reading for name, reading in readings.items() if reading.error is None}
            self.done.read += len(good)
            self.show.say(
                f"{device.name}: {len(good)} of {len(readings)} channels read, health {device.health.sentence}"
            )

    def _power(self) -> None:
        supply = self.supply
        voltage, measured = supply.channels["voltage_1"], supply.channels["measured_voltage_1"]
        try:
            voltage.put(TOO_MUCH_V)
        except OutOfRangeError as refusal:
            self.done.refused += 1
            self.show.say(f"refused, as it should be: {refusal}")
        voltage.put(SUPPLY_V)
        self.done.written += 1
        supply.state.switch_on()
        self.done.transitions += 1
        try:
            supply.state.switch_on()
        except NotAllowedError as refusal:
            self.done.refused += 1
            self.show.say(f"refused, as it should be: {refusal}")
        try:
            settled = measured.wait_settled(SETTLE_S)
            self.show.say(f"{supply.name}: output 1 settled at {settled.shown}, state {supply.state.read().state}")
        finally:
            supply.state.switch_off()
            self.done.transitions += 1

    def _alarm(self) -> None:
        channel = self.channel
        now = channel.get()
        try:
            channel.configure(max_alarm=now - 1.0)
            alarmed = channel.wait_until(lambda reading: reading.quality.value == "ALARM", ALARM_S)
            report = self.thermometer.state.read()
            self.show.say(f"{self.thermometer.name}: {report.tango.name}, {report.status.splitlines()[-1]}")
            self.done.read += 1 if alarmed.error is None else 0
        finally:
            channel.reset("max_alarm")
        channel.wait_until(lambda reading: reading.quality.value != "ALARM", ALARM_S)
