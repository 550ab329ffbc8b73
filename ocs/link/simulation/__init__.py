"""The parts of the simulator kit; import them from `ocs.link.simulator`."""

__all__: list[str] = []
