"""A small cryostat: four thermometers and a regulated heater behind one demonstration controller."""

__all__: list[str] = []
