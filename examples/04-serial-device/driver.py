"""The oven's language: requests as text, replies as numbers. No port and no clock in here."""

from ocs.model.errors import DeviceError

TERMINATOR = b"\r\n"
BAUD_RATE = 9600
TEMPERATURE = "T?"


def set_point(kelvin: float) -> str:
    """Return the command that sets the temperature to reach, in K; the oven answers OK."""
    return f"SP {kelvin:.2f}"


def parse_kelvin(reply: str) -> float:
    """Return the temperature in a reply, in K."""
    try:
        return float(reply)
    except ValueError:
        raise DeviceError(f"the oven answered {reply!r}; a temperature in K was expected") from None
