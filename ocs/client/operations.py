"""Operations and runs as a user of any client handles them.

Every method that asks the realm goes through the flavour's `do`: the blocking flavours return the answer,
the async one an awaitable of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocs.client.events import decode_earlier_sessions, decode_session_event
from ocs.client.flavour import Flavour
from ocs.client.interrupts import OnInterrupt, interruptible
from ocs.client.mailbox import Mailbox
from ocs.client.requests import DeviceRequests, StillRunningError
from ocs.client.session import Session
from ocs.client.signatures import signature_of
from ocs.client.steps import Conversation, Item, Listen, Take
from ocs.model.address import python_name
from ocs.model.errors import DeadlineError
from ocs.model.interface import OperationInterface
from ocs.model.operation import Kind
from ocs.wire import uris

LOOK_AGAIN_S = 5.0
"""What was told while the router was away is never told again: after so many quiet seconds, in s, it is asked for."""


class Operation:
    """A task or process of a device. Calling a task starts it and waits; calling a process starts it."""

    def __init__(self, flavour: Flavour, requests: DeviceRequests, interface: OperationInterface) -> None:
        self._flavour = flavour
        self.requests = requests
        self.interface = interface
        self.name = interface.name
        self.__name__ = python_name(interface.name)
        self.__doc__ = f"{self.signature}\n\n{interface.doc}"

    @property
    def address(self) -> str:
        """Device and operation, for people."""
        return f"{self.requests.name}.{self.name}"

    @property
    def signature(self) -> str:
        """The parameters with types, units and defaults, for people."""
        return signature_of(self.name, self.interface.params)

    def __call__(self, **params: Any) -> Any:
        """Start it; a task is waited for, and its session returned when it ended well.

        Raises:
            OcsError: It was refused or failed, with the device's code and sentence.
        """
        if self.interface.kind is Kind.PROCESS:
            return self.start(**params)
        return self.run(params)

    def run(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
        on_interrupt: OnInterrupt | str = OnInterrupt.LEAVE,
        abort_on_timeout: bool = False,
    ) -> Any:
        """Start it and wait until it ended; return its session.

        Args:
            params: The parameters.
            timeout_s: Longest wait in s; it ends the wait, not the run.
            on_interrupt: What Ctrl-C does to the run: `leave` or `abort`.
            abort_on_timeout: Ask the run to end when the wait times out.

        Raises:
            StillRunningError: It still runs after `timeout_s` seconds.
            InterruptedWait: Ctrl-C was pressed.
            OcsError: It was refused or failed, with the device's code and sentence.
        """

        def conversation() -> Conversation[Session]:
            running = self.requests.run(self.name, params or {}, timeout_s)
            try:
                session = yield from interruptible(running, self.address, on_interrupt, self.requested_end)
            except StillRunningError:
                if abort_on_timeout:
                    yield from self.requested_end()
                raise
            return session.check(self.requests.name)

        return self._flavour.do(conversation())

    def start(self, **params: Any) -> Any:
        """Start a run and return it at once."""

        def conversation() -> Conversation[Run]:
            return Run(self._flavour, self, (yield from self.requests.start(self.name, params)))

        return self._flavour.do(conversation())

    def status(self) -> Any:
        """Return the session of the newest run, None if it never ran."""
        return self._flavour.do(self.requests.status(self.name))

    def wait(self, timeout_s: float | None = None, *, on_interrupt: OnInterrupt | str = OnInterrupt.LEAVE) -> Any:
        """Return the newest run's session when it has ended; raises StillRunningError after `timeout_s` seconds."""
        waiting = self.requests.wait(self.name, timeout_s)
        return self._flavour.do(interruptible(waiting, self.address, on_interrupt, self.requested_end))

    def abort(self) -> Any:
        """Ask a task's run to end."""
        return self._flavour.do(self.requests.abort(self.name))

    def stop(self) -> Any:
        """Ask a process's run to end."""
        return self._flavour.do(self.requests.stop(self.name))

    def end(self) -> Any:
        """Ask the run to end: abort for a task, stop for a process."""
        return self._flavour.do(self.requested_end())

    def requested_end(self, run_id: str = "") -> Conversation[Session]:
        """Ask the run to end, as a conversation; with a `run_id` only if it is that run."""
        requests = self.requests
        end = requests.abort if self.interface.kind is Kind.TASK else requests.stop
        return end(self.name, run_id)

    def history(self, count: int = 50) -> Any:
        """Return the sessions of the newest runs, oldest first, those of earlier agent processes included."""
        return self._flavour.do(self.requests.history(self.name, count))

    def __repr__(self) -> str:
        return f"<{self.interface.kind.value} {self.requests.name}.{self.signature}>"


