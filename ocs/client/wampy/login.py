"""Who a client says it is, and how it proves it.

Source: WAMP specification, "Ticket-based Authentication" and "Challenge Response Authentication".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocs.model.errors import DeniedError


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """Name and secret of a client; without both it joins as anybody.

    Attributes:
        authid: The name.
        ticket: Sent as it is: only over TLS or loopback.
        secret: Never sent: it signs the router's challenge (wampcra, salted or not).
    """

    authid: str | None = None
    ticket: str | None = None
    secret: str | None = None

    @classmethod
    def of_wampy(
        cls,
        authid: str | None,
        ticket: str | None,
        secret: str | None,
        roles: Mapping[str, Any],
        environ: Mapping[str, str],
    ) -> Login:
        """Return a login; what is missing comes from where wampy looks: its map of roles, and WAMPYSECRET."""
        if ticket is None and secret is None:
            offered = roles.get("authmethods", [])
            ticket = environ.get("WAMPYSECRET") if "ticket" in offered else None
            secret = environ.get("WAMPYSECRET") if "wampcra" in offered else None
        return cls(authid or roles.get("authid"), ticket, secret)

    def methods(self, otherwise: list[str]) -> list[str]:
        """Return the methods to offer; `otherwise` when there is nothing to prove with."""
        offered = []
        if self.ticket is not None:
            offered.append("ticket")
        if self.secret is not None:
            offered.append("wampcra")
        return offered or otherwise

    def signature(self, method: str, extra: dict[str, Any]) -> str:
        """Return the answer to the router's challenge.

        Raises:
            DeniedError: There is nothing to answer it with.
        """
        if method == "ticket" and self.ticket is not None:
            return self.ticket
        if method == "wampcra" and self.secret is not None:
            return _sign(_derive(self.secret, extra), str(extra.get("challenge", "")))
        raise DeniedError(
            f"the router asks for a proof by {method}; give ticket= or secret= to the client",
            given=method,
            allowed=self.methods([]),
        )


def _derive(secret: str, extra: dict[str, Any]) -> bytes:
    if not extra.get("salt"):
        return secret.encode()
    size, rounds = int(extra.get("keylen", 32)), int(extra.get("iterations", 1000))
    key = hashlib.pbkdf2_hmac("sha256", secret.encode(), str(extra["salt"]).encode(), rounds, size)
    return base64.b64encode(key)


def _sign(key: bytes, challenge: str) -> str:
    return base64.b64encode(hmac.new(key, challenge.encode(), hashlib.sha256).digest()).decode("ascii")
