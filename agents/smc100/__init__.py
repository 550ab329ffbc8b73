"""Newport SMC100 single axis motion controllers on a serial line."""

__all__: list[str] = []
