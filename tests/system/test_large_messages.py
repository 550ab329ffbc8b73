"""Twenty megabytes: refused before they leave by every client, and harmless when somebody sends them anyway."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.client import Observatory
from tests.system.programs import HERE, Place, check_sentence

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

CLIENTS = HERE / "clients"


@pytest.mark.parametrize("flavour", ["blocking", "async", "wampy"])
def test_every_client_refuses_a_large_message_before_it_is_sent(shared: Place, flavour: str) -> None:
    done = shared.run(str(CLIENTS / "large.py"), flavour, shared.url)

    assert done.returncode == 0, done.stderr
    refused, result = done.stdout.splitlines()
    assert refused == "too_large: the parameters is larger than 1 MB; send it in parts or as a feed"
    check_sentence(refused)
    assert result == "1.0"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("transport", ["websocket", "rawsocket"])
def test_a_foreign_client_that_sends_a_large_message_harms_nobody(
    shared: Place, obs: Observatory, odd: Any, transport: str
) -> None:
    epoch, session = odd.interface.identity.epoch, obs.client.connection.details.session
    odd.count.start()

    done = shared.run(str(CLIENTS / "raw_large.py"), transport, str(shared.port), shared.realm, deadline_s=40)

    assert "joined" in done.stdout, done.stdout + done.stderr
    assert "answered" not in done.stdout
    assert odd.move(position=2).result == 2.0
    assert not odd.count.status().ended
    assert obs.client.connection.details.session == session, "our own client was cut off"
    assert obs["odd-1"].interface.identity.epoch == epoch


def test_a_large_result_does_not_cut_off_the_agent(odd: Any) -> None:
    with pytest.raises(Exception, match="larger than 1 MB"):
        odd.give(what="large")

    assert odd.move(position=2).result == 2.0
