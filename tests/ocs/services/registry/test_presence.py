from __future__ import annotations

import pytest

from ocs.model.operation import OpCode
from ocs.services.registry.heartbeat import Heartbeat
from ocs.services.registry.presence import Entry, Presence

OURS = Heartbeat("observatory.oven", "OvenAgent", {"ramp": 3}, 50.0, 7, "OvenAgent/oven", "ok", "ON")
OF_OCS = Heartbeat("observatory.oven", "OvenAgent", {"ramp": 3}, 50.0)
OCS_KEYS = {"expired", "time_expired", "last_updated", "op_codes", "agent_class", "agent_address"}


def entry_of(beat: Heartbeat = OURS) -> Entry:
    entry = Entry(beat, last_updated=100.0, heard=1.0, since=100.0, op_codes=dict(beat.op_codes), session=beat.session)
    entry.learn({"class": "Oven", "version": "2.1", "host": "lab1", "pid": 812, "root": "observatory", "realm": "r"})
    return entry


def test_an_entry_has_all_that_clients_of_ocs_ask_for() -> None:
    encoded = entry_of(OF_OCS).encode()

    assert encoded.keys() >= OCS_KEYS
    assert (encoded["expired"], encoded["time_expired"], encoded["agent_class"]) == (False, None, "OvenAgent")


def test_an_entry_tells_who_it_is_and_how() -> None:
    encoded = entry_of().encode()

    wanted = {
        "presence": "here", "exported": True, "class": "Oven", "version": "2.1", "agent": "OvenAgent/oven",
        "host": "lab1", "pid": 812, "session": 7, "started": 50.0, "last_seen": 100.0, "health": "ok", "state": "ON",
        "facility": "observatory", "realm": "r", "sentence": "", "since": 100.0,
    }  # fmt: skip
    assert {key: encoded[key] for key in wanted} == wanted


def test_what_is_not_known_is_left_out() -> None:
    encoded = Entry(OF_OCS, 100.0, 1.0).encode()

    assert not {"class", "version", "host", "pid", "session", "health", "state", "conflict"} & encoded.keys()


@pytest.mark.parametrize("presence", [Presence.CLOSED, Presence.GONE, Presence.LOST])
def test_however_it_went_it_is_expired_in_the_words_of_ocs(presence: Presence) -> None:
    entry = entry_of()

    entry.become(presence, 120.0)

    encoded = entry.encode()
    assert (encoded["expired"], encoded["exported"], encoded["time_expired"]) == (True, False, 120.0)
    assert encoded["op_codes"] == {"ramp": OpCode.EXPIRED.value}


@pytest.mark.parametrize(
    ("presence", "health"), [(Presence.CLOSED, None), (Presence.GONE, "lost"), (Presence.LOST, "lost")]
)
def test_what_it_said_of_itself_counts_no_more_when_it_went(presence: Presence, health: str | None) -> None:
    entry = entry_of()

    entry.become(presence, 120.0)

    assert (entry.encode().get("health"), entry.encode().get("state")) == (health, None)


def test_a_lost_one_whose_session_leaves_keeps_the_moment_at_which_it_was_lost() -> None:
    entry = entry_of()

    entry.become(Presence.LOST, 120.0)
    entry.become(Presence.GONE, 150.0)

    assert (entry.time_expired, entry.since) == (120.0, 150.0)


def test_the_same_news_twice_does_not_change_since_when() -> None:
    entry = entry_of()

    entry.become(Presence.HERE, 130.0)

    assert entry.since == 100.0


@pytest.mark.parametrize(
    ("presence", "beat", "words"),
    [
        (Presence.CLOSED, OURS, ["process 812 on lab1", "good order", "OvenAgent/oven"]),
        (Presence.GONE, OURS, ["process 812 on lab1", "killed, crashed, or no network", "read its log"]),
        (Presence.GONE, OF_OCS, ["left the router", "start OvenAgent/oven unless it was ended"]),
        (Presence.LOST, OURS, ["process 812 on lab1 sends no heartbeat", "still connected", "end it"]),
    ],
)
def test_the_sentence_says_what_happened_where_and_what_to_do(
    presence: Presence, beat: Heartbeat, words: list[str]
) -> None:
    entry = entry_of(beat)

    entry.become(presence, 120.0)

    assert [word for word in words if word not in entry.sentence] == []


def test_a_lost_one_of_no_known_session_is_not_said_to_be_connected() -> None:
    entry = entry_of(OF_OCS)

    entry.become(Presence.LOST, 120.0)

    assert "connected" not in entry.sentence


def test_facts_of_a_wrong_type_are_left_out() -> None:
    entry = Entry(OF_OCS, 100.0, 1.0)

    entry.learn({"class": 5, "version": None, "host": "", "pid": "x", "session": True})

    assert (entry.facts, entry.session) == ({}, None)
