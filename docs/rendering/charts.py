"""Pictures of state charts, drawn from the charts of device classes into pages that people write."""

from __future__ import annotations

import importlib
import re

_DRAWN = re.compile(r"(<!-- chart (\S+):(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def drawn(text: str) -> str:
    """Return a page with the picture of each chart between `<!-- chart module:Class -->` and `<!-- end -->`."""
    return _DRAWN.sub(lambda found: f"{found[1]}{_picture(found[2], found[3])}{found[4]}", text)


def _picture(module: str, name: str) -> str:
    chart = getattr(importlib.import_module(module), name)
    return f"```mermaid\n{chart.mermaid()}```\n"
