"""The channels of one output, declared once for all three."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from agents.scpi_psu import driver
from agents.scpi_psu.driver import RATINGS, Output
from ocs.agent import Channel, Unit

if TYPE_CHECKING:
    from agents.scpi_psu.agent import ScpiPsu

Volt = Annotated[float, Unit("V")]
Ampere = Annotated[float, Unit("A")]
Watt = Annotated[float, Unit("W")]

POLL_S = 0.5
STALE_S = 3.0


def set_points_of(output: Output) -> tuple[Channel, Channel, Channel]:
    """Declare what clients may write of one output: voltage, limit of the current, enable."""
    name, rating = output.name, RATINGS[output]
    voltage = Channel(
        Volt, doc=f"voltage that {name} shall hold", min_value=0.0, max_value=rating.volts, memorized="init"
    )
    current = Channel(
        Ampere, doc=f"limit of the current of {name}", min_value=0.0, max_value=rating.amperes, memorized="init"
    )
    enabled = Channel(bool, doc=f"whether {name} is switched with the others", memorized=True, initial=True)

    @voltage.write
    def write_voltage(psu: ScpiPsu, volts: float) -> None:
        psu.order(driver.set_voltage(output, volts))

    @current.write
    def write_current(psu: ScpiPsu, amperes: float) -> None:
        psu.order(driver.set_current(output, amperes))

    @enabled.write
    def write_enabled(psu: ScpiPsu, on: bool) -> None:  # noqa: FBT001 - the value that is written
        psu.enable(output, on=on)

    return voltage, current, enabled


def readings_of(output: Output) -> tuple[Channel, Channel, Channel]:
    """Declare what is measured at one output: voltage, current, power; all outputs in one exchange."""
    name, rating = output.name, RATINGS[output]
    voltage = Channel(
        Volt, access="rww", partner=f"voltage_{output.value}", settle=(0.01, 0.5), doc=f"voltage at {name}",
        period_s=POLL_S, stale_after_s=STALE_S, feed="outputs", format="%7.3f", abs_change=0.005,
        max_alarm=1.05 * rating.volts,
    )  # fmt: skip
    current = Channel(
        Ampere, doc=f"current out of {name}",
        period_s=POLL_S, stale_after_s=STALE_S, feed="outputs", format="%6.3f", abs_change=0.002,
        max_warning=0.9 * rating.amperes, max_alarm=rating.amperes,
    )  # fmt: skip
    power = Channel(
        Watt, doc=f"power out of {name}",
        period_s=POLL_S, stale_after_s=STALE_S, feed="outputs", format="%6.2f", abs_change=0.02,
    )  # fmt: skip

    voltage.read(lambda psu: psu.readings.volts[output])
    current.read(lambda psu: psu.readings.amperes[output])
    power.read(lambda psu: psu.readings.watts(output))
    return voltage, current, power
