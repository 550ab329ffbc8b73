"""One channel of one device while its agent runs: newest reading, set point, ring, and what its author calls.

Readings are made in whatever thread has the value; filters, events and the ring are the loop's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from ocs.agent.author.channel import ChannelDeclaration, Sample
from ocs.agent.author.declarations import is_reactor_function
from ocs.agent.calling.failing import as_error
from ocs.agent.calling.permission import check_permission
from ocs.agent.channels.events import LIMIT_KEYS, ChannelEvents
from ocs.model.channel import Access, ChannelInterface, Memorized
from ocs.model.channel_config import ConfigSource
from ocs.model.datatype import Format
from ocs.model.errors import NotAllowedError, OcsError
from ocs.model.layered_config import LayeredConfig
from ocs.model.limits import check_write, quality_of
from ocs.model.quality import Quality
from ocs.model.reading import Clock, Reading
from ocs.model.settling import Settling

if TYPE_CHECKING:
    from ocs.agent.device import Device

PERIODS_FRESH = 4.0
"""A polled reading older than so many periods is not taken for the present one (Tango, polling)."""


class Place(Enum):
    """Where a handler of a channel is called."""

    NOWHERE = "nowhere"
    HERE = "here"
    THREAD = "thread"
    LOOP = "loop"


def place_of_handler(handler: Callable[..., Any] | None, *, inline: bool = False) -> Place:
    """Return where a handler is called: nowhere without one, plain ones in the device's thread, async ones in the loop.

    Args:
        handler: Reader or writer.
        inline: Whether it is quick and called at once, as those of State and Status.
    """
    if handler is None:
        return Place.NOWHERE
    if inline:
        return Place.HERE
    return Place.LOOP if is_reactor_function(handler) else Place.THREAD


class ChannelRuntime:
    """A channel at work; the author has it as an attribute of the device.

    Args:
        declaration: What the author declared.
        device: The device, attached to its agent.
    """

    def __init__(self, declaration: ChannelDeclaration, device: Device) -> None:
        self.declaration = declaration
        self.name = declaration.name
        self.added = False
        self.device = device
        self.layers = LayeredConfig(self.name, declaration.type, declaration.code)
        self.kind = declaration.type
        self.reads_in = place_of_handler(declaration.reader, inline=declaration.inline)
        self.writes_in = place_of_handler(declaration.writer)
        self.ring: deque[Reading] = deque(maxlen=declaration.depth)
        self.latest: Reading | None = None
        self.setpoint: Any = None
        self.culprit = ""
        self.problem = ""
        self._timing = device.hosted().timing
        self._wrote_at: float | None = None
        self._settled = False
        self._settling: Settling | None = None
        self._rule: tuple[float | None, float] = (None, 0.0)
        self._open = declaration.access.readable and not declaration.when and declaration.allower is None
        self.events = ChannelEvents(self)
        self.configured()
        if declaration.initial is not None:
            self.setpoint = declaration.initial if declaration.access.writable else None
            self.latest = self._reading(declaration.initial, Sample(declaration.initial))
            self.ring.append(self.latest)
            self._timing.here_or_soon(device.quality_changed, self)
        if declaration.partner:
            device.followers.setdefault(declaration.partner, []).append(self)

    # -- for authors -----------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """The newest value, None before the first and when reading fails."""
        return None if self.latest is None else self.latest.value

    def get(self) -> Any:
        """Read the device now, in the calling thread, and return the value; a cancel point where the link is one.

        Raises:
            OcsError: It could not be read.
        """
        return self.device.acquisition.read_here(self)

    def put(self, value: Any) -> None:
        """Write as a client would: checked, kept where it is memorized, in the calling thread.

        Raises:
            OcsError: It was refused, or failed.
        """
        self.device.acquisition.write_here(self, value)

    def set(self, value: Any, *, quality: Quality | None = None, time: float | None = None) -> None:
        """Give the channel a value that the device's code has, from any thread.

        Raises:
            ParameterError: It has the wrong type.
        """
        self._accept(self.made(Sample(value, time, quality)))

    def fail(self, error: BaseException | str) -> None:
        """Say that there is no value, and why, from any thread."""
        self._accept(self.failed(error if isinstance(error, BaseException) else OcsError(error)))

    def push(self, kind: str, *, counter: int | None = None) -> None:
        """Send an event of a kind that the declaration names in `pushes`, with the newest reading.

        Args:
            kind: change, archive, alarm, user or data_ready.
            counter: What a data_ready event counts.

        Raises:
            NotAllowedError: The declaration does not name the kind.
        """
        wanted = next((pushed for pushed in self.declaration.pushes if pushed.value == kind), None)
        if wanted is None:
            raise NotAllowedError(f'channel {self.name} does not push {kind} events; declare pushes=("{kind}",)')
        self._timing.here_or_soon(self.events.pushed, wanted, self.latest, counter)

    # -- making readings -------------------------------------------------------------------------

    def made(self, raw: Any) -> Reading:
        """Return the reading that a reader's answer makes.

        Raises:
            ParameterError: It has the wrong type.
            OutOfRangeError: It does not fit into the type.
        """
        sample = raw if isinstance(raw, Sample) else self._sample(raw)
        value = self.kind.check(sample.value, self.name)
        return self._reading(value, sample)

    def _sample(self, raw: Any) -> Sample:
        pair = isinstance(raw, tuple) and len(raw) == 2 and isinstance(raw[1], float)  # noqa: PLR2004 - (value, time)
        single = self.kind.format in {Format.SCALAR, Format.RECORD}
        if pair and (single or not isinstance(raw[0], (int, float))):  # else it is a spectrum of two
            return Sample(raw[0], raw[1], clock=Clock.DEVICE)
        return Sample(raw)

    def _reading(self, value: Any, sample: Sample) -> Reading:
        seconds, wanted = self._timing.seconds(), self.wanted
        quality, culprit = sample.quality, f"{self.name}: {sample.reason}" if sample.reason else ""
        if quality is None:
            since = None if self._wrote_at is None else seconds - self._wrote_at
            quality, culprit = quality_of(value, wanted, since, self.layers.effective, self.kind)
        if quality is Quality.INVALID:
            value = None
        self.culprit = culprit or (f"{self.name} is in {quality.value}" if quality in _TOLD else "")
        settled = None
        if self._settling is not None and wanted is not None and value is not None:
            settled = self._settling.take(value, wanted, seconds)
        moment = self._timing.now() if sample.time is None else sample.time
        return Reading(value, quality, moment, seconds, wanted, sample.clock, None, settled, sample.quality is not None)

    def failed(self, error: BaseException) -> Reading:
        """Return the reading that stands for a failure: no value, and why."""
        known = as_error(error, self.name)
        return Reading(
            None, Quality.INVALID, self._timing.now(), self._timing.seconds(), self.wanted, error=known
        )  # fmt: skip

    @property
    def wanted(self) -> Any:
        """The set point that a reading goes with: its own, or that of its partner."""
        partner = self.device.channels.get(self.declaration.partner)
        return self.setpoint if partner is None else partner.setpoint

    def _accept(self, reading: Reading) -> None:
        self.latest = reading
        self._timing.here_or_soon(self._told, reading)

    def _told(self, reading: Reading) -> None:
        self.processed(reading)
        if self.declaration.feed:
            self.device.channel_feeds.told(self, reading)

    def processed(self, reading: Reading) -> None:
        """Take a reading into ring, events, state and health, in the loop."""
        before = self.ring[-1] if self.ring else None
        self.latest = reading
        self.ring.append(reading)
        if before is None or before.quality is not reading.quality:
            self.device.quality_changed(self)
        self.events.processed(reading)
        if reading.settled and not self._settled:
            self.events.settled(reading)
        self._settled = bool(reading.settled)

    # -- asking ----------------------------------------------------------------------------------

    @property
    def poll_period_s(self) -> float | None:
        """The polling period in s, None when it is not polled."""
        return None if self.declaration.reader is None else self.layers.effective.poll_period_s

    @property
    def kept(self) -> bool:
        """Whether its set point outlives a restart of the agent."""
        return self.declaration.memorized is not Memorized.NO

    @property
    def limited(self) -> bool:
        """Whether its value can make it be in alarm or warning."""
        config = self.layers.effective
        return any(getattr(config, key) is not None for key in LIMIT_KEYS)

    @property
    def interface(self) -> ChannelInterface:
        """The channel as clients see it, with its configuration as it is now."""
        declared, config = self.declaration, self.layers.effective
        return ChannelInterface(
            name=self.name, type=self.kind, access=declared.access, config=config, level=declared.level,
            memorized=declared.memorized, partner=declared.partner, feed=declared.feed,
            polled=self.poll_period_s is not None, events=self.events.kinds,
        )  # fmt: skip

    def fresh(self, max_age_s: float | None) -> Reading | None:
        """Return the newest reading if it may be taken for the present one, else None."""
        latest = self.latest
        if latest is None or self.declaration.fed_by_code:
            return latest
        period = self.poll_period_s
        limit = max_age_s if max_age_s is not None else (None if period is None else PERIODS_FRESH * period)
        if limit is None or self._timing.seconds() - latest.taken > limit:
            return None
        return latest

    def check_access(self, *, write: bool) -> None:
        """Make sure that the device allows to read or write it now.

        Raises:
            NotAllowedError: It does not; the sentence names the state and the allowed ones, or the device's reason.
        """
        declared = self.declaration
        if not write and self._open:
            return
        verb = "written" if write else "read"
        if write and not declared.access.writable:
            raise NotAllowedError(f"channel {self.name} cannot be written: it is read only", field=self.name)
        if not write and not declared.access.readable:
            raise NotAllowedError(f"channel {self.name} cannot be read: it is write only", field=self.name)
        self.device.state.require(declared.write_when if write else declared.when, f"channel {self.name}", verb)
        if declared.allower is not None:
            check_permission(declared.allower, f"channel {self.name}", verb, self.device, write=write)

    def checked(self, value: Any) -> Any:
        """Return a value to write in its canonical form.

        Raises:
            ParameterError: It has the wrong type.
            OutOfRangeError: It is out of the limits, NaN, or does not fit into the type.
        """
        config, kind = self.layers.effective, self.kind
        canonical = kind.check(value, self.name)
        check_write(canonical, config, kind, self.name)
        return canonical

    # -- changing --------------------------------------------------------------------------------

    def wrote(self, value: Any) -> None:
        """Take note of the set point that the device was given."""
        self.setpoint = value
        for channel in (self, *self.device.followers.get(self.name, ())):
            channel.aimed(value)
        self._mended()
        self._show_setpoint()

    def aimed(self, setpoint: Any) -> None:
        """Take note that the value is to follow a new set point, so that no earlier reading passes for one of it."""
        self._wrote_at = self._timing.seconds()
        self._settled = False
        if self._settling is not None:
            self._settling.wrote(self._wrote_at)
        if self.latest is not None:
            settled = None if self._settling is None else False
            self.latest = replace(self.latest, setpoint=setpoint, settled=settled)

    def restored(self, value: Any) -> None:
        """Take the set point of before the restart, which the device was not given again."""
        self.setpoint = value
        self._mended()
        self._show_setpoint()

    def _show_setpoint(self) -> None:
        if self.declaration.fed_by_code and self.declaration.access is not Access.WRITE:
            self._accept(self._reading(self.setpoint, Sample(self.setpoint)))

    def _mended(self) -> None:
        if self.problem:
            self.problem = ""
            self._timing.here_or_soon(self.device.quality_changed, self)

    def take_stored(self) -> None:
        """Take what was configured in earlier lives of the agent, of the class and then of the device."""
        device, settings = self.device, self.device.hosted().settings
        names = {ConfigSource.CLASS: type(device).__name__, ConfigSource.DEVICE: device.name}
        for scope, name in names.items():
            stored = settings.config(scope.value, name, self.name)
            if stored:
                for sentence in self.layers.load(scope, stored):
                    device.log.warn("{sentence}", sentence=sentence)
                self.configured()

    def restore_failed(self, kept: Any, error: OcsError) -> None:
        """Say that the memorized set point could not be restored, and why; a good write clears it."""
        self.problem = (
            f"{self.name}: its memorized set point {kept!r} could not be restored: {error.message}; write it again"
        )
        self._timing.here_or_soon(self.device.quality_changed, self)

    def configured(self) -> None:
        """Go by the configuration as it is now."""
        config, declared = self.layers.effective, self.declaration.type
        self.kind = declared.with_labels(config.enum_labels) if config.enum_labels else declared
        rule = (config.settle_tolerance, config.settle_dwell_s)
        if rule != self._rule:
            self._rule = rule
            self._settling = None if rule[0] is None else Settling(rule[0], rule[1])
        self.events.configured()
        latest = self.latest
        if latest is not None and latest.value is not None and not latest.set_by_code:
            since = None if self._wrote_at is None else self._timing.seconds() - self._wrote_at
            quality, self.culprit = quality_of(latest.value, latest.setpoint, since, config, self.kind)
            if quality is not latest.quality:  # the new limits hold at once
                self.latest = replace(latest, quality=quality)
                self._timing.here_or_soon(self.processed, self.latest)


_TOLD = frozenset({Quality.ALARM, Quality.WARNING})
