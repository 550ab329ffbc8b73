"""The supervisor of a host, `ocs up`: starts router and agents, starts them again when they end, stops them."""

from __future__ import annotations

__all__: list[str] = []
