"""Simulated instruments: the other end of a link, in a process of its own, byte for byte.

An instrument's module ends with

    if __name__ == "__main__":
        sys.exit(main(lambda options, monotonic: Stage(monotonic), baud_rate=57600))

and is started by hand, or by an agent through `Simulator`:

    python -m agents.smc100.sim --name stage-1 --directory DIR [--tcp PORT] [--baud N] [--no-timing]

When it is ready it prints one line of JSON, `{"port": ..., "control": PORT, "pid": ...}`, and writes
the same to `DIR/stage-1.json`. It ends at SIGTERM, SIGINT, or when the program that started it is
gone. One request a line on the control port, JSON (see `ask_control`):

    {"get": "position"}                -> {"position": 1.2}
    {"get": "*"}                       -> every quantity, and "power", "plugged", "faults"
    {"set": {"temperature": 4.2}}      -> {"ok": true}, as all that follow
    {"fault": NAME, "count": n}        the next n answers; lost_bytes, wrong_terminator, garbage,
                                       silent, or late (with "seconds", 3 s if not given); count 0
                                       ends the fault
    {"power": "off" | "on" | "cycle"}
    {"unplug": seconds or null}        the cable is pulled, for a time or until plugged
    {"plug": true}
    anything else                      -> {"error": sentence}
"""

from __future__ import annotations

from collections.abc import Sequence

from ocs.link.simulation.control import ask_control
from ocs.link.simulation.instrument import (
    AddOptions,
    Instrument,
    MakeInstrument,
    Monotonic,
    Quantity,
)
from ocs.link.simulation.process import Simulator
from ocs.link.simulation.program import run_program

__all__ = ["Instrument", "Monotonic", "Quantity", "Simulator", "ask_control", "main"]


def main(
    make_instrument: MakeInstrument,
    *,
    baud_rate: int,
    add_options: AddOptions | None = None,
    argv: Sequence[str] | None = None,
) -> int:
    """Be the simulator of one instrument until told to end; return the exit code.

    Args:
        make_instrument: Called once with the options and a monotonic clock in seconds.
        baud_rate: Of the real instrument, bit/s; bytes take their time, 10 bits each, both ways.
        add_options: Adds the instrument's own options; the kit has --name, --directory, --tcp,
            --baud, --no-timing and --parent.
        argv: The options; those of the process by default.
    """
    return run_program(make_instrument, baud_rate=baud_rate, add_options=add_options, argv=argv)
