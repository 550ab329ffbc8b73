"""How channels in alarm show in a device's State and Status (rules of cppTango 9, DeviceImpl::dev_state)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ocs.model.tango_state import TangoState

OVERLAID = frozenset({TangoState.ON, TangoState.ALARM})
"""States that an alarm of a channel may cover, unless a class says otherwise; MOVING and FAULT stay as they are."""


def overlaid(stored: TangoState, *, alarming: bool, may: Collection[TangoState] = OVERLAID) -> TangoState:
    """Return the state that clients see.

    The overlay is never stored, so it goes with the alarm that made it; an ALARM that code has stored stays.

    Args:
        stored: The state that the device's chart or code says.
        alarming: Whether any channel has quality ALARM or WARNING.
        may: Stored states that ALARM may take the place of.
    """
    return TangoState.ALARM if alarming and stored in may else stored


def status_text(state: str, own: str, culprits: Sequence[str]) -> str:
    """Return the text of Status: what the device says, or that it is in `state`; then one line per culprit."""
    return "\n".join(
        [own.strip() or f"The device is in {state} state.", *(" ".join(line.split()) for line in culprits)]
    )
