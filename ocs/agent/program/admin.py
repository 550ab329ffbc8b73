"""The admin device that each agent has: the figures of its process, its devices, and how to set one up anew."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import psutil

from ocs.agent.author.channel import Channel
from ocs.agent.author.declarations import command
from ocs.agent.device import Device
from ocs.model.address import ADMIN_DOMAIN
from ocs.model.errors import NotFoundError
from ocs.model.health import Cause
from ocs.model.health_rules import figure_cause
from ocs.model.units import Unit

if TYPE_CHECKING:
    from ocs.agent.data.archiving import Archiving
    from ocs.agent.serving.member import Member

FIGURES_S = 1.0
LAG_WARN_S, LAG_BAD_S = 0.5, 5.0
QUEUE_WARN, QUEUE_BAD = 100.0, 1000.0

MEGA = 1e6

Seconds = Annotated[float, Unit("s")]


def admin_name(agent_class: str, instance: str) -> str:
    """Return the name of an agent's admin device."""
    return f"{ADMIN_DOMAIN}/{agent_class}/{instance}"


class AdminDevice(Device):
    """The agent itself as a device: how its process is, which devices it hosts, their polling."""

    members: Sequence[Member] = ()
    archiving: Archiving | None = None

    uptime = Channel(Seconds, period_s=FIGURES_S, doc="time since the agent started")
    loop_lag = Channel(
        Seconds, period_s=FIGURES_S, doc="how late the event loop was at worst since the last look", abs_change=0.05
    )
    memory = Channel(Annotated[float, Unit("MB")], period_s=FIGURES_S, doc="resident memory", rel_change=5.0)
    cpu = Channel(Annotated[float, Unit("%")], period_s=FIGURES_S, doc="share of one core", abs_change=5.0)
    threads = Channel(int, period_s=FIGURES_S, doc="threads of the process", abs_change=1)
    queue_depth = Channel(int, period_s=FIGURES_S, doc="requests that wait for handlers of devices", abs_change=1)
    feed_drops = Channel(int, period_s=FIGURES_S, doc="feed samples dropped while the router was away", abs_change=1)
    poll_overruns = Channel(
        int, period_s=FIGURES_S, doc="polls left out because the one before was not done", abs_change=1
    )

    spool_depth = Channel(int, period_s=FIGURES_S, doc="rows in the spool that the archiver has not", rel_change=10.0)
    spool_size = Channel(Annotated[float, Unit("MB")], period_s=FIGURES_S, doc="size of the spool", rel_change=10.0)
    spool_age = Channel(Seconds, period_s=FIGURES_S, doc="age of its oldest row", abs_change=10.0)
    spool_drops = Channel(int, period_s=FIGURES_S, doc="rows that the archive will miss, see its gaps", abs_change=1)

    def setup(self) -> None:
        """Begin to watch the process."""
        self.process = psutil.Process(os.getpid())
        self.process.cpu_percent()
        self.began = self.seconds()
        self.latest_lag = 0.0
        self.hosted().timing.soon(self._watch_loop, self.seconds())

    def shutdown(self) -> None:
        """Stop to watch it."""
        self.hosted().timing.soon(self._watch_no_more)

    def _watch_loop(self, due: float) -> None:
        now = self.seconds()
        self.latest_lag = max(self.latest_lag, now - due)
        self.watching = self.hosted().timing.loop.call_later(FIGURES_S / 4, self._watch_loop, now + FIGURES_S / 4)

    def _watch_no_more(self) -> None:
        watching = getattr(self, "watching", None)
        if watching is not None:
            watching.cancel()

    # -- figures ---------------------------------------------------------------------------------

    @uptime.read
    def read_uptime(self) -> float:
        """Return the time since the agent started, in s."""
        return self.seconds() - self.began

    @loop_lag.read
    def read_loop_lag(self) -> float:
        """Return the worst lag since the last look, in s."""
        worst, self.latest_lag = self.latest_lag, 0.0
        return worst

    @memory.read
    def read_memory(self) -> float:
        """Return the resident memory in MB."""
        return float(self.process.memory_info().rss) / MEGA

    @cpu.read
    def read_cpu(self) -> float:
        """Return the share of one core since the last look, in %."""
        return float(self.process.cpu_percent())

    @threads.read
    def read_threads(self) -> int:
        """Return the number of threads."""
        return int(self.process.num_threads())

    @queue_depth.read
    def read_queue_depth(self) -> int:
        """Return how many requests wait for handlers, over all devices."""
        return sum(member.device.thread.queue_depth for member in self.members if member.device is not self)

    @feed_drops.read
    def read_feed_drops(self) -> int:
        """Return how many samples of feeds were dropped."""
        return sum(feed.dropped for member in self.members for feed in member.device.feeds.values())

    @spool_depth.read
    def read_spool_depth(self) -> int:
        """Return how many rows the archiver has not; 0 without an archiver."""
        return 0 if self.archiving is None else self.archiving.spool.depth_rows

    @spool_size.read
    def read_spool_size(self) -> float:
        """Return the size of the spool in MB."""
        return 0.0 if self.archiving is None else self.archiving.spool.depth_bytes / MEGA

    @spool_age.read
    def read_spool_age(self) -> float:
        """Return the age of the oldest row that the archiver has not, in s."""
        return 0.0 if self.archiving is None else self.archiving.spool.oldest_s

    @spool_drops.read
    def read_spool_drops(self) -> int:
        """Return how many rows the archive will miss."""
        if self.archiving is None:
            return 0
        return self.archiving.spool.dropped_rows + self.archiving.recorder.lost_rows

    @poll_overruns.read
    def read_poll_overruns(self) -> int:
        """Return how many polls were left out."""
        rounds = [polled for member in self.members for polled in member.device.polling.rounds.values()]
        return sum(polled.overruns for polled in rounds)

    def own_causes(self, now: float) -> Iterator[Cause | None]:
        """Say which figures of the process are too large, and that the archiver takes nothing."""
        if self.archiving is not None:
            yield from self.archiving.causes(now)
        yield figure_cause(
            "loop_lag", self.loop_lag.value or 0.0, warn=LAG_WARN_S, bad=LAG_BAD_S, unit="s", since=now,
            advice="a handler in the event loop blocks, or the host is overloaded: read the agent's log",
        )  # fmt: skip
        depth = float(self.queue_depth.value or 0)
        yield figure_cause(
            "queue_depth", depth, warn=QUEUE_WARN, bad=QUEUE_BAD, unit="requests", since=now,
            advice="clients ask more than the instruments answer: let them read the cache",
        )  # fmt: skip

    # -- devices ---------------------------------------------------------------------------------

    @command
    async def devices(self) -> list[dict[str, Any]]:
        """Tell the devices of this agent: name, class, state, health, and what each is doing."""
        return [
            {
                "name": member.identity.name, "class": member.identity.device_class,
                "state": member.device.state.tango.name, "health": member.health.health.level.value,
                "sentence": member.health.health.sentence, "running": [
                    name for name, operation in member.operations.items() if operation.active
                ],
            }
            for member in self.members
        ]  # fmt: skip

    @command
    async def polling_status(self, device: str) -> list[dict[str, Any]]:
        """Tell the polling of one device: for each period its channels, overruns, last duration and error.

        Args:
            device: Name of the device.
        """
        return self._member(device).device.polling.told()

    @command(timeout_s=60.0)
    async def restart_device(
        self,
        device: str,
        force: bool = False,  # noqa: FBT001, FBT002 - a parameter by name
    ) -> str:
        """Set one device of this agent up anew, as its own Init does, and tell its status.

        Args:
            device: Name of the device.
            force: Ask operations that run to end first; without it they make it be refused.
        """
        status: str = await self._member(device).init(force=force, author="admin")
        return status

    def _member(self, name: str) -> Member:
        for member in self.members:
            if member.identity.name == name:
                return member
        known = [member.identity.name for member in self.members]
        raise NotFoundError(
            f"this agent has no device {name}; it has {', '.join(known)}", field="device", allowed=known
        )
