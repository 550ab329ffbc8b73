"""The 240 series module as a device: acquire temperatures, name inputs, upload curves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

from agents.lakeshore240 import curve, driver
from agents.lakeshore240.driver import ReadingStatus
from agents.lakeshore240.reply import Query
from ocs.agent import (
    Device,
    DeviceError,
    Feed,
    Limits,
    Lines,
    LinkTo,
    Property,
    Session,
    Unit,
    process,
    run,
    task,
)

AGENT_CLASS = "Lakeshore240Agent"

Input = Annotated[int, Limits(1, 8)]
T = TypeVar("T")


class Lakeshore240(Device):
    """A Lake Shore 240 series thermometer with two or eight inputs."""

    port: Property[str] = Property("sim", doc="/dev/ttyUSB0, tcp://host:4001, or sim")
    beam_from: Property[str] = Property("", doc="simulated stage whose beam the simulated input 1 sees")
    seed: Property[int] = Property(-1, doc="seed of the simulator's noise and beam; -1 for a new one each time")
    link = LinkTo(lambda: Lines(driver.TERMINATOR), driver.BAUD_RATE, simulator="agents.lakeshore240.sim")
    temperatures = Feed(doc="temperature in K and sensor signal in its units, each input", batch_s=0.25)

    def simulator_options(self) -> list[str]:
        """Return what the simulator is told."""
        beam = ["--beam-from", self.beam_from] if self.beam_from else []
        return beam if self.seed < 0 else [*beam, "--seed", str(self.seed)]

    def check_link(self) -> None:
        """See that a 240 answers, and how many inputs it has."""
        self.inputs = range(1, self.ask(driver.identity()).inputs + 1)

    @process
    def acq(
        self,
        session: Session,
        rate: Annotated[float, Unit("Hz"), Limits(0.01, 20)] = 10.0,
        inputs: list[Input] | None = None,
    ) -> None:
        """Publish the temperature of each input until stopped.

        Args:
            rate: Readings per second; the module converts ten times a second.
            inputs: The inputs to read; all, if left out.
        """
        wanted = self.present(inputs)
        block = "temperatures" if list(wanted) == list(self.inputs) else "inputs_" + "_".join(map(str, wanted))
        for _ in session.ticks(rate):
            kelvin = {f"channel_{number}_T": self.ask(driver.kelvin(number)) for number in wanted}
            signal = {f"channel_{number}_V": self.ask(driver.sensor(number)) for number in wanted}
            now = self.now()
            self.temperatures.publish({**kelvin, **signal}, time=now, block=block)
            session.data = {"temperatures": kelvin, "timestamp": now}

    @task
    def identify(self, session: Session) -> dict[str, str]:
        """Tell who answers, the name of each input, and what is wrong with its reading."""
        identity = self.ask(driver.identity())
        told = {"manufacturer": identity.manufacturer, "model": identity.model, "serial": identity.serial}
        told["firmware"] = identity.firmware
        for number in self.inputs:
            status: ReadingStatus = self.ask(driver.reading_status(number))
            faults = f" ({'; '.join(status.sentences)})" if status else ""
            told[f"input_{number}"] = self.ask(driver.input_name(number)) + faults
            session.progress(number / len(self.inputs))
        return told

    @task
    def set_label(self, session: Session, input: Input, label: Annotated[str, "at most 15 signs"]) -> str:  # noqa: A002
        """Name an input, and return the name as the module has it then.

        Args:
            input: The input.
            label: Its name, at most 15 ASCII signs.
        """
        number = self.present([input])[0]
        self.link.tell(driver.set_input_name(number, label))
        session.add_message(f"input {number} is now called {label!r}")
        return self.ask(driver.input_name(number))

    @task(timeout_s=600)
    def upload_curve(self, session: Session, input: Input, path: str) -> int:  # noqa: A002
        """Write a calibration curve to an input, read it back and compare; returns the number of points.

        An abort leaves the input without a curve, never with half of one.

        Args:
            input: The input.
            path: A .340 curve file on the agent's machine.
        """
        number = self.present([input])[0]
        wanted = curve.parse_file(self.read_file(path))
        commands = curve.upload(number, wanted)
        steps, done = 2 * len(commands), False
        try:
            for index, command in enumerate(commands, start=1):
                self.link.tell(command)
                session.progress(index / steps, f"writing point {index} of {len(commands)}")
                session.sleep(0.02)
            found = []
            for query in curve.read_back(number, len(wanted.points)):
                found.append(self.ask(query))
                session.progress(0.5 + len(found) / steps, f"reading back point {len(found)}")
                session.check()
            curve.verify(wanted, self.ask(curve.header(number)), tuple(found))
            done = True
        finally:
            if not done:
                self.link.tell(curve.delete(number))
        return len(wanted.points)

    def ask(self, query: Query[T]) -> T:
        """Return the typed answer to a question."""
        return query.parse(self.link.ask(query.text))

    def present(self, inputs: list[int] | None) -> list[int]:
        """Return the inputs that are asked for, if the module has them."""
        wanted = list(self.inputs) if inputs is None else inputs
        for number in wanted:
            if number not in self.inputs:
                raise DeviceError(f"this module has {len(self.inputs)} inputs; there is no input {number}")
        return wanted

    def read_file(self, path: str) -> str:
        """Return the text of a file on this machine."""
        try:
            return Path(path).read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise DeviceError(f"the curve file {path} cannot be read: {error}") from error


if __name__ == "__main__":
    run(Lakeshore240)
