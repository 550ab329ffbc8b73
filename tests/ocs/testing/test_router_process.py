"""A real router that is frozen or killed, and a connection that notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ocs.model.errors import NotFoundError, RouterLostError
from ocs.realm.connection import RealmConnection
from ocs.testing.real_loop import RealLoop
from ocs.testing.router_process import RouterProcess

NOTICED_S = 15.0
"""A ping every 2 s that may take 5 s (ocs.realm.connection), and a generous rest."""

BACK_S = 60.0


class Members:
    """Connections to the real router."""

    def __init__(self, loop: RealLoop, router: RouterProcess) -> None:
        self.loop = loop
        self.router = router
        self.losses: list[str] = []
        self._made: list[RealmConnection] = []

    def join(self, **procedures: Any) -> RealmConnection:
        member = RealmConnection((self.router.way,), "test_realm", self.loop.reactor, on_loss=self.losses.append)
        for name, procedure in procedures.items():
            member.register(f"observatory.{name}", procedure)
        self._made.append(member)
        member.start()
        self.loop.result_of(member.when_joined())
        return member

    def close(self) -> None:
        for member in self._made:
            self.loop.result_of(member.close())


@pytest.fixture
def members(real_loop: RealLoop, fresh_router: RouterProcess) -> Iterator[Members]:
    made = Members(real_loop, fresh_router)
    yield made
    made.close()


def test_a_killed_router_ends_calls_at_once_and_its_members_come_back(
    members: Members, fresh_router: RouterProcess
) -> None:
    called: list[Any] = []

    def never(_caller: Any) -> Deferred[None]:
        called.append(1)
        return Deferred()

    members.join(never=never, here=lambda _caller: "here")
    caller = members.join()
    waiting = caller.call("observatory.never", timeout_s=1000.0)
    members.loop.run_until(lambda: called)

    fresh_router.kill()

    with pytest.raises(RouterLostError):
        members.loop.result_of(waiting, NOTICED_S)
    with pytest.raises(RouterLostError):
        members.loop.result_of(caller.call("observatory.here"))
    fresh_router.start()
    members.loop.result_of(caller.when_joined(), BACK_S)
    assert _answer(members, caller) == "here"


def test_a_frozen_router_is_noticed_and_its_return_too(members: Members, fresh_router: RouterProcess) -> None:
    member = members.join(here=lambda _caller: "here")

    fresh_router.freeze()
    members.loop.run_until(lambda: members.losses, NOTICED_S)
    assert not member.joined
    fresh_router.thaw()

    members.loop.result_of(member.when_joined(), BACK_S)
    assert _answer(members, member) == "here"


def _answer(members: Members, caller: RealmConnection) -> Any:
    while True:  # the callee may come back after the caller
        try:
            return members.loop.result_of(caller.call("observatory.here"))
        except NotFoundError:
            members.loop.result_of(caller.call("wamp.session.count"))
