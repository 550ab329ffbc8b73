"""The 240 series module as a device: channels for each input, acquisition, names, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated, TypeVar

from agents.lakeshore240 import curve, driver
from agents.lakeshore240.channels import InputChannels
from agents.lakeshore240.curve import CurvePoint
from agents.lakeshore240.driver import Identity, ReadingStatus
from agents.lakeshore240.reply import Query
from ocs.agent import (
    Device,
    DeviceError,
    Feed,
    Limits,
    Lines,
    LinkLostError,
    LinkTo,
    Property,
    Session,
    Unit,
    process,
    run,
    task,
)
from ocs.model.errors import DeadlineError

AGENT_CLASS = "Lakeshore240Agent"

Input = Annotated[int, Limits(1, 8)]
T = TypeVar("T")


class Lakeshore240(Device):
    """A Lake Shore 240 series thermometer with two or eight inputs.

    Each input that the module has gets channels when it is found: `temperature_1`, `sensor_1`, `name_1`, `curve_1`.
    """

    port: Property[str] = Property("sim", doc="/dev/ttyUSB0, tcp://host:4001, or sim")
    beam_from: Property[str] = Property("", doc="simulated stage whose beam the simulated input 1 sees")
    seed: Property[int] = Property(-1, doc="seed of the simulator's noise and beam; -1 for a new one each time")
    link = LinkTo(lambda: Lines(driver.TERMINATOR), driver.BAUD_RATE, simulator="agents.lakeshore240.sim")
    temperatures = Feed(doc="temperature and sensor signal of each input", units={"*_T": "K"}, batch_s=0.25)

    inputs: Sequence[int] = ()
    identity: Identity | None = None

    def simulator_options(self) -> list[str]:
        """Return what the simulator is told."""
        beam = ["--beam-from", self.beam_from] if self.beam_from else []
        return beam if self.seed < 0 else [*beam, "--seed", str(self.seed)]

    def check_link(self) -> None:
        """See that a 240 answers, and offer the channels of its inputs; the curves of one not seen before are read."""
        identity = self.ask(driver.identity())
        inputs = range(1, identity.inputs + 1)
        found = self.input_channels.offer({number: self.ask(driver.input_setup(number)) for number in inputs})
        self.inputs = inputs
        if found or identity != self.identity:
            self.identity = identity
            self.start_operation("read_curves")

    def setup(self) -> None:
        """Look again which inputs there are; a module that is away is looked at when it comes."""
        with suppress(LinkLostError):
            self.check_link()

    @cached_property
    def input_channels(self) -> InputChannels:
        """The channels of the inputs."""
        return InputChannels(self)

    def read_hardware(self, names: list[str]) -> None:
        """Ask how each input is of which something is about to be read."""
        self.input_channels.look(names)

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
        name = self.channels[f"name_{self.present([input])[0]}"]
        name.put(label)
        session.add_message(f"input {input} is now called {label!r}")
        return str(name.get())

    @task(timeout_s=600)
    def read_curves(self, session: Session) -> None:
        """Read the calibration curves of all inputs into `curve_1` and so on; a module just found is read by itself."""
        for number in self.present(None):
            try:
                self.input_channels.show_curve(number, self.ask(curve.header(number)), self.points(number))
            except LinkLostError:
                self.identity = None  # so that they are read when it is back
                raise
            except (DeviceError, DeadlineError) as error:
                self.input_channels.no_curve(number, error)
                session.add_message(f"input {number}: {error.message}")
            session.progress(number / len(self.inputs), f"input {number}")

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
            header = self.ask(curve.header(number))
            curve.verify(wanted, header, tuple(found))
            done = True
        finally:
            if not done:
                self.input_channels.no_curve(number, f"the upload to input {number} did not end well; upload it again")
                self.link.tell(curve.delete(number))
        self.input_channels.show_curve(number, header, found[: len(wanted.points)])
        return len(wanted.points)

    def ask(self, query: Query[T]) -> T:
        """Return the typed answer to a question."""
        return query.parse(self.link.ask(query.text))

    def points(self, number: int) -> Iterator[CurvePoint]:
        """Ask for the breakpoints of an input's curve, up to the first that was never written."""
        for query in curve.read_back(number, curve.MAX_POINTS):
            point = self.ask(query)
            if point == curve.NEVER_WRITTEN:
                return
            yield point

    def present(self, inputs: list[int] | None) -> list[int]:
        """Return the inputs that are asked for, if the module has them."""
        if not self.inputs:
            self.check_link()  # it was not there yet; raises why
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
