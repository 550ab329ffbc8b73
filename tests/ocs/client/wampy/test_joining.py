from __future__ import annotations

from typing import Any

import pytest

from ocs.client.wampy.answers import WampError
from ocs.client.wampy.deadline import Deadline
from ocs.client.wampy.joining import Control
from ocs.client.wampy.login import Login
from ocs.model.errors import DeadlineError, ErrorCode, RouterLostError

WELCOME: list[Any] = [2, 7, {}]
ROLES: dict[str, Any] = {"roles": {"caller": {}}, "authmethods": ["anonymous"]}


def make_control(*answers: list[Any]) -> tuple[Control, list[list[Any]]]:
    sent: list[list[Any]] = []
    control = Control("ws://router", lambda message, _deadline: sent.append(message))
    for answer in answers:
        control.put(answer)
    return control, sent


def test_a_hello_tells_realm_features_and_method() -> None:
    control, sent = make_control(WELCOME)

    control.hello("lab", ROLES, Login(), Deadline(1))

    code, realm, details = sent[0]
    assert (code, realm, details["authmethods"]) == (1, "lab", ["anonymous"])
    assert details["roles"]["caller"]["features"]["call_canceling"]
    assert details["roles"]["subscriber"]["features"]["pattern_based_subscription"]


def test_the_roles_that_were_given_stay_as_they_are() -> None:
    control, _ = make_control(WELCOME)

    control.hello("lab", ROLES, Login(), Deadline(1))

    assert ROLES["roles"] == {"caller": {}}


def test_a_challenge_is_answered() -> None:
    control, sent = make_control([4, "ticket", {}], WELCOME)

    control.hello("lab", ROLES, Login("wendy", ticket="t"), Deadline(1))

    assert sent[0][2]["authid"] == "wendy"
    assert sent[1] == [5, "t", {}]


def test_a_refusal_is_raised_with_what_the_router_said() -> None:
    control, _ = make_control([3, {"message": "closed today"}, "wamp.error.authentication_failed"])

    with pytest.raises(WampError, match="closed today") as caught:
        control.hello("lab", ROLES, Login(), Deadline(1))

    assert caught.value.code is ErrorCode.DENIED


def test_silence_ends_at_the_deadline() -> None:
    control, _ = make_control()

    with pytest.raises(DeadlineError, match="ws://router did not answer"):
        control.hello("lab", ROLES, Login(), Deadline(0))


def test_a_loss_while_joining_is_told() -> None:
    control, _ = make_control()
    control.fail("the cable is out")

    with pytest.raises(RouterLostError, match="cable"):
        control.hello("lab", ROLES, Login(), Deadline(1))


def test_a_goodbye_waits_for_the_goodbye_of_the_router() -> None:
    control, sent = make_control([4, "late", {}], [6, {}, "wamp.close.goodbye_and_out"])

    control.goodbye(Deadline(1))

    assert sent[0][0] == 6
