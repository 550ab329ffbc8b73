"""The way to one device: one exchange at a time, from any thread, and back again after a loss."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ocs.link.back_off import Attempts, BackOff
from ocs.link.conversation import Conversation, Expects
from ocs.link.framing import Framing
from ocs.link.presence import Presence
from ocs.link.status import LinkCounters, LinkState, LinkStatus, Tally
from ocs.link.transport import Transport
from ocs.link.turn import Turn
from ocs.model.errors import (
    DeadlineError,
    DeviceError,
    LinkLostError,
    NotAllowedError,
    OcsError,
    ParameterError,
)

DEADLINES_UNTIL_LOST = 3
"""Requests in a row without reply after which the device counts as lost."""

TURN_S = 60.0
"""Longest wait for other threads' exchanges and transactions."""


class Link:
    """A device that can be asked: thread-safe and blocking.

    Waiting for the other threads' exchanges and for a reply are cancel points of the run that the
    thread works for. A lost device is looked for in a thread of the link's own until it is back;
    whoever asks meanwhile gets LinkLostError at once.

    Args:
        open_transport: Opens the port; called again after each loss, in other threads.
        framing: Cuts the stream into frames; owned by this link.
        name: What is talked to, for people: "thermometer on /dev/ttyUSB0".
        timeout_s: Longest wait for a reply in seconds, if the request does not say.
        encoding: Between text and bytes; "latin-1" carries every byte.
        verify: Asks the device who it is after each opening; it counts as there when this returns.
        on_change: Called once for each change of state, in the thread that notices; must be quick.
        monotonic: A clock in seconds for durations.
        wall: A clock in POSIX seconds for `status.since`.
        back_off: How often a lost device is looked for.
        quiet_s: Silence in seconds after which the reply to an interrupted request is given up.
    """

    def __init__(  # noqa: PLR0913 - all but two have defaults; a bundle would only hide them
        self,
        open_transport: Callable[[], Transport],
        framing: Framing,
        *,
        name: str = "link",
        timeout_s: float = 2.0,
        encoding: str = "ascii",
        verify: Callable[[Link], object] | None = None,
        on_change: Callable[[LinkStatus], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        back_off: BackOff | None = None,
        quiet_s: float = 0.05,
    ) -> None:
        self.name = name
        self._open_transport = open_transport
        self._framing = framing
        self._timeout_s = timeout_s
        self._encoding = encoding
        self._verify = verify
        self._monotonic = monotonic
        self._back_off = back_off or BackOff()
        self._quiet_s = quiet_s
        self._turn = Turn(name, monotonic)
        self._tally = Tally()
        self._presence = Presence(name, on_change, monotonic=monotonic, wall=wall)
        self._conversation: Conversation | None = None
        self._prober: threading.Thread | None = None
        self._deadlines = 0
        self._attempt = 0
        self._attempts = Attempts(f"looks for {name}", self._look, self._next_delay_s)

    @property
    def status(self) -> LinkStatus:
        """Whether the device can be asked, since when, and why not."""
        return self._presence.status

    @property
    def counters(self) -> LinkCounters:
        """What went over the link so far."""
        return self._tally.counters()

    def open(self) -> None:
        """Open the port and verify the device; nothing happens when it is open.

        Raises:
            LinkLostError: The device is not there; it is looked for from now on.
        """
        self._refuse_in_event_loop()
        with self._turn.taken(TURN_S):
            if self._presence.state is LinkState.OPEN:
                return
            self._presence.wanted = True
            try:
                self._connect()
            except Exception as error:
                self._lose(_sentence(error))
                raise LinkLostError(f"{self.name} is not there: {_sentence(error)}") from error
            self._attempts.end()

    def ask(
        self,
        request: str | bytes,
        *,
        timeout_s: float | None = None,
        expects: Callable[[str], bool] | None = None,
    ) -> str:
        """Send a request and return the reply, one frame.

        What came before the request is thrown away, unless `expects` is given.

        Args:
            request: Text or bytes, without terminator.
            timeout_s: Longest wait for the reply in seconds; the link's own if not given.
            expects: Says whether a frame is the reply; others are kept for `read`. For devices
                that talk unasked, or repeat in the reply what was asked.

        Raises:
            Cancelled: The run was asked to end.
            DeadlineError: No reply came in time.
            DeviceError: What came is no frame, or no text.
            LinkLostError: The device is not there.
            NotAllowedError: Called in the event loop's thread.
        """
        fits = None if expects is None else _in_text(expects, self._encoding)
        return self._text(self.ask_bytes(self._bytes(request), timeout_s=timeout_s, expects=fits))

    def ask_bytes(self, request: bytes, *, timeout_s: float | None = None, expects: Expects | None = None) -> bytes:
        """Send a request and return the reply as it came; as `ask`, for binary devices."""
        with self._exchange() as conversation:
            try:
                reply = conversation.ask(request, self._within(timeout_s), expects)
            except DeadlineError as error:
                self._count_deadline(error)
                raise
            self._deadlines = self._attempt = 0
            return reply

    def tell(self, request: str | bytes) -> None:
        """Send a request that has no reply.

        Raises:
            Cancelled: The run was asked to end, before anything was sent.
            DeadlineError: The device takes no more bytes.
            LinkLostError: The device is not there.
            NotAllowedError: Called in the event loop's thread.
        """
        with self._exchange() as conversation:
            try:
                conversation.tell(self._bytes(request))
            except DeadlineError as error:
                self._count_deadline(error)
                raise

    def read(self, *, timeout_s: float | None = None) -> str:
        """Return the next frame that came or comes unasked.

        Within a transaction, after `ask`: the next line of a reply of several lines.

        Raises:
            Cancelled: The run was asked to end.
            DeadlineError: None came in time.
            DeviceError: What came is no frame, or no text.
            LinkLostError: The device is not there.
            NotAllowedError: Called in the event loop's thread.
        """
        with self._exchange() as conversation:
            return self._text(conversation.read(self._within(timeout_s)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all other threads from the device in the block; may be nested.

        Raises:
            Cancelled: The run was asked to end while it waited for its turn.
            DeadlineError: Another thread kept the device for a minute.
            LinkLostError: The device is not there.
            NotAllowedError: Called in the event loop's thread.
        """
        self._refuse_in_event_loop()
        self._require_open()
        with self._turn.taken(TURN_S):
            self._require_open()
            yield

    def close(self) -> None:
        """Close the port and look for it no more; from any thread, without waiting."""
        self._presence.wanted = False
        self._attempts.end()
        self._hang_up()
        self._presence.change(LinkState.CLOSED, "closed")

    @contextmanager
    def _exchange(self) -> Iterator[Conversation]:
        self._refuse_in_event_loop()
        self._require_open()
        with self._turn.taken(TURN_S):
            conversation = self._require_open()
            try:
                yield conversation
            except LinkLostError as error:
                if not self._probing:
                    self._lose(error.message)
                raise LinkLostError(f"{self.name} was lost: {error.message}") from error

    @property
    def _probing(self) -> bool:
        """Whether this thread is the one that verifies a device just opened."""
        return self._prober is threading.current_thread()

    def _require_open(self) -> Conversation:
        conversation = self._conversation
        if conversation is not None and (self._probing or self._presence.state is LinkState.OPEN):
            return conversation
        raise self._presence.missing(self._back_off.delay_s(max(0, self._attempt - 1)))

    def _connect(self) -> None:
        """Open the transport and verify the device; the caller has the turn."""
        transport = self._open_transport()
        try:
            self._conversation = Conversation(
                self.name,
                transport,
                self._framing,
                tally=self._tally,
                monotonic=self._monotonic,
                quiet_s=self._quiet_s,
            )
            if self._verify is not None:
                self._prober = threading.current_thread()
                self._verify(self)
        except BaseException:
            self._conversation = None
            transport.close()
            raise
        finally:
            self._prober = None
        self._deadlines = 0
        returns = self._presence.state is LinkState.LOST
        if not self._presence.change(LinkState.OPEN):
            self._hang_up()
            raise LinkLostError(f"{self.name} was closed meanwhile")
        self._tally.reopened += returns

    def _look(self) -> bool:
        """Try once to find the lost device; True when there is no more to do."""
        try:
            with self._turn.taken(TURN_S):
                if self._presence.state is not LinkState.LOST:
                    return True
                self._connect()
        except Exception as error:  # noqa: BLE001 - whatever verify raises, the search goes on
            self._presence.note(_sentence(error))
            return False
        return True

    def _next_delay_s(self) -> float:
        delay_s = self._back_off.delay_s(self._attempt)
        self._attempt += 1
        return delay_s

    def _count_deadline(self, error: DeadlineError) -> None:
        self._deadlines += 1
        if self._deadlines >= DEADLINES_UNTIL_LOST and not self._probing:
            self._lose(f"{self._deadlines} requests in a row without answer: {error.message}")

    def _lose(self, reason: str) -> None:
        self._hang_up()
        if self._presence.change(LinkState.LOST, reason):
            self._attempts.start()

    def _hang_up(self) -> None:
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.close()

    def _refuse_in_event_loop(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        raise NotAllowedError(
            f"{self.name} was asked in the event loop's thread, which must not wait: make the "
            "operation a plain def, or write `await asyncio.to_thread(link.ask, ...)`"
        )

    def _within(self, timeout_s: float | None) -> float:
        return self._timeout_s if timeout_s is None else timeout_s

    def _bytes(self, request: str | bytes) -> bytes:
        if isinstance(request, bytes):
            return request
        try:
            return request.encode(self._encoding)
        except UnicodeEncodeError as error:
            raise ParameterError(
                f"'{request}' cannot be sent to {self.name} in {self._encoding}", given=request
            ) from error

    def _text(self, frame: bytes) -> str:
        try:
            return frame.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise DeviceError(
                f"{self.name} sent {frame[:80]!r}, which is no text in {self._encoding}; check baud rate and cable",
                given=frame,
            ) from error


def _sentence(error: Exception) -> str:
    return error.message if isinstance(error, OcsError) else f"{type(error).__name__}: {error}"


def _in_text(expects: Callable[[str], bool], encoding: str) -> Expects:
    # A frame that is no text is nobody's reply; it must not end the wait for the real one.
    return lambda frame: expects(frame.decode(encoding, "replace"))
