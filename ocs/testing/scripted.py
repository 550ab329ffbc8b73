"""A device that is a dialogue: what it is asked and answers, byte for byte, as the manual prints it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ocs.link import Framing, Lines, Link
from ocs.model.errors import LinkLostError

Exchange = tuple[bytes, bytes]
"""What must be sent, and what comes back; both without terminator. Empty: nothing is sent, or nothing comes."""


class ScriptedTransport:
    """The port of a device that knows one dialogue.

    What is not in it, or comes in another order, fails at the write, and again in `assert_played`.

    Args:
        dialogue: The exchanges in their order.
        terminator: Ends each line of both sides.
    """

    def __init__(self, dialogue: Sequence[Exchange], terminator: bytes = b"\r\n") -> None:
        self._left = list(dialogue)
        self._terminator = terminator
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._lock = threading.Lock()
        self._closed = False
        self.unplugged = False
        self.unasked: list[bytes] = []

    def read(self, timeout_s: float) -> bytes:  # noqa: ARG002 - nothing ever comes later
        """Return what the device has said; `b""` when it said nothing: no test waits for it."""
        with self._lock:
            self._refuse_when_gone()
            came = bytes(self._incoming)
            self._incoming.clear()
            return came

    def write(self, data: bytes) -> None:
        """Take a request and answer it.

        Raises:
            AssertionError: It is not the next one of the dialogue.
            LinkLostError: The device was unplugged.
        """
        with self._lock:
            self._refuse_when_gone()
            self._outgoing += data
            while (end := self._outgoing.find(self._terminator)) >= 0:
                request = bytes(self._outgoing[:end])
                del self._outgoing[: end + len(self._terminator)]
                self._answer(request)

    def say(self, line: bytes) -> None:
        """Have the device say a line unasked."""
        with self._lock:
            self._incoming += line + self._terminator

    def drain(self) -> None:
        """Throw away what waits."""
        with self._lock:
            self._incoming.clear()

    def wake(self) -> None:
        """Do nothing: a read never waits."""

    def close(self) -> None:
        """Close the port."""
        self._closed = True

    def assert_played(self) -> None:
        """Fail when a line of the dialogue was not asked, or something else was."""
        assert not self.unasked, f"sent, but not in the dialogue: {self.unasked}"
        missing = [request for request, _ in self._left if request]
        assert not missing, f"in the dialogue, but not sent: {missing}"

    def _answer(self, request: bytes) -> None:
        if not self._left or self._left[0][0] != request:
            self.unasked.append(request)
            wanted = f"{self._left[0][0]!r}" if self._left else "nothing more"
            raise AssertionError(f"{request!r} was sent; the dialogue has {wanted}")
        _, reply = self._left.pop(0)
        if reply:
            self._incoming += reply + self._terminator
        while self._left and not self._left[0][0]:
            self._incoming += self._left.pop(0)[1] + self._terminator

    def _refuse_when_gone(self) -> None:
        if self.unplugged or self._closed:
            raise LinkLostError("the scripted device is unplugged")


class _Silence:
    """A clock that moves at each look, so that no silence lasts."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 0.1
        return self._now


class ScriptedLink(Link):
    """A link to a scripted device, open from the start; `assert_played` at the end of a test.

    Args:
        *dialogue: The exchanges: `(b"*IDN?", b"LSCI,MODEL240,...")`.
        terminator: Ends each line of both sides.
        framing: Makes another framing than lines.
    """

    def __init__(
        self, *dialogue: Exchange, terminator: bytes = b"\r\n", framing: Callable[[], Framing] | None = None
    ) -> None:
        self.device = ScriptedTransport(dialogue, terminator)
        made = framing() if framing is not None else Lines(terminator)
        super().__init__(lambda: self.device, made, name="the scripted device", monotonic=_Silence())
        self.open()

    def assert_played(self) -> None:
        """Fail when a line of the dialogue was not asked, or something else was."""
        self.device.assert_played()
