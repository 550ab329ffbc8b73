# ruff: noqa: S106 - made-up secrets
from __future__ import annotations

import base64

import pytest

from ocs.client.wampy.login import Login
from ocs.model.errors import DeniedError


def test_without_a_secret_it_offers_what_it_is_told() -> None:
    assert Login().methods(["anonymous"]) == ["anonymous"]


def test_it_offers_what_it_can_prove() -> None:
    assert Login(ticket="t", secret="s").methods(["anonymous"]) == ["ticket", "wampcra"]


def test_a_ticket_is_sent_as_it_is() -> None:
    assert Login(ticket="t").signature("ticket", {}) == "t"


def test_a_challenge_is_signed_with_the_secret() -> None:
    """HMAC-SHA256 test case 2 of RFC 4231, in base64."""
    signed = Login(secret="Jefe").signature("wampcra", {"challenge": "what do ya want for nothing?"})

    assert base64.b64decode(signed).hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_a_salt_changes_the_signature() -> None:
    login = Login(secret="s")
    salted = {"challenge": "c", "salt": "x", "iterations": 10, "keylen": 32}

    assert login.signature("wampcra", salted) != login.signature("wampcra", {"challenge": "c"})


def test_a_challenge_that_cannot_be_answered_is_told() -> None:
    with pytest.raises(DeniedError, match="proof by cryptosign"):
        Login(ticket="t").signature("cryptosign", {})


def test_a_secret_does_not_show() -> None:
    assert "hidden" not in repr(Login(authid="a", ticket="hidden", secret="hidden"))
