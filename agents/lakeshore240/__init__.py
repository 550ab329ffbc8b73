"""Lake Shore 240 series cryogenic thermometer modules: two or eight inputs on USB."""

__all__: list[str] = []
