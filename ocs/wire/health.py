"""A device's health as a map and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocs.model.health import Cause, Health, HealthLevel
from ocs.wire.plain import sendable


def encode_health(health: Health) -> dict[str, Any]:
    """Return health as a map: its level, since when, one line, and each cause."""
    return {
        "level": health.level.value,
        "since": health.since,
        "sentence": sendable(health.sentence),
        "causes": [
            {
                "level": cause.level.value,
                "source": sendable(cause.source),
                "since": cause.since,
                "sentence": sendable(cause.sentence),
            }
            for cause in health.causes
        ],
    }


def decode_health(encoded: Mapping[str, Any]) -> Health:
    """Return the health in a map."""
    causes = tuple(
        Cause(
            level=HealthLevel(cause["level"]), source=str(cause.get("source", "")),
            since=float(cause.get("since") or 0.0), sentence=str(cause.get("sentence", "")),
        )
        for cause in encoded.get("causes", ())
    )  # fmt: skip
    return Health(HealthLevel(encoded["level"]), causes, float(encoded.get("since") or 0.0))