class Run:
    """A run that was started; `session` is what was last known of it."""

    def __init__(self, flavour: Flavour, operation: Operation, session: Session) -> None:
        self._flavour = flavour
        self.operation = operation
        self.session = session

    def wait(self, timeout_s: float | None = None, *, on_interrupt: OnInterrupt | str = OnInterrupt.LEAVE) -> Any:
        """Return the session when the run ended.

        Args:
            timeout_s: Longest wait in s; it ends the wait, not the run.
            on_interrupt: What Ctrl-C does to the run: `leave` or `abort`.

        Raises:
            InterruptedWait: Ctrl-C was pressed.
            StillRunningError: It still runs after `timeout_s` seconds.
            OcsError: It failed, with the device's code and sentence.
        """

        def conversation() -> Conversation[Session]:
            operation = self.operation
            waiting = operation.requests.wait(operation.name, timeout_s)
            newest = yield from interruptible(waiting, operation.address, on_interrupt, self._requested_end)
            own = yield from operation.requests.own(operation.name, newest, self.session)
            self.session = own or newest
            return self.session.check(operation.requests.name)

        return self._flavour.do(conversation())

    def status(self) -> Any:
        """Return the run's session as it is now, None if the device has forgotten it."""
        return self._flavour.do(self._newest())

    def abort(self) -> Any:
        """Ask the run of a task to end; NotRunningError when it has ended, even if another one runs."""
        requests = self.operation.requests
        return self._flavour.do(requests.abort(self.operation.name, self.session.run_id))

    def stop(self) -> Any:
        """Ask the run of a process to end; NotRunningError when it has ended, even if another one runs."""
        requests = self.operation.requests
        return self._flavour.do(requests.stop(self.operation.name, self.session.run_id))

    def _requested_end(self) -> Conversation[Session]:
        return self.operation.requested_end(self.session.run_id)

    def progress(self, timeout_s: float | None = None) -> Any:
        """Return an iterator (async in `ocs.client.aio`) over the run's progress, until it ended.

        Args:
            timeout_s: The longest pause between two changes.
        """
        return self._flavour.iterate(self._told_progress(timeout_s))

    def _told_progress(self, timeout_s: float | None) -> Conversation[None]:
        quiet_s = 0.0
        mailbox = Mailbox(self.topic)
        yield Listen(mailbox)
        known, session = self.session, (yield from self._newest())
        while session is not None and not session.ended:
            if timeout_s is not None and quiet_s >= timeout_s:
                raise DeadlineError(f"{self.operation.address} told no progress for {timeout_s:g} s")
            if not quiet_s or session.progress != known.progress:
                yield Item(session.progress)
            self.session = known = session
            span = LOOK_AGAIN_S if timeout_s is None else min(LOOK_AGAIN_S, timeout_s - quiet_s)
            letter = yield Take(mailbox, span)
            session = (self.take(letter.args) if letter is not None else None) or (yield from self._newest())
            quiet_s = quiet_s + span if letter is None else 0.0
        if session is not None:
            self.session = session
            session.check(self.operation.requests.name)
            yield Item(session.progress)

    def _newest(self) -> Conversation[Session | None]:
        requests, name = self.operation.requests, self.operation.name
        return (yield from requests.own(name, (yield from requests.status(name)), self.session))

    @property
    def topic(self) -> str:
        """Where the changes of the operation's sessions are published."""
        requests = self.operation.requests
        return uris.sessions(requests.root, requests.name, self.operation.name)

    def take(self, args: list[Any]) -> Session | None:
        """Return the session in an event if it belongs to this run."""
        newest = decode_session_event(args)
        if newest is None:
            return None
        told = [newest] if newest.is_of(self.session) else decode_earlier_sessions(args)
        own = next((session for session in told if session.is_of(self.session)), None)
        self.session = own or self.session
        return own

    def __repr__(self) -> str:
        return f"<run {self.operation.requests.name}: {self.session.sentence}>"
