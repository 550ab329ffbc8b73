from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.services.registry.heartbeat import Heartbeat, codes_in, decode_heartbeat

TOPIC = "observatory.cryo/heater/1.feeds.heartbeat"

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
KEYS = ("agent_class", "agent", "session", "session_id", "epoch", "health", "state", "closing")


def test_a_heartbeat_of_ours_tells_who_how_and_since_when() -> None:
    info = {
        "agent_class": "Cryostat", "agent": "Cryostat/cryo", "session": 77, "epoch": 1_700_000_000_500_000_000,
        "health": "bad", "state": "ALARM", "closing": True,
    }  # fmt: skip

    assert decode_heartbeat(TOPIC, {"pid": 3}, info) == Heartbeat(
        "observatory.cryo/heater/1", "Cryostat", {"pid": 3}, 1_700_000_000.5, 77, "Cryostat/cryo", "bad", "ALARM",
        closing=True,
    )  # fmt: skip


def test_a_heartbeat_of_ocs_tells_its_start_as_text() -> None:
    beat = decode_heartbeat(TOPIC, {}, {"agent_class": "FakeDataAgent", "session_id": "1700000000.25"})

    assert (beat.started, beat.session, beat.closing) == (1_700_000_000.25, None, False)


@pytest.mark.parametrize("session_id", ["", "nan", "inf", "yesterday", None, 12])
def test_a_start_that_is_no_time_is_not_known(session_id: Any) -> None:
    assert decode_heartbeat(TOPIC, {}, {"session_id": session_id}).started is None


@given(message=plain, info=st.dictionaries(st.sampled_from(KEYS), plain))
def test_whatever_somebody_publishes_as_a_heartbeat_does_no_harm(message: Any, info: dict[str, Any]) -> None:
    beat = decode_heartbeat(TOPIC, message, info)

    assert beat.address == "observatory.cryo/heater/1"
    assert all(isinstance(text, str) for text in (beat.agent_class, beat.agent, beat.health, beat.state))
    assert beat.session is None or type(beat.session) is int
    assert all(type(code) is int for code in beat.op_codes.values())


def test_a_heartbeat_that_is_no_map_tells_no_codes() -> None:
    assert codes_in(0) == {}


def test_codes_that_are_no_numbers_are_left_out() -> None:
    assert codes_in({"acq": 3, "bad": "x", "worse": True}) == {"acq": 3}
