"""The supervisor as a device: one process that runs everything, tasks to end and restart it or parts of it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ocs.agent import AsyncSession, Device, process, task
from ocs.model.errors import DeadlineError, NotFoundError, OcsError, OperationFailedError, RouterLostError
from ocs.router.node import START_TIMEOUT_S, is_ready
from ocs.services.supervisor.child import Child
from ocs.services.supervisor.plan import SitePlan
from ocs.services.supervisor.states import ChildState
from ocs.wire import uris

AGENT_START_S = 60.0
"""An agent that is not heard for so many seconds after its start is told to be missing."""

NS = 1_000_000_000
LOOK_S = 0.1
ANSWER_S = 0.2
"""Time, in s, in which the answer to `down` reaches its caller before the end begins."""


def say(line: str) -> None:
    """Print a line at once; a reader that went away changes nothing."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError:
        return


class Supervisor(Device):
    """Runs the router and the agents of this host: starts, restarts and ends them.

    Args:
        name: Its name.
        properties: It has none.
        plan: What to run; nothing if left out.
        tell: Told each line for the person who started it.
    """

    def __init__(
        self,
        name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        plan: SitePlan | None = None,
        tell: Callable[[str], None] = say,
    ) -> None:
        super().__init__(name, properties)
        self.plan = plan
        self.tell = tell
        self.failure: OcsError | None = None
        self.children: dict[str, Child] = {}
        self.router: Child | None = None
        self.ready = False
        self.end_agent: Callable[[], None] = lambda: None
        self._changed = asyncio.Event()
        self._missing: set[str] = set()
        self._ending = False
        self._awaiting: asyncio.Task[None] | None = None

    def setup(self) -> None:
        """Listen to who is here."""
        self.subscribe_feed("", uris.HEARTBEAT, self.heard)

    def heard(self, topic: str, _message: Any, info: dict[str, Any]) -> None:
        """Take note of a heartbeat of one of the agents."""
        device, epoch = uris.device_of(topic), info.get("epoch")
        for child in self.children.values():
            fresh = not isinstance(epoch, int) or not epoch or epoch >= round(child.started_at * NS)
            if device in child.plan.devices and child.name not in self._here() and fresh and child.hear(device):
                self._missing.discard(child.name)
                self.tell(f"{child.name} is here")
                self._check_ready()

    # -- operations ------------------------------------------------------------------------------

    @process(startup=True)
    async def supervise(self, session: AsyncSession) -> None:
        """Run the router and the agents until stopped; then everything ends, this program too.

        The session's data tell of each child where it is, its process, restarts, log and last words.
        """
        try:
            await self._supervise(session)
        except OcsError as error:
            self.failure = error
            raise
        finally:
            await self._end_children(session)
            self.end_agent()

    @task
    async def down(self, session: AsyncSession) -> dict[str, int]:
        """End all agents, the router and this program; the answer comes before the end begins."""
        session.add_message("everything ends")
        if self.host is not None:
            self.host.timing.later(ANSWER_S, self.end_agent)
        return {"pid": os.getpid()}

    @task
    async def restart(self, session: AsyncSession, instance: str) -> None:
        """End an agent and start it again; done when it is heard.

        Args:
            instance: The agent's instance-id.
        """
        child = self._child(instance)
        await child.stop()
        session.add_message(f"{instance} ended")
        await self._start(child)

    @task
    async def start_instance(self, session: AsyncSession, instance: str) -> None:
        """Start an agent that does not run; done when it is heard.

        Args:
            instance: The agent's instance-id.
        """
        await self._start(self._child(instance))
        session.add_message(f"{instance} is here")

    @task
    async def stop_instance(self, session: AsyncSession, instance: str) -> None:
        """End an agent and leave it ended; done when its process is gone.

        Args:
            instance: The agent's instance-id.
        """
        await self._child(instance).stop()
        session.add_message(f"{instance} ended")

    # -- the work --------------------------------------------------------------------------------

    async def _supervise(self, session: AsyncSession) -> None:
        if self.plan is None:
            return
        plan = self.plan
        make = (plan.environment, self.now, self._changed.set, self._child_ended)
        self.children = {agent.name: Child(agent, *make) for agent in plan.agents}
        if plan.router is not None:
            self.router = Child(plan.router.prepare(), *make)
            await self._start_router(self.router, session)
        elif plan.local and not await asyncio.to_thread(is_ready, plan.port):
            self.tell(f"waiting for the router at {plan.settings.router_url}; start it with `ocs router start`")
        for child in self.children.values():
            if child.plan.at_once:
                child.start()
                asyncio.get_running_loop().call_later(AGENT_START_S, self._look_for, child)
        self._check_ready()
        while True:
            session.data = self._report()
            self._changed.clear()
            await self._changed.wait()

    async def _start_router(self, router: Child, session: AsyncSession) -> None:
        began = self.seconds()
        router.start()
        port = self._port
        while not await asyncio.to_thread(is_ready, port):
            if router.record.state in {ChildState.PAUSING, ChildState.FAILED}:
                raise RouterLostError(
                    f"the router ended before it was ready ({router.record.last_words or 'without a word'}); "
                    f"see {router.plan.log}"
                )
            if self.seconds() - began > START_TIMEOUT_S:
                raise RouterLostError(
                    f"the router does not answer on port {port} after {START_TIMEOUT_S:g} s; see {router.plan.log}"
                )
            await session.sleep(LOOK_S)
        router.arrive()
        self.tell(f"router ready on port {port} ({self.seconds() - began:.1f} s)")

    async def _await_router(self, router: Child) -> None:
        while not (router.alive and await asyncio.to_thread(is_ready, self._port)):  # noqa: ASYNC110 - a port does not tell
            await asyncio.sleep(LOOK_S)
        router.arrive()
        self.tell(f"router ready on port {self._port} again")

    async def _start(self, child: Child) -> None:
        child.settled.clear()
        if child.record.state is ChildState.RUNNING:
            return
        child.start()
        try:
            async with asyncio.timeout(AGENT_START_S):
                await child.settled.wait()
        except TimeoutError:
            raise DeadlineError(
                f"{child.name} is not here {AGENT_START_S:g} s after its start; see {child.plan.log}"
            ) from None
        if child.record.state is ChildState.FAILED:
            raise OperationFailedError(f"{child.name} cannot run: {child.record.last_words}; see {child.plan.log}")

    async def _end_children(self, session: AsyncSession) -> None:
        self._ending = True
        if self._awaiting is not None:
            self._awaiting.cancel()
        if self.plan is not None:
            self.tell("ending: agents first, then the router" if self.router else "ending all agents")
        await asyncio.gather(*(child.stop() for child in self.children.values()))
        session.data = self._report()
        if self.router is not None:
            await self.router.stop()
        if self.plan is not None:
            self.tell("all ended")

    # -- telling ---------------------------------------------------------------------------------

    def _child_ended(self, child: Child, how: str, again_s: float | None) -> None:
        if self._ending:
            return
        kind = "the router" if child is self.router else child.name
        then = "it is not started again" if again_s is None else f"again in {again_s:g} s"
        self.tell(f"{kind} ended ({how}); {then}; log: {child.plan.log}")
        self.log.warn("{child} ended ({how}); {then}", child=kind, how=how, then=then)
        if child is self.router and again_s is not None and (self._awaiting is None or self._awaiting.done()):
            self._awaiting = asyncio.get_running_loop().create_task(self._await_router(child))
        self._check_ready()

    def _look_for(self, child: Child) -> None:
        if not self._ending and child.plan.at_once and child.record.state in {ChildState.STARTING, ChildState.PAUSING}:
            self._missing.add(child.name)
            self.tell(f"{child.name} is not here after {AGENT_START_S:g} s; log: {child.plan.log}")
            self._check_ready()

    def _check_ready(self) -> None:
        wanted = {child.name for child in self.children.values() if child.plan.at_once}
        lost = self._missing | {
            name for name in wanted if self.children[name].record.state in {ChildState.FAILED, ChildState.STOPPED}
            and self.children[name].record.starts
        }  # fmt: skip
        here = self._here()
        if self.ready or self.plan is None or not wanted <= here | lost:
            return
        self.ready = True
        count = 1 + sum(len(self.children[name].plan.devices) for name in here)
        without = f" without {', '.join(sorted(lost - here))}" if lost - here else ""
        self.tell(f"realm ready{without}: {count} devices on {self.plan.settings.router_url}")

    @property
    def _port(self) -> int:
        return 0 if self.plan is None else self.plan.port

    def _here(self) -> set[str]:
        return {name for name, child in self.children.items() if child.record.state is ChildState.RUNNING}

    def _report(self) -> dict[str, Any]:
        children = [*([self.router] if self.router is not None else []), *self.children.values()]
        return {
            "ready": self.ready,
            "children": [
                {
                    "instance": child.name,
                    "class": child.plan.what,
                    "state": child.record.state.value,
                    "pid": child.record.pid,
                    "restarts": child.record.restarts,
                    "since": child.record.since,
                    "log": str(child.plan.log),
                    "last_words": child.record.last_words,
                }
                for child in children
            ],
        }

    def _child(self, instance: str) -> Child:
        child = self.children.get(instance)
        if child is None:
            known = ", ".join(self.children) or "none"
            raise NotFoundError(f"this host has no agent {instance}; it has {known}", field="instance", given=instance)
        return child
