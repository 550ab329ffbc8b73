"""How fast we are, as ratios against bare programs on the same router in the same run: `python -m benchmarks`."""
