"""The SMC100 as a device: its states, position as set point and value, home, move, watch."""

from __future__ import annotations

import math
from typing import Annotated, TypeVar

from agents.smc100 import driver
from agents.smc100.chart import OF_CONTROLLER, StageChart
from agents.smc100.driver import Axis, ControllerState, Query, Status
from ocs.agent import (
    Channel,
    Device,
    DeviceError,
    Feed,
    Limits,
    Lines,
    LinkTo,
    NotAllowedError,
    Property,
    Session,
    Unit,
    action,
    process,
    run,
    task,
)
from ocs.link import FlowControl
from ocs.model.cancellation import Cancelled

AGENT_CLASS = "Smc100Agent"

Millimetre = Annotated[float, Unit("mm")]
Velocity = Annotated[float, Unit("mm/s"), Limits(0.001, 1000)]

T = TypeVar("T")

LOOK_S = 0.05
STOP_S = 5.0
MARGIN_S = 5.0


class Smc100(Device):
    """One motion axis on a Newport SMC100 controller."""

    chart = StageChart
    port: Property[str] = Property("sim", doc="/dev/ttyUSB0, tcp://host:4001, or sim")
    address: Property[int] = Property(1, doc="address of the controller in its chain, 1 to 31")
    link = LinkTo(
        lambda: Lines(driver.TERMINATOR),
        driver.BAUD_RATE,
        simulator="agents.smc100.sim",
        options={"flow_control": FlowControl.XON_XOFF},
    )
    motion = Feed(doc="position and state of the controller", units={"position": "mm"}, batch_s=0.5)
    position = Channel(
        Millimetre, period_s=0.25, abs_change=0.001, stale_after_s=2, settle=(0.005, 0.2),
        write_when=StageChart.READY, doc="from home; a new set point begins a move and does not wait for its end",
    )  # fmt: skip
    velocity = Channel(Velocity, doc="of moves, as set in the controller")

    @property
    def axis(self) -> Axis:
        """The commands for this controller."""
        return Axis(self.address)

    def check_link(self) -> None:
        """See that the controller answers, and forget an error that it still remembers."""
        self.ask(self.axis.status())
        self.ask(self.axis.last_error())

    def setup(self) -> None:
        """Take the state from the controller."""
        self.look()

    def shutdown(self) -> None:
        """Stop the stage."""
        if self.look().state is ControllerState.MOVING:
            self.link.tell(self.axis.stop())

    # -- channels and states ---------------------------------------------------------------------

    def read_hardware(self, names: list[str]) -> None:
        """Take the state from the controller with each reading of the position."""
        if "position" in names:
            self.look()

    @position.read
    def read_position(self) -> float:
        """Return where the stage is, in mm."""
        return self.ask(self.axis.position())

    @position.write
    def write_position(self, value: float) -> None:
        """Begin a move."""
        self.command(self.axis.move_to(value))
        self.look()

    @velocity.read
    def read_velocity(self) -> float:
        """Return the velocity of moves, in mm/s."""
        return self.ask(self.axis.velocity())

    @velocity.write
    def write_velocity(self, value: float) -> None:
        """Set the velocity of moves, in mm/s."""
        self.command(self.axis.set_velocity(value))

    @action(StageChart.enable)
    def switch_on(self) -> None:
        """Switch the motor on."""
        self.command(self.axis.enable())

    @action(StageChart.disable)
    def switch_off(self) -> None:
        """Switch the motor off."""
        self.command(self.axis.disable())

    @action(StageChart.stop)
    def stop_motion(self) -> None:
        """Stop, and look what has become of it."""
        self.link.tell(self.axis.stop())
        self.look()

    @action(StageChart.reset)
    def restart_controller(self) -> None:
        """Restart the controller, which forgets errors and home."""
        self.link.tell(self.axis.reset())

    def look(self) -> Status:
        """Ask the controller for its state, follow it in the chart, and return it."""
        status = self.ask(self.axis.status())
        if status.errors:
            sentences = "; ".join(status.errors.sentences)
            self.state.to(StageChart.FAULT, sentences)
            self.set_status(f"The controller reports: {sentences}.")
        else:
            self.state.to(OF_CONTROLLER[status.state], f"the controller is in {status.state.value}")
        return status

    # -- operations ------------------------------------------------------------------------------

    @task(timeout_s=120)
    def home(
        self,
        session: Session,
        again: bool = False,  # noqa: FBT001, FBT002 - a parameter by name
    ) -> Millimetre:
        """Search the home switch, which gives positions their zero; nothing moves if that is done.

        Args:
            again: Search it even if it was found before; the controller restarts for that.
        """
        if again:
            self.link.tell(self.axis.reset())
        state = self.look().state
        if state is ControllerState.DISABLE:
            self.command(self.axis.enable())
        elif state is ControllerState.NOT_REFERENCED:
            self.command(self.axis.home())
            self.follow(session, {ControllerState.HOMING}, math.inf)
        self.look()
        return self.ask(self.axis.position())

    @task(timeout_s=3600)
    def move_to(self, session: Session, position: Millimetre, velocity: Velocity | None = None) -> Millimetre:
        """Move to a position and wait until the stage is there; an abort stops it where it is.

        Args:
            position: Where to, from home.
            velocity: How fast; as set in the controller, if left out.
        """
        if self.look().state is ControllerState.NOT_REFERENCED:
            raise NotAllowedError("the stage does not know where it is; run home first")
        if velocity is not None:
            self.command(self.axis.set_velocity(velocity))
        start = self.ask(self.axis.position())
        seconds = self.ask(self.axis.time_of(position - start))
        self.command(self.axis.move_to(position))
        try:
            self.follow(session, {ControllerState.MOVING}, seconds + MARGIN_S, start, position)
        except Cancelled:
            self.link.tell(self.axis.stop())
            self.follow(session, {ControllerState.MOVING}, STOP_S)
            raise
        return self.ask(self.axis.position())

    @process
    def monitor(self, session: Session, rate: Annotated[float, Unit("Hz"), Limits(0.1, 50)] = 10.0) -> None:
        """Publish position and state until stopped.

        Args:
            rate: Readings per second.
        """
        for _ in session.ticks(rate):
            status, position = self.look(), self.ask(self.axis.position())
            self.motion.publish(position=position, state=status.state.value)
            session.data = {"position": position, "state": status.state.value, "errors": list(status.errors.sentences)}

    def ask(self, query: Query[T]) -> T:
        """Return the typed answer to a question."""
        return query.parse(self.link.ask(query.text, expects=lambda reply: reply.startswith(query.echo)))

    def command(self, text: str) -> None:
        """Send a command and raise the controller's refusal, in its own words."""
        with self.link.transaction():
            self.link.tell(text)
            driver.check(self.ask(self.axis.last_error()), text)

    def follow(
        self,
        session: Session,
        states: set[ControllerState],
        seconds: float,
        start: float = math.nan,
        end: float = math.nan,
    ) -> None:
        """Wait while the controller is in one of these states; raise its errors."""
        deadline = self.seconds() + seconds
        while (status := self.look()).state in states:
            position = self.ask(self.axis.position())
            if end != start and math.isfinite(end):
                session.progress(abs(position - start) / abs(end - start), f"at {position:.3f} mm")
            session.update(position=position, state=status.state.value)
            if self.seconds() > deadline:
                raise DeviceError(f"the stage still moves {seconds:.1f} s after it should have arrived")
            session.sleep(LOOK_S)
        self.raise_errors(status)

    def raise_errors(self, status: Status) -> None:
        """Raise what the controller reports of its hardware."""
        if status.errors:
            raise DeviceError(f"the controller reports: {'; '.join(status.errors.sentences)}")


if __name__ == "__main__":
    run(Smc100)
