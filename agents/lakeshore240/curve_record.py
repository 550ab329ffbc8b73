"""The calibration curve of an input as clients read it: one record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.lakeshore240.curve import CurveHeader, CurvePoint
from ocs.model.units import Unit


class CurveRecord(BaseModel):
    """What an input holds as its curve; without points there is none, and the input gives no temperature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="at most 15 characters")
    serial: str = Field(description="serial number of the sensor, at most 10 characters")
    format: Literal["VOLT", "OHM", "LOG_OHM"] = Field(description="sensor units of the points")
    limit: Annotated[float, Unit("K")] = Field(description="highest temperature that the sensor is meant for")
    coefficient: Literal["NEGATIVE", "POSITIVE"] = Field(description="sign of the slope of temperature over units")
    points: list[tuple[float, float]] = Field(description="up to 200 pairs: sensor units, rising, and K")


def record_of(header: CurveHeader, points: Iterable[CurvePoint]) -> CurveRecord:
    """Return what the module told of a curve as a record."""
    return CurveRecord.model_validate(
        {
            "name": header.name.strip(),
            "serial": header.serial.strip(),
            "format": header.format.name,
            "limit": header.limit,
            "coefficient": header.coefficient.name,
            "points": [(point.sensor, point.kelvin) for point in points],
        }
    )
