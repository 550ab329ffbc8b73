"""Two realms on one router never see each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocs.client import connect
from ocs.model.errors import DeadlineError, NotFoundError, OcsError
from ocs.testing.router_process import RouterProcess
from tests.system.programs import Place, sentence

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


def test_the_same_name_in_two_realms_is_two_devices(router: RouterProcess, place: Place, tmp_path: Path) -> None:
    second_realm = router.realms[1]
    other = place.elsewhere(tmp_path / "other", realm=second_realm.name, root=second_realm.root)
    first, second = place.agent("odd", "both-1", ready=False), other.agent("odd", "both-1", ready=False)
    first.wait_for(f"joined {place.realm} as both-1")
    second.wait_for(f"joined {other.realm} as both-1")

    with (
        connect(place.url, realm=place.realm, root=place.root) as here,
        connect(place.url, realm=other.realm, root=other.root) as there,
    ):
        assert here["both-1"].interface.identity.pid == first.pid
        assert there["both-1"].interface.identity.pid == second.pid

        here["both-1"].count.start()
        with pytest.raises(DeadlineError):
            next(there["both-1"].feeds["numbers"].follow(0.5))
        assert there["both-1"].count.status() is None

        second.end()
        with pytest.raises(NotFoundError) as gone:
            there["both-1"].count.status()
        assert f"nobody answers at {other.root}.both-1.ops" in sentence(gone.value)
        assert not here["both-1"].count.status().ended


def test_a_realm_that_the_router_does_not_serve_is_told(place: Place) -> None:
    with pytest.raises(OcsError) as refused:
        connect(place.url, realm="nowhere", root=place.root, timeout_s=3)

    assert "nowhere" in sentence(refused.value)


def test_a_root_that_the_realm_does_not_serve_is_told(shared: Place) -> None:
    with connect(shared.url, realm=shared.realm, root="wrong") as obs, pytest.raises(OcsError) as refused:
        obs["odd-1"]

    assert "wrong.odd-1" in sentence(refused.value)


def test_an_agent_in_a_realm_that_the_router_does_not_serve_says_so(place: Place) -> None:
    elsewhere = place.elsewhere(place.state, realm="nowhere")

    agent = elsewhere.agent("odd", "odd-5", ready=False)
    line = agent.wait_for("waiting for the router")

    assert "nowhere" in line
    assert agent.end() == 0
