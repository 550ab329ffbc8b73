"""One feed while its agent runs: samples from any thread, batched by size and age, numbered when they go out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ocs.agent.calling.timing import Timing
from ocs.agent.data.parts import Columns, cut_blocks
from ocs.agent.data.row_columns import NO_QUALITY
from ocs.model.errors import ParameterError
from ocs.model.feed import Block, FeedInterface, check_moment
from ocs.model.interface import Identity
from ocs.model.quality import Quality
from ocs.wire import describe, feeds, uris
from ocs.wire.plain import plain

if TYPE_CHECKING:
    from ocs.agent.data.recording import SeriesRecorder

VIEW_PERIOD_S = 0.5
"""A bulk feed shows one sample on its ordinary topic at most so often, in s."""


class FeedRuntime:
    """A feed that can be published to.

    A sample that cannot be sent is refused where it is published. What is recorded goes to the agent's spool
    first, and to the archive from there. The live view is best effort: what is published while the router is
    away is dropped there and counted in `dropped`.

    Args:
        interface: The declaration.
        identity: The device.
        timing: The agent's loop.
        send: Sends a payload to a topic; False when the router is away.
        record: Gives what takes the rows of a block for the archive; None where the agent has no archiver.
    """

    def __init__(
        self,
        interface: FeedInterface,
        identity: Identity,
        timing: Timing,
        send: Callable[[str, Any], bool],
        record: Callable[[FeedInterface, str], SeriesRecorder] | None = None,
    ) -> None:
        self.interface = interface
        self.published = 0
        self.dropped = 0
        self._timing = timing
        self._send = send
        self._info = describe.feed_info(identity, interface)
        self._epoch = identity.epoch
        self._topic = uris.feed(identity.root, identity.name, interface.name)
        self._blocks_topic = uris.blocks(identity.root, identity.name, interface.name)
        self._lock = threading.Lock()
        self._blocks: dict[str, Block] = {}
        self._record = record if interface.archived else None
        self._recorders: dict[str, SeriesRecorder] = {}
        self._waiting = 0
        self._scheduled = False
        self._timer: Any = None
        self._next_view = 0.0

    @property
    def info(self) -> dict[str, Any]:
        """The `feed_info` of OCS."""
        return self._info

    def publish(
        self,
        sample: Mapping[str, Any] | None = None,
        *,
        time: float | None = None,
        block: str | None = None,
        **fields: Any,
    ) -> None:
        """Publish one value for each field, all of the same instant.

        Args:
            sample: The values by field; or give them as keywords.
            time: The instant, POSIX s, UTC; now, if left out.
            block: Name of the block; the feed's name, if left out.
            **fields: Values by field.

        Raises:
            ParameterError: A field's name is wrong, or the fields are not those of the block's first sample.
            NotSerialisableError: A value is no number, text or truth value.
        """
        values = fields if sample is None else {**sample, **fields}
        self.publish_readings(values, self._timing.now() if time is None else float(time), block)

    def publish_readings(
        self,
        values: Mapping[str, Any],
        time: float,
        block: str | None = None,
        quality: Mapping[str, Quality] = NO_QUALITY,
    ) -> None:
        """Publish one value for each field with what they are worth; as `publish`.

        Args:
            values: The values by field.
            time: The instant, POSIX s, UTC.
            block: Name of the block; the feed's name, if left out.
            quality: Of those that are not VALID, for the archive.
        """
        check_moment(time)
        with self._lock:
            kept = self._block(block, values)
            plain_values = kept.add_sample(time, values)
            self._blocks[kept.name] = kept
            recorder = self._recorder(kept.name)
            if recorder is not None:
                recorder.add(time, kept.fields, plain_values, quality)
            self._waiting += 1
        self._schedule()

    def publish_columns(
        self, times: Sequence[float] | Any, data: Mapping[str, Any], *, block: str | None = None
    ) -> None:
        """Publish a column for each field.

        Args:
            times: The instants, POSIX s, UTC, shape (n,).
            data: Columns by field, each a list or array of n values.
            block: Name of the block; the feed's name, if left out.

        Raises:
            ParameterError: A field's name or length is wrong, or the fields differ from the block's first.
            NotSerialisableError: A value is no number, text or truth value.
        """
        if self.interface.bulk:
            self._publish_bulk(times, data, block or self.interface.name)
            return
        with self._lock:
            kept = self._block(block, data)
            plain_times, columns = kept.add_columns(times, data)
            self._blocks[kept.name] = kept
            recorder = self._recorder(kept.name)
            if recorder is not None:
                recorder.add_columns(plain_times, dict(zip(kept.fields, columns, strict=True)))
            self._waiting += len(plain_times)
        self._schedule()

    def publish_message(self, message: Any, told: Mapping[str, Any] | None = None) -> None:
        """Publish any message on a feed that is not recorded.

        Args:
            message: The message.
            told: Further keys of the `feed_info` that goes with it.

        Raises:
            ParameterError: The feed is recorded: it takes samples only.
            NotSerialisableError: The message cannot be sent.
            TooLargeError: It is larger than 1 MB.
        """
        if self.interface.record:
            raise ParameterError(f"feed {self.interface.name} is recorded; publish samples, or declare record=False")
        sent = plain(message, f"the message of feed {self.interface.name}")
        self._anywhere(self._emit, self._topic, sent, 1, told)

    def flush(self) -> None:
        """Send what waits, now."""
        self._anywhere(self._flush)

    def _block(self, name: str | None, values: Mapping[str, Any]) -> Block:
        # A new block is kept by the caller when its first sample was good: that one decides on the fields.
        key = name or self.interface.name
        known = self._blocks.get(key)
        return Block.of_fields(key, tuple(values)) if known is None else known

    def _recorder(self, block: str) -> SeriesRecorder | None:
        """Return what takes a block's rows for the archive; None where nobody does."""
        found = self._recorders.get(block)
        if found is None and self._record is not None:
            found = self._recorders[block] = self._record(self.interface, block)
        return found

    def _schedule(self) -> None:
        full = self._waiting >= self.interface.batch_size
        if self._scheduled and not full:
            return
        with self._lock:
            first, self._scheduled = not self._scheduled, True
        if full or self.interface.batch_s <= 0:
            self._anywhere(self._flush)
        elif first:
            self._anywhere(self._start_timer)

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = self._timing.later(self.interface.batch_s, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        self._flush()

    def _flush(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        with self._lock:
            taken = [block.take() for block in self._blocks.values() if len(block)]
            self._waiting = 0
            self._scheduled = False
        if not taken:
            return
        if self.interface.bulk:
            for block in taken:
                for part in cut_blocks([block]):
                    self._emit(self._blocks_topic, feeds.encode_columns(part[0]), rows=len(part[0]))
                self._view(block)
            return
        for part in cut_blocks(taken):
            self._emit(
                self._topic, feeds.encode_message(part, self.interface.tags), rows=sum(len(block) for block in part)
            )

    def _publish_bulk(self, times: Any, data: Mapping[str, Any], name: str) -> None:
        columns = Columns(times, data)
        with self._lock:
            kept = self._block(name, columns.data)
            kept.check_fields(columns.data)
            self._blocks[kept.name] = kept
            recorder = self._recorder(kept.name)
            if recorder is not None:
                # Copies: the author may fill the same arrays again before they are committed.
                copies = {
                    field: np.array(column) if isinstance(column, np.ndarray) else column
                    for field, column in columns.data.items()
                }
                recorder.add_columns(columns.times.copy(), copies)
        for part_times, part in columns.parts():
            encoded = feeds.encode_arrays(name, part_times, part)
            self._anywhere(self._emit, self._blocks_topic, encoded, len(part_times))
        if self._timing.seconds() < self._next_view:
            return
        last = columns.last(name)
        if last is not None:
            self._anywhere(self._view, last)

    def _view(self, block: Block) -> None:
        now = self._timing.seconds()
        if now < self._next_view or not len(block):
            return
        self._next_view = now + VIEW_PERIOD_S
        last = Block(block.name, block.fields, block.timestamps[-1:], [column[-1:] for column in block.columns])
        self._emit(self._topic, feeds.encode_message([last], self.interface.tags), rows=0)

    def _emit(self, topic: str, message: Any, rows: int = 1, told: Mapping[str, Any] | None = None) -> None:
        self.published += 1
        info = {**self._info, "seq": self.published, "epoch": self._epoch, **(told or {})}
        if not self._send(topic, [message, info]):
            self.dropped += rows

    def _anywhere(self, function: Callable[..., None], *args: Any) -> None:
        if self._timing.in_loop:
            function(*args)
        else:
            self._timing.soon(function, *args)
