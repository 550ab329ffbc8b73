"""A device that numbers what it publishes, and tells a file of each number, so that nobody need believe the archive."""

from __future__ import annotations

import os
import struct

from ocs.agent import Device, Feed, Property, Session, process, run

TOLD = struct.Struct("<qqqq")
"""Epoch of the agent, number, and the times before and after it was published, in ns."""

LOOK_HZ = 100.0
NS = 1_000_000_000


class Numbers(Device):
    """Counts from 1 in each process."""

    numbers = Feed(batch_s=0.1, doc="the epoch of the process, and a number")
    rate = Property(500.0, unit="Hz", doc="numbers in each second")
    padding = Property(0, unit="B", doc="characters that each row carries beside")
    told = Property("", doc="file that is told of each number")

    def setup(self) -> None:
        """Open the file."""
        self.file = os.open(self.told, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @process(startup=True)
    def count(self, session: Session) -> None:
        """Count until stopped; a number that is late follows at once."""
        epoch, number, begun = self.hosted().identity.epoch, 0, self.seconds()
        more = {"padding": "x" * self.padding} if self.padding else {}
        for _ in session.ticks(LOOK_HZ):
            while number < (self.seconds() - begun) * self.rate:
                number += 1
                before = self.now()
                self.numbers.publish(run=epoch, number=number, time=before, **more)
                os.write(self.file, TOLD.pack(epoch, number, int(before * NS), int(self.now() * NS)))


if __name__ == "__main__":
    run(Numbers)
