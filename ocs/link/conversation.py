"""Requests and replies over one open transport, and getting back in step after an interruption."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress

from ocs.link.framing import Framing
from ocs.link.status import Tally
from ocs.link.transport import Transport
from ocs.model.cancellation import current
from ocs.model.errors import DeadlineError, DeviceError

Expects = Callable[[bytes], bool]

KEPT_FRAMES = 256
"""Frames that came unasked and wait to be read; older ones are thrown away."""

SETTLE_S = 1.0
"""Longest time, in s, that getting back in step may take; a device that stays mute costs it once."""

MAX_READS_AT_ONCE = 64


class Conversation:
    """What is said over one transport; used by one thread at a time.

    Args:
        name: What is talked to, in error messages.
        transport: The open stream; closed by `close`.
        framing: Cuts the stream; reset here.
        tally: Counts.
        monotonic: A clock in seconds.
        quiet_s: Silence after which a late answer is not expected any more, in seconds.
    """

    def __init__(
        self,
        name: str,
        transport: Transport,
        framing: Framing,
        *,
        tally: Tally,
        monotonic: Callable[[], float],
        quiet_s: float,
    ) -> None:
        self._name = name
        self._transport = transport
        self._framing = framing
        self._tally = tally
        self._monotonic = monotonic
        self._quiet_s = quiet_s
        self._arrived: deque[bytes] = deque()
        self._kept: deque[bytes] = deque(maxlen=KEPT_FRAMES)
        self._dirty = False
        self._owed_until = 0.0
        framing.reset()
        transport.drain()

    def ask(self, payload: bytes, timeout_s: float, expects: Expects | None) -> bytes:
        """Send a request and return its reply.

        Raises:
            Cancelled: The run was asked to end while it waited for the reply.
            DeadlineError: No reply came in time.
            DeviceError: What came is no frame.
            LinkLostError: The stream is gone.
        """
        self._get_in_step(keep=expects is not None)
        deadline = self._monotonic() + timeout_s
        before = self._tally.bytes_in
        # Whatever ends this exchange before its reply is here leaves a reply on its way.
        self._dirty = True
        self._owed_until = deadline + timeout_s
        self._send(payload)
        while (reply := self._next_frame(deadline)) is not None:
            if expects is None or expects(reply):
                self._dirty = False
                self._tally.exchanges += 1
                return reply
            self._kept.append(reply)
        self._tally.timeouts += 1
        raise self._too_late(payload, timeout_s, self._tally.bytes_in - before)

    def tell(self, payload: bytes) -> None:
        """Send a request that has no reply.

        Raises:
            DeadlineError: The stream takes no more bytes.
            LinkLostError: The stream is gone.
        """
        self._get_in_step(keep=True)
        self._dirty = True
        self._owed_until = self._monotonic()
        self._send(payload)
        self._dirty = False
        self._tally.exchanges += 1

    def read(self, timeout_s: float) -> bytes:
        """Return the next frame that came or comes unasked.

        Raises:
            Cancelled: The run was asked to end while it waited.
            DeadlineError: None came in time.
            DeviceError: What came is no frame.
            LinkLostError: The stream is gone.
        """
        if self._dirty:
            self._settle()
        if self._kept:
            return self._kept.popleft()
        frame = self._next_frame(self._monotonic() + timeout_s)
        if frame is None:
            raise DeadlineError(f"{self._name} said nothing within {timeout_s:g} s")
        return frame

    def close(self) -> None:
        """Close the transport; from any thread."""
        self._transport.close()

    def _get_in_step(self, *, keep: bool) -> None:
        """Make sure that the next frame to come is no answer to an earlier request."""
        if self._dirty:
            self._settle()
        for _ in range(MAX_READS_AT_ONCE):
            before = self._tally.bytes_in
            with suppress(DeviceError):
                self._take_in(0.0)
            if self._tally.bytes_in == before:
                break
        if keep:
            self._kept.extend(self._arrived)
        else:
            self._tally.drained += sum(map(len, self._arrived))
        self._arrived.clear()
        cancellation = current()
        if cancellation is not None:
            cancellation.check()

    def _settle(self) -> None:
        """Wait for the owed reply, which may be late, then for silence."""
        now = self._monotonic()
        bound = now + SETTLE_S
        before = self._tally.bytes_in
        until = min(max(now + self._quiet_s, self._owed_until), bound)
        while now < until:
            came = self._discard(until - now)
            now = self._monotonic()
            if came:
                until = min(now + self._quiet_s, bound)
        self._tally.drained += self._tally.bytes_in - before
        self._tally.drained += sum(map(len, self._arrived))
        self._arrived.clear()
        self._framing.reset()
        self._dirty = False

    def _discard(self, timeout_s: float) -> bool:
        """Read once; True when bytes came."""
        data = self._transport.read(timeout_s)
        self._tally.bytes_in += len(data)
        return bool(data)

    def _send(self, payload: bytes) -> None:
        data = self._framing.frame(payload)
        self._transport.write(data)
        self._tally.bytes_out += len(data)

    def _next_frame(self, deadline: float) -> bytes | None:
        """Wait for the next frame until the deadline; a cancel point."""
        cancellation = current()
        waking = nullcontext() if cancellation is None else cancellation.waking(self._wake)
        with waking:
            while not self._arrived:
                if cancellation is not None:
                    cancellation.check()
                left = deadline - self._monotonic()
                self._take_in(max(0.0, left))
                if left <= 0.0 and not self._arrived:
                    return None
        return self._arrived.popleft()

    def _wake(self) -> None:
        self._transport.wake()

    def _take_in(self, timeout_s: float) -> None:
        data = self._transport.read(timeout_s)
        self._tally.bytes_in += len(data)
        try:
            self._arrived.extend(self._framing.feed(data))
        except DeviceError:
            self._dirty = True
            raise

    def _too_late(self, payload: bytes, timeout_s: float, came: int) -> DeadlineError:
        what = f"only {came} bytes came, which are no answer" if came else "nothing came"
        request = payload.decode("ascii", "backslashreplace")
        return DeadlineError(f"{self._name} did not answer '{request}' within {timeout_s:g} s; {what}")
