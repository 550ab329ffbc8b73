"""The cryostat as devices: thermometers, and a heater that is set by hand or regulates a temperature."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from agents.cryostat import driver
from agents.cryostat.chart import HeaterChart
from agents.cryostat.controller import OfController
from agents.cryostat.driver import HeaterReading, HeaterStatus
from agents.cryostat.pid import Gains, Pid
from ocs.agent import (
    Channel,
    DeviceError,
    Limits,
    LinkLostError,
    NotAllowedError,
    OcsError,
    Property,
    Session,
    Unit,
    action,
    command,
    guard,
    process,
    run,
    task,
)
from ocs.model.settling import Settling

AGENT_CLASS = "CryostatAgent"

Kelvin = Annotated[float, Unit("K")]
Target = Annotated[float, Unit("K"), Limits(3, 350)]
Offset = Annotated[float, Unit("K"), Limits(-5, 5)]
Watt = Annotated[float, Unit("W"), Limits(0, driver.MAX_WATTS)]

RATE_HZ = 2.0
"""Steps of the regulation in a second."""
HOLDING_OFF = HeaterStatus.OPEN_LOAD | HeaterStatus.CUT_OUT
"""What makes the heater a case for a person."""


class Thermometer(OfController):
    """One thermometer of the cryostat."""

    input: Property[int] = Property(1, doc="input of the controller", choices=(1, 2, 3, 4))
    temperature = Channel(
        Kelvin, period_s=1, feed="thermal", abs_change=0.02, max_warning=350, max_alarm=380, stale_after_s=5, depth=60,
        format="%8.3f", doc="what the sensor measures, with the offset of its calibration",
    )  # fmt: skip
    offset = Channel(Offset, access="rw", memorized=True, level="expert", doc="what is added to what the sensor tells")

    def setup(self) -> None:
        """Begin without calibration; one that was memorized follows."""
        if self.offset.value is None:
            self.offset.set(0.0)

    @temperature.read
    def read_temperature(self) -> float:
        """Return the temperature, in K."""
        return self.ask(driver.temperature(self.input)).checked() + float(self.offset.value)

    @command(display="expert")
    def calibrate(self, reference: Kelvin) -> Kelvin:
        """Set the offset so that the thermometer tells now what a better one tells; returns the offset.

        Args:
            reference: What the better one tells.
        """
        offset = reference - self.ask(driver.temperature(self.input)).checked()
        self.offset.put(offset)
        return offset


class Heater(OfController):
    """The heater of the cold stage, with the thermometer that it acts on."""

    chart = HeaterChart
    input: Property[int] = Property(1, doc="input of the controller that is regulated", choices=(1, 2, 3, 4))
    watchdog_s: Property[float] = Property(
        30.0, doc="after so long without agent the controller switches the heater off; 0 for never", unit="s"
    )
    power = Channel(
        Watt, period_s=1, feed="thermal", abs_change=0.01, stale_after_s=5, write_when=HeaterChart.MANUAL,
        format="%7.3f", doc="what the heater gives",
    )  # fmt: skip
    temperature = Channel(
        Kelvin, access="rww", partner="setpoint", period_s=1, feed="thermal", abs_change=0.02, stale_after_s=5,
        settle=(0.05, 10), max_warning=350, max_alarm=380, format="%8.3f", doc="of the thermometer that is regulated",
    )  # fmt: skip
    setpoint = Channel(Target, access="rw", memorized=True, doc="what regulate and hold bring the temperature to")
    gains = Channel(Gains, access="rw", level="expert", doc="of the PID controller; a change takes effect at once")

    def check_link(self) -> None:
        """See that the controller answers, and have it watch whether we live."""
        super().check_link()
        self.ask(driver.set_watchdog(self.watchdog_s))

    def setup(self) -> None:
        """Take the state from the controller, or as soon as it is there."""
        if self.gains.value is None:
            self.gains.set(Gains())
        try:
            self.look()
        except LinkLostError as error:
            self.state.to(HeaterChart.UNKNOWN, error.message)

    def shutdown(self) -> None:
        """Switch the heater off."""
        self.set_power(0.0)

    # -- channels and states ---------------------------------------------------------------------

    def read_hardware(self, names: list[str]) -> None:
        """Ask for power and temperature at once, and follow the controller's state."""
        if {"power", "temperature"} & set(names):
            self.reading = self.look()

    @power.read
    def read_power(self) -> float:
        """Return the power, in W."""
        return self.reading.watts

    @power.write
    def write_power(self, value: float) -> None:
        """Set the power, in W."""
        self.set_power(value)

    @temperature.read
    def read_temperature(self) -> float:
        """Return the temperature that is regulated, in K."""
        return self.reading.temperature.checked()

    @guard(HeaterChart.switch_on)
    def may_switch_on(self) -> bool | str:
        """Refuse while the controller could not heat."""
        # Only asked, not followed: whoever is refused shall read the reason, not that the state has changed.
        status = self.ask(driver.heater(self.input)).status
        return "; ".join((status & HOLDING_OFF).sentences) or True

    @action(HeaterChart.switch_on)
    def begin_at_zero(self) -> None:
        """Have 0 W, whatever it was before."""
        self.set_power(0.0)

    @action(HeaterChart.switch_off)
    def take_power_away(self) -> None:
        """Go to 0 W."""
        self.set_power(0.0)

    @action(HeaterChart.reset)
    def reset_controller(self) -> None:
        """Reset the controller, which closes a cut-out that is cold enough."""
        status = self.ask(driver.reset())
        self.ask(driver.set_watchdog(self.watchdog_s))
        if status:
            raise DeviceError(f"the controller still reports: {'; '.join(status.sentences)}")

    def look(self) -> HeaterReading:
        """Ask the controller how it is, follow it in the chart, and return what it says."""
        reading = self.ask(driver.heater(self.input))
        told = "; ".join(reading.status.sentences)
        if reading.status & HOLDING_OFF and not self.state.is_in(HeaterChart.FAULT):
            self.state.to(HeaterChart.FAULT, told)
            self.set_status(f"The controller reports: {told}.")
        elif self.state.is_in(HeaterChart.INIT, HeaterChart.UNKNOWN):
            self.state.to(HeaterChart.MANUAL if reading.asked else HeaterChart.OFF, "found so")
        elif reading.status & HeaterStatus.WATCHDOG and self.state.is_in(HeaterChart.MANUAL):
            self.state.to(HeaterChart.OFF, told)
        return reading

    def set_power(self, watts: float) -> None:
        """Set the power, in W, and see that the controller took it."""
        kept = self.ask(driver.set_power(watts))
        if abs(kept - watts) > 0.001:  # noqa: PLR2004 - it resolves a tenth of that
            told = "; ".join(self.look().status.sentences) or "it does not say why"
            raise DeviceError(f"the controller keeps the heater at {kept:g} W instead of {watts:g} W: {told}")

    # -- regulation ------------------------------------------------------------------------------

    @task(
        when=(HeaterChart.OFF, HeaterChart.MANUAL), during=HeaterChart.CONTROL, then=HeaterChart.MANUAL, timeout_s=7200
    )
    def regulate(
        self,
        session: Session,
        target: Target,
        tolerance: Annotated[float, Unit("K"), Limits(0.001, 10)] = 0.05,
        dwell: Annotated[float, Unit("s"), Limits(0, 600)] = 10.0,
    ) -> Kelvin:
        """Bring the temperature to a target, and leave the heater at the power that it had then.

        An abort takes the power away.

        Args:
            target: Where to; it becomes the set point, which may be changed on the way.
            tolerance: How near is near enough.
            dwell: How long it must have stayed so near.
        """
        with self.safe_at_the_end(session):
            self.setpoint.put(target)
            pid, settling = self.begin(), Settling(tolerance, dwell)
            kelvin = first = self.step(pid, session)
            while not settling.take(kelvin, self.setpoint.value, self.seconds()):
                way = max(tolerance, abs(first - self.setpoint.value))
                left = min(way, abs(kelvin - self.setpoint.value))
                session.progress(0.99 * (1 - left / way), f"at {kelvin:.3f} K")
                session.sleep(1 / RATE_HZ)
                kelvin = self.step(pid, session)
        return kelvin

    @process(when=(HeaterChart.OFF, HeaterChart.MANUAL), during=HeaterChart.CONTROL)
    def hold(self, session: Session, target: Target | None = None) -> None:
        """Hold a temperature until stopped, which takes the power away.

        Args:
            target: What to hold; the set point if left out, and the temperature now if there is none.
        """
        with self.safe_at_the_end(session):
            # After a loss of the link this is called again; the set point may have been changed meanwhile.
            if target is not None and not session.data:
                self.setpoint.put(target)
            pid = self.begin()
            for _ in session.ticks(RATE_HZ):
                self.step(pid, session)

    def begin(self) -> Pid:
        """Take over from the power that there is."""
        reading = self.look()
        kelvin = reading.temperature.checked()
        if self.setpoint.value is None:
            self.setpoint.put(kelvin)
        self.stepped = self.seconds()
        return Pid(self.tuning, 0.0, driver.MAX_WATTS, measured=kelvin, output=reading.watts)

    def step(self, pid: Pid, session: Session) -> float:
        """Give the heater the power that it needs now, and return the temperature, in K."""
        # Nobody else may come between the look at our state and the power: a heater that was switched off stays off.
        with self.link.transaction():
            kelvin = self.look().temperature.checked()
            if not self.state.is_in(HeaterChart.CONTROL):
                raise NotAllowedError(f"the regulation ends: the heater is in {self.state.current.name} now")
            pid.retune(self.tuning)
            now = self.seconds()
            watts = pid.step(self.setpoint.value, kelvin, now - self.stepped)
            self.stepped = now
            self.set_power(watts)
        session.update(temperature=kelvin, setpoint=self.setpoint.value, power=watts)
        return kelvin

    @property
    def tuning(self) -> Gains:
        """The gains as they are now."""
        return Gains(**self.gains.value)

    @contextmanager
    def safe_at_the_end(self, session: Session) -> Iterator[None]:
        """Take the power away when the block does not come to its own end."""
        try:
            yield
        except BaseException:
            try:
                with self.link.transaction():
                    if self.state.is_in(HeaterChart.CONTROL):
                        self.set_power(0.0)
            except OcsError as error:
                session.add_message(f"the heater keeps its power until its watchdog acts: {error.message}")
            raise


if __name__ == "__main__":
    run(Thermometer, Heater)
