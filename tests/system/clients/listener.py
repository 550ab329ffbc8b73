"""Follow the feed of the counter, and print each number of samples that came."""

from __future__ import annotations

import sys
import threading
from typing import Any

from ocs.client import connect


def main() -> None:
    """Listen until killed."""
    with connect() as obs:
        obs.subscribe("numbers-1", "numbers", _say)
        sys.stdout.write("listening\n")
        threading.Event().wait()


def _say(_message: Any) -> None:
    sys.stdout.write("heard\n")


if __name__ == "__main__":
    main()
