"""The archiver, started without a site file."""

from __future__ import annotations

from ocs.agent import run
from ocs.services.archiver import Archiver

if __name__ == "__main__":
    run(Archiver)
