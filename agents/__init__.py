"""Drivers of instruments: one folder each, loaded as plugins."""

__all__: list[str] = []
