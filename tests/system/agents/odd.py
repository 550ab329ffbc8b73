"""A device that does what a device should not do, one operation for each bad manner."""

from __future__ import annotations

import math
from enum import Enum
from typing import Annotated, Any

from ocs.agent import AsyncSession, Device, DeviceError, Feed, Limits, Session, Unit, process, run, task


class Colour(Enum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


class Odd(Device):
    """A device with bad manners."""

    numbers = Feed(doc="numbers")

    @task
    def move(
        self,
        session: Session,
        position: Annotated[float, Unit("mm"), Limits(-10, 10)],
        turns: int = 1,
        colour: Colour = Colour.RED,
    ) -> float:
        """Return the position at once.

        Args:
            position: Where to go.
            turns: How often.
            colour: Of what colour.
        """
        return position * turns

    @task
    def nap(self, session: Session, seconds: Annotated[float, Unit("s"), Limits(0, 3600)] = 3600.0) -> str:
        """Sleep, and say that it did.

        Args:
            seconds: How long.
        """
        session.sleep(seconds)
        return "slept"

    @task(abortable=False)
    async def insist(self, session: AsyncSession, seconds: Annotated[float, Unit("s"), Limits(0, 60)] = 0.3) -> None:
        """Sleep, and let nobody abort it.

        Args:
            seconds: How long.
        """
        await session.sleep(seconds)

    @task(timeout_s=0.1)
    def dawdle(self, session: Session) -> None:
        """Take longer than it is allowed."""
        session.sleep(60)

    @process
    def count(self, session: Session) -> None:
        """Count until stopped."""
        for number in session.ticks(20):
            session.data = {"number": number}
            self.numbers.publish(number=number)

    @task
    def give(self, session: Session, what: str) -> Any:
        """Return something that cannot be sent.

        Args:
            what: Which thing.
        """
        return self.thing(what)

    @task
    def promise(self, session: Session) -> int:
        """Return a text where a number is declared."""
        return "seven"  # type: ignore[return-value] # the bad manner

    @task
    def keep(self, session: Session, what: str) -> None:
        """Put something that cannot be sent into the session's data.

        Args:
            what: Which thing.
        """
        session.data = {"thing": self.thing(what), "good": 1}

    @task
    def publish_badly(self, session: Session) -> None:
        """Publish an object where a number belongs."""
        self.numbers.publish(number=object())

    @task
    def crash(self, session: Session) -> None:
        """Divide by zero."""
        session.data = {"ratio": 1 / 0}

    @task
    async def crash_in_the_loop(self, session: AsyncSession) -> None:
        """Look up what is not there, in the event loop."""
        await session.sleep(0)
        session.data = {"value": session.params["key"]}

    @task
    def refuse(self, session: Session) -> None:
        """Tell in a sentence why it does not work."""
        raise DeviceError("the shutter is stuck at 3 mm; push it open by hand")

    @staticmethod
    def thing(what: str) -> Any:
        """Return the thing of that name."""
        things: dict[str, Any] = {
            "object": object(),
            "function": len,
            "nan": math.nan,
            "infinity": [1.0, math.inf],
            "wide": 2**70,
            "large": "x" * 2_000_000,
        }
        return things[what]


if __name__ == "__main__":
    run(Odd)
