"""The two test agents that OCS users know look the same in both implementations."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.client import Observatory
from ocs.client.steps import Call, Conversation
from ocs.wire.replies import decode_reply

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

PAIRS = [("faker-1", "their-faker"), ("bare-1", "their-bare"), ("registry", "their-registry")]


def ask(obs: Observatory, procedure: str, *args: Any, **kwargs: Any) -> Any:
    def conversation() -> Conversation[Any]:
        return (yield Call(f"observatory.{procedure}", args, kwargs, timeout_s=20))

    return obs.client.do(conversation())


def session_of(obs: Observatory, name: str, op: str, params: dict[str, Any]) -> dict[str, Any]:
    """Run an operation as OCS does, start and wait, and return its session."""
    ask(obs, f"{name}.ops", "start", op, params)
    return decode_reply(ask(obs, f"{name}.ops", "wait", op, {}, timeout=15)).session


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_class_operations_and_feeds_are_the_same(obs: Observatory, ours: str, theirs: str) -> None:
    mine, other = ask(obs, ours, "get_api"), ask(obs, theirs, "get_api")

    assert mine["agent_class"] == other["agent_class"]
    assert set(mine) >= set(other)
    for kind in ("tasks", "processes"):
        assert [entry[0] for entry in mine[kind]] == [entry[0] for entry in other[kind]]
        assert [set(entry[2]) for entry in mine[kind]] == [set(entry[2]) for entry in other[kind]]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_descriptions_of_feeds_are_the_same(obs: Observatory, ours: str, theirs: str) -> None:
    def described(name: str) -> dict[str, dict[str, Any]]:
        own = {"agent_address", "address", "session_id"}
        return {
            feed: {key: value for key, value in info.items() if key not in own}
            for feed, info in ask(obs, name, "get_api")["feeds"]
        }

    mine, other = described(ours), described(theirs)

    assert {name: {key: info[key] for key in other[name]} for name, info in mine.items()} == other


@pytest.mark.parametrize(
    ("ours", "theirs", "op", "params"),
    [
        ("faker-1", "their-faker", "delay_task", {"delay": 0.05}),
        ("faker-1", "their-faker", "delay_task", {"delay": 0.05, "succeed": False}),
        ("faker-1", "their-faker", "acq", {"test_mode": True}),
        ("faker-1", "their-faker", "set_heartbeat", {"heartbeat": True}),
        ("bare-1", "their-bare", "print", {"text": "hello"}),
    ],
)
def test_a_run_leaves_the_same_session(
    obs: Observatory, ours: str, theirs: str, op: str, params: dict[str, Any]
) -> None:
    mine, other = session_of(obs, ours, op, params), session_of(obs, theirs, op, params)

    assert set(mine) >= set(other)
    for key in ("op_name", "op_code", "cred_level", "status", "degraded", "success"):
        assert mine[key] == other[key], key
    assert set(mine["data"]) == set(other["data"])


def test_messages_of_the_feed_have_the_same_form(obs: Observatory) -> None:
    forms = []
    for name in ("faker-1", "their-faker"):
        device = obs[name]
        device.acq()
        message = next(iter(device.feeds["false_temperatures"].follow(10))).message
        device.acq.stop()
        device.acq.wait(10)
        block = message["temps"]
        assert {len(column) for column in block["data"].values()} == {len(block["timestamps"])}
        forms.append((set(message), set(block), block["block_name"], set(block["data"]), block["influxdb_tags"]))

    assert forms[0] == forms[1]
