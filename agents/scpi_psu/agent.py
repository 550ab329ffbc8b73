"""The power supply as a device: its outputs are switched on and off together, and looked after."""

from __future__ import annotations

from typing import Annotated, TypeVar

from agents.scpi_psu import driver
from agents.scpi_psu.channels import readings_of, set_points_of
from agents.scpi_psu.chart import PsuChart
from agents.scpi_psu.driver import Output, Query, Readings, SetPoint
from ocs.agent import (
    Device,
    DeviceError,
    Limits,
    Lines,
    LinkTo,
    NotAllowedError,
    OcsError,
    Property,
    Session,
    Unit,
    action,
    command,
    guard,
    run,
    task,
)

AGENT_CLASS = "ScpiPsuAgent"

Volt = Annotated[float, Unit("V")]
T = TypeVar("T")

STEP_S = 0.2
"""Time between two steps of a ramp."""


class ScpiPsu(Device):
    """A Keithley 2230G-30-1: two outputs of 30 V and 1.5 A, one of 6 V and 5 A.

    An agent that ends leaves the outputs as they are.
    """

    chart = PsuChart
    port: Property[str] = Property("sim", doc="/dev/ttyUSB0, tcp://host:5025, or sim")
    link = LinkTo(lambda: Lines(driver.TERMINATOR), driver.BAUD_RATE, simulator="agents.scpi_psu.sim")

    voltage_1, current_1, enabled_1 = set_points_of(Output.CH1)
    voltage_2, current_2, enabled_2 = set_points_of(Output.CH2)
    voltage_3, current_3, enabled_3 = set_points_of(Output.CH3)
    measured_voltage_1, measured_current_1, power_1 = readings_of(Output.CH1)
    measured_voltage_2, measured_current_2, power_2 = readings_of(Output.CH2)
    measured_voltage_3, measured_current_3, power_3 = readings_of(Output.CH3)

    readings: Readings
    switched_on: bool
    """Whether outputs are on as far as this device knows; only its handlers' thread changes it."""

    def check_link(self) -> None:
        """See that a supply of this kind answers, and take it from its front panel."""
        self.ask(driver.identity())
        self.link.tell(driver.remote())

    def setup(self) -> None:
        """Begin with what the supply holds; memorized set points are written after this."""
        for output, point in self.ask(driver.set_points()).items():
            self.channels[f"voltage_{output.value}"].set(point.volts)
            self.channels[f"current_{output.value}"].set(point.amperes)
        self.readings = self.ask(driver.readings())
        self.switched_on = self.readings.on
        if self.readings.tripped:
            self.state.to(PsuChart.FAULT, self.what_tripped())
            self.set_status(self.what_tripped())
        elif self.switched_on:
            self.state.to(PsuChart.ON, "outputs were on when the device was set up")

    def read_hardware(self, names: list[str]) -> None:  # noqa: ARG002 - one exchange brings them all
        """Measure all outputs in one exchange, and see whether they are still as they were switched."""
        self.readings = self.ask(driver.readings())
        if self.readings.tripped and self.state.is_in(PsuChart.OFF, PsuChart.ON):
            told = self.what_tripped()
            self.state.fire("_trip", told)
            self.set_status(told)
        elif self.readings.on and not self.switched_on and self.state.is_in(PsuChart.OFF):
            self.state.fire("_found_on", "an output was switched on at the supply")
            self.switched_on = True
        elif self.switched_on and not self.readings.on and self.state.is_in(PsuChart.ON):
            self.state.fire("_found_off", "no output is on any more; the supply was switched off, or lost its power")
            self.switched_on = False

    @guard(PsuChart.switch_on)
    def may_switch_on(self) -> bool | str:
        """Refuse to switch nothing on."""
        return bool(self.enabled) or "no output is enabled; write true to enabled_1, enabled_2 or enabled_3"

    @action(PsuChart.switch_on)
    def do_switch_on(self) -> None:
        """Set all that is enabled anew, since the supply forgets without power, and switch it on; all or nothing."""
        self.take_control()
        try:
            for output in self.enabled:
                volts, amperes = (self.channels[f"{what}_{output.value}"].value for what in ("voltage", "current"))
                self.order(driver.apply(output, SetPoint(volts, amperes)))
            for output in self.enabled:
                self.order(driver.switch(output, on=True))
        except OcsError:
            self.order(driver.switch_all(on=False))
            raise
        self.switched_on = True

    @action(PsuChart.switch_off)
    def do_switch_off(self) -> None:
        """Switch all off."""
        self.order(driver.switch_all(on=False))
        self.switched_on = False

    @action(PsuChart.reset)
    def do_reset(self) -> None:
        """Switch all off, and see that no protection stands against switching on again."""
        self.take_control()
        self.do_switch_off()
        self.readings = self.ask(driver.readings())
        if self.readings.tripped:
            raise DeviceError(f"{self.what_tripped()}; switch the supply's mains off and on, then ask for Init")

    def enable(self, output: Output, *, on: bool) -> None:
        """Switch one output with the others: now, if they are on."""
        if self.state.is_in(PsuChart.ON):
            self.order(driver.switch(output, on=on))

    @command(display="expert")
    def take_control(self) -> None:
        """Take the supply back after somebody pressed its key for local work."""
        self.link.tell(driver.remote())

    @task(when=(PsuChart.OFF, PsuChart.ON), timeout_s=3600)
    def ramp(
        self,
        session: Session,
        channel: Annotated[int, Limits(1, 3)],
        target: Annotated[float, Unit("V"), Limits(0, 30)],
        rate: Annotated[float, Unit("V/s"), Limits(0.001, 100)],
    ) -> Volt:
        """Lead the set point of a voltage straight to a target; an abort leaves it where it is then.

        Args:
            channel: The output, 1 to 3.
            target: Where to; output 3 goes to 6 V.
            rate: How fast, up or down.
        """
        voltage = self.channels[f"voltage_{channel}"]
        voltage.checked(target)
        start, begun = voltage.value, self.seconds()
        while (volts := voltage.value) != target:
            if not self.state.is_in(PsuChart.OFF, PsuChart.ON):
                raise NotAllowedError(f"the ramp ended at {volts:.3f} V: the supply is in {self.state.current.name}")
            session.progress(abs(volts - start) / abs(target - start), f"at {volts:.3f} V")
            session.sleep(STEP_S)
            voltage.put(driver.on_ramp(start, target, rate, self.seconds() - begun))
        return target

    @property
    def enabled(self) -> list[Output]:
        """The outputs that are switched."""
        return [output for output in Output if self.channels[f"enabled_{output.value}"].value]

    def what_tripped(self) -> str:
        """Return in words which outputs a protection has switched off, and why."""
        why = {
            output: self.ask(driver.protection(output)).sentences
            for output in Output
            if output in self.readings.tripped
        }
        return "; ".join(f"{output.name} was switched off: {', '.join(told)}" for output, told in why.items())

    def ask(self, query: Query[T]) -> T:
        """Return the typed answer to a question."""
        return query.parse(self.link.ask(query.text))

    def order(self, text: str) -> None:
        """Send a command and raise the supply's refusal, in its own words; older errors are forgotten."""
        with self.link.transaction():
            self.link.tell(driver.clear())
            self.link.tell(text)
            driver.check(self.ask(driver.last_error()), text)


if __name__ == "__main__":
    run(ScpiPsu)
