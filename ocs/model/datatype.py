"""What a channel's value can be: the data types and formats of the Tango model, and bytes and records."""

from __future__ import annotations

from enum import Enum


class DataType(Enum):
    """The type of one element of a channel's value (Tango, data types; a record stands for its pipe).

    Attributes:
        integer: Whether it is a whole number of some width.
        floating: Whether it is a floating-point number.
        numeric: Whether it is a number, so that limits, alarms and thresholds make sense.
    """

    BOOL = "bool"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STR = "str"
    ENUM = "enum"
    STATE = "state"
    BYTES = "bytes"
    RECORD = "record"

    def __init__(self, word: str) -> None:
        # kept, because each poll of a channel asks
        self.integer = word.startswith(("int", "uint"))
        self.floating = word.startswith("float")
        self.numeric = self.integer or self.floating


class Format(Enum):
    """How many elements a channel's value has, and in which order."""

    SCALAR = "scalar"
    SPECTRUM = "spectrum"
    IMAGE = "image"
    RECORD = "record"


BOUNDS: dict[DataType, tuple[int, int]] = {
    DataType.INT8: (-(2**7), 2**7 - 1),
    DataType.INT16: (-(2**15), 2**15 - 1),
    DataType.INT32: (-(2**31), 2**31 - 1),
    DataType.INT64: (-(2**63), 2**63 - 1),
    DataType.UINT8: (0, 2**8 - 1),
    DataType.UINT16: (0, 2**16 - 1),
    DataType.UINT32: (0, 2**32 - 1),
    DataType.UINT64: (0, 2**64 - 1),
}
"""The smallest and largest number of each width, both included."""
