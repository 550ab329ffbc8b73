"""What a Keithley 2230G-30-1 is asked: the text of each question and command. No I/O.

A question is a `Query`: its `text` goes out, its `parse` takes the reply. Everything else is plain text
that gets no reply; whether the supply took it is asked with `last_error`, and `check` raises the answer.
Lines end with LF both ways; on a serial line 9600 baud, 8N1.

Source of everything here: SCPI 1999.0 for the forms, and the command set that Keithley publishes for the
2230G, from general knowledge. The manual was not seen, therefore no section is cited.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from agents.scpi_psu.reply import (
    MODELS,
    RATINGS,
    Identity,
    Output,
    Query,
    Rating,
    Readings,
    SetPoint,
    read_bits,
    read_error,
    read_identity,
    read_limit,
    read_readings,
    read_set_points,
    read_switch,
)
from agents.scpi_psu.status import ErrorReport, Protection, Regulation, StandardEvent, StatusByte, check
from ocs.model.errors import OutOfRangeError

__all__ = [
    "BAUD_RATE",
    "RATINGS",
    "TERMINATOR",
    "ErrorReport",
    "Identity",
    "Output",
    "Protection",
    "Query",
    "Rating",
    "Readings",
    "Regulation",
    "SetPoint",
    "StandardEvent",
    "StatusByte",
    "check",
]

BAUD_RATE = 9600
TERMINATOR = b"\n"


def identity() -> Query[Identity]:
    """Ask who answers; another model than the 2230-30-1 and 2230G-30-1 is refused. Source: IEEE 488.2, 10.14."""
    return Query("*IDN?", read_identity, f"manufacturer, model ({' or '.join(MODELS)}), serial number and firmware")


def last_error() -> Query[ErrorReport]:
    """Ask for the oldest error, and forget it. Source: SCPI 1999.0, SYSTem:ERRor?."""
    return Query("SYST:ERR?", read_error, "a number and a text")


def readings() -> Query[Readings]:
    """Ask for all outputs in one exchange: voltages, currents, whether one is on, protections.

    Source: MEAS, OUTP?, STAT:QUES:INST, bits in doubt, manual not seen.
    """
    return Query(
        "MEAS:VOLT? ALL;:MEAS:CURR? ALL;:OUTP:STAT?;:STAT:QUES:INST:COND?",
        read_readings,
        "three voltages; three currents; 0 or 1; a sum of bits",
    )


def set_points() -> Query[Mapping[Output, SetPoint]]:
    """Ask what each output shall hold; selects the last. Source: VOLT?, CURR?, manual not seen."""
    text = ";:".join(f"{_select(output)}VOLT?;:CURR?" for output in Output)
    return Query(text, read_set_points, "a voltage and a current of each output, six numbers with semicolons")


def voltage_limit(output: Output) -> Query[float]:
    """Ask for the highest voltage that can be set, in V, infinite if that limit is off; selects the output.

    Source: VOLT:LIM, manual not seen.
    """
    return Query(f"{_select(output)}VOLT:LIM:STAT?;:VOLT:LIM?", read_limit, "0 or 1; a voltage")


def is_on(output: Output) -> Query[bool]:
    """Ask whether an output is on; selects it. Source: CHAN:OUTP?, manual not seen."""
    return Query(f"{_select(output)}CHAN:OUTP?", read_switch, "0 or 1")


def protection(output: Output) -> Query[Protection]:
    """Ask why an output was switched off by itself. Source: STAT:QUES:INST:ISUM, bits in doubt, manual not seen."""
    return Query(f"STAT:QUES:INST:ISUM{output.value}:COND?", lambda text: Protection(read_bits(text)), "a sum of bits")


def regulation(output: Output) -> Query[Regulation]:
    """Ask whether an output holds voltage or current. Source: STAT:OPER:INST:ISUM, bits in doubt, manual not seen."""
    return Query(f"STAT:OPER:INST:ISUM{output.value}:COND?", lambda text: Regulation(read_bits(text)), "a sum of bits")


def standard_events() -> Query[StandardEvent]:
    """Ask what happened since the last time, and forget it. Source: IEEE 488.2, 10.12."""
    return Query("*ESR?", lambda text: StandardEvent(read_bits(text)), "a sum of bits")


def status_byte() -> Query[StatusByte]:
    """Ask what deserves a look. Source: IEEE 488.2, 10.36."""
    return Query("*STB?", lambda text: StatusByte(read_bits(text)), "a sum of bits")


def remote() -> str:
    """Take the supply from its front panel; nothing can be set over a wire before.

    Source: SYST:REM, manual not seen.
    """
    return "SYST:REM"


def local() -> str:
    """Give the supply back to its front panel. Source: SYST:LOC, manual not seen."""
    return "SYST:LOC"


def clear() -> str:
    """Forget all errors and events. Source: IEEE 488.2, 10.3."""
    return "*CLS"


def reset() -> str:
    """Switch all off, and all settings to those of the factory. Source: IEEE 488.2, 10.32."""
    return "*RST"


def set_voltage(output: Output, volts: float) -> str:
    """Set the voltage of an output, in V, 0 to its rating; selects it. Source: VOLT, manual not seen."""
    return f"{_select(output)}VOLT {_volts(output, volts)}"


def set_current(output: Output, amperes: float) -> str:
    """Set the limit of the current of an output, in A, 0 to its rating; selects it. Source: CURR, manual not seen."""
    return f"{_select(output)}CURR {_amperes(output, amperes)}"


def apply(output: Output, set_point: SetPoint) -> str:
    """Set voltage and current of an output at once; selects it. Source: APPL, manual not seen."""
    return f"APPL {output.name},{_volts(output, set_point.volts)},{_amperes(output, set_point.amperes)}"


def set_voltage_limit(output: Output, volts: float) -> str:
    """Refuse settings above a voltage, in V, 0 to the rating; infinity ends it; selects the output.

    Source: VOLT:LIM, manual not seen.
    """
    if volts == math.inf:
        return f"{_select(output)}VOLT:LIM:STAT OFF"
    return f"{_select(output)}VOLT:LIM {_volts(output, volts)};:VOLT:LIM:STAT ON"


def switch(output: Output, *, on: bool) -> str:
    """Switch one output; selects it. Source: CHAN:OUTP, manual not seen."""
    return f"{_select(output)}CHAN:OUTP {'ON' if on else 'OFF'}"


def switch_all(*, on: bool) -> str:
    """Switch the three outputs together; off also ends what a protection has done. Source: OUTP, manual not seen."""
    return f"OUTP:STAT {'ON' if on else 'OFF'}"


def on_ramp(start: float, target: float, rate: float, seconds: float) -> float:
    """Return the set point of a straight ramp, in the unit of `start`, at a time after its begin.

    Args:
        start: Where it begins.
        target: Where it ends, and stays.
        rate: Steepness, in units a second, above 0, whichever way it leads.
        seconds: Since the begin.
    """
    done = rate * max(seconds, 0.0)
    return target if done >= abs(target - start) else start + math.copysign(done, target - start)


def _select(output: Output) -> str:
    # The colon leads the next header back to the root, wherever the supply believes to be.
    return f"INST:SEL {output.name};:"


def _volts(output: Output, value: float) -> str:
    return _checked(value, RATINGS[output].volts, "V", "voltage", output)


def _amperes(output: Output, value: float) -> str:
    return _checked(value, RATINGS[output].amperes, "A", "current", output)


def _checked(value: float, limit: float, unit: str, field: str, output: Output) -> str:
    if not 0 <= value <= limit:  # NaN too
        raise OutOfRangeError(
            f"{field} of {output.name} is {value:g} {unit}; allowed are 0 to {limit:g} {unit}",
            field=field,
            given=value,
            limit=limit if value > limit else 0.0,
            allowed=[0.0, limit],
        )
    return f"{value + 0.0:.3f}"  # no "-0.000"
