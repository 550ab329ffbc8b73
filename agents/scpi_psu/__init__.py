"""Keithley 2230G-30-1 triple-channel power supplies by SCPI, over TCP or a serial line."""

__all__: list[str] = []
