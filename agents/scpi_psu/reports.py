"""What the simulated instrument tells about errors and events: queue, registers, and the commands that read them."""

from __future__ import annotations

from collections import deque

from agents.scpi_psu.scpi import Commands, whole
from agents.scpi_psu.status import QUEUE_LENGTH, ErrorNumber, StandardEvent, StatusByte

NO_EVENT = StandardEvent(0)

_REGISTER = range(256)


class Reports:
    """The error queue and the status registers, as IEEE 488.2 and SCPI want them.

    Args:
        commands: Gets the commands that read and clear them.
    """

    def __init__(self, commands: Commands) -> None:
        self._errors: deque[ErrorNumber] = deque()
        self._events = StandardEvent.POWER_ON
        self._enabled_events = 0
        self._enabled_bits = 0
        commands.add("*CLS", lambda _: self.clear())
        commands.add("*OPC", lambda _: self._note(StandardEvent.OPERATION_COMPLETE))
        commands.add("*OPC?", lambda _: "1")
        commands.add("*ESR?", lambda _: str(self._take_events().value))
        commands.add("*ESE", lambda a: self._enable(events=whole(a[0], _REGISTER)), arguments=(1,))
        commands.add("*ESE?", lambda _: str(self._enabled_events))
        commands.add("*STB?", lambda _: str(self._status_byte().value))
        commands.add("*SRE", lambda a: self._enable(bits=whole(a[0], _REGISTER)), arguments=(1,))
        commands.add("*SRE?", lambda _: str(self._enabled_bits))
        commands.add("SYSTem:ERRor[:NEXT]?", lambda _: self._tell_error())

    def remember(self, error: ErrorNumber) -> None:
        """Put an error at the end of the queue; when that is full, its last entry says so."""
        self._note(error.event)
        if len(self._errors) < QUEUE_LENGTH:
            self._errors.append(error)
        else:
            self._errors[-1] = ErrorNumber.QUEUE_OVERFLOW

    def clear(self) -> None:
        """Forget all errors and events; what is enabled stays."""
        self._errors.clear()
        self._events = NO_EVENT

    def power_cycle(self) -> None:
        """Begin with the one event that power came."""
        self._errors.clear()
        self._events = StandardEvent.POWER_ON
        self._enable(events=0, bits=0)

    def _note(self, event: StandardEvent) -> None:
        self._events |= event

    def _enable(self, *, events: int | None = None, bits: int | None = None) -> None:
        self._enabled_events = self._enabled_events if events is None else events
        self._enabled_bits = self._enabled_bits if bits is None else bits

    def _take_events(self) -> StandardEvent:
        events, self._events = self._events, NO_EVENT
        return events

    def _tell_error(self) -> str:
        error = self._errors.popleft() if self._errors else ErrorNumber.NONE
        return f'{error.value},"{error.text}"'

    def _status_byte(self) -> StatusByte:
        found = StatusByte.ERROR_QUEUE if self._errors else StatusByte(0)
        if self._events.value & self._enabled_events:
            found |= StatusByte.STANDARD_EVENT
        return found | StatusByte.MASTER_SUMMARY if found.value & self._enabled_bits else found
