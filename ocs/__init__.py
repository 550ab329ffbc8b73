"""ocs: control of observatories and laboratories."""

__version__ = "1.0.0.dev0"
