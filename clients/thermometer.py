"""The thermometer's feed as a script needs it: all samples of one input, and waiting for new ones."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """One temperature in K, and its time in POSIX s, UTC."""

    time: float
    kelvin: float


class Thermometer:
    """Collects the samples of one field of a feed from the moment it is made.

    Args:
        device: The thermometer.
        feed: Name of the feed.
        field: Name of the field.
    """

    def __init__(self, device: Any, feed: str = "temperatures", field: str = "channel_1_T") -> None:
        self.samples: list[Sample] = []
        self.messages = 0
        self._field = field
        self._news = threading.Condition()
        self._subscription = device.feeds[feed].subscribe(self._take)

    def close(self) -> None:
        """Stop to collect."""
        self._subscription.close()

    def after(self, moment: float, count: int, timeout_s: float = 10.0) -> list[Sample]:
        """Return `count` samples that were taken after `moment` (POSIX s), waiting for them.

        Raises:
            TimeoutError: They did not come within `timeout_s` seconds.
        """
        deadline = time.monotonic() + timeout_s
        with self._news:
            while True:
                found = [sample for sample in self.samples[-500:] if sample.time > moment]
                if len(found) >= count:
                    return found[:count]
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    raise TimeoutError(
                        f"the thermometer sent {len(found)} of {count} samples within {timeout_s:g} s; "
                        "see whether its process acq runs (`ocs status`)"
                    )

    def _take(self, message: Any) -> None:
        new = [
            Sample(moment, value)
            for samples in message.samples
            if self._field in samples.data
            for moment, value in zip(samples.timestamps, samples.data[self._field], strict=True)
        ]
        with self._news:
            self.messages += 1
            self.samples += new
            self._news.notify_all()
