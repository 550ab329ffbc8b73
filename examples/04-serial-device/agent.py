"""The oven as a device."""

from typing import Annotated

import driver

from ocs.agent import Device, Feed, Limits, Lines, LinkTo, Property, Session, Unit, process, run, task

Kelvin = Annotated[float, Unit("K"), Limits(280, 400)]


class Oven(Device):
    """An oven on a serial line."""

    port: Property[str] = Property("sim", doc="/dev/ttyUSB0, tcp://host:4001, or sim")
    link = LinkTo(lambda: Lines(driver.TERMINATOR), driver.BAUD_RATE, simulator="sim")
    thermal = Feed(doc="temperature in K")

    def kelvin(self) -> float:
        """Ask for the temperature."""
        return driver.parse_kelvin(self.link.ask(driver.TEMPERATURE))

    @process
    def acq(self, session: Session, rate: Annotated[float, Unit("Hz"), Limits(0.1, 10)] = 2.0) -> None:
        """Publish the temperature until stopped.

        Args:
            rate: Readings per second.
        """
        for _ in session.ticks(rate):
            session.data = {"temperature": self.kelvin()}
            self.thermal.publish(session.data)

    @task(timeout_s=600)
    def heat(self, session: Session, target: Kelvin) -> Kelvin:
        """Heat, and wait until the oven is within 0.1 K.

        Args:
            target: The temperature to reach.
        """
        start = now = self.kelvin()
        self.link.ask(driver.set_point(target))
        while abs(target - now) > 0.1:
            session.sleep(0.2)
            now = self.kelvin()
            session.progress(abs(now - start) / (abs(target - start) or 1), f"{now:.1f} K")
        return now


if __name__ == "__main__":
    run(Oven)
