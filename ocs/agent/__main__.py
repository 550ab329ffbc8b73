"""Start an agent of the site file: `python -m ocs.agent --instance-id thermo-1`."""

from __future__ import annotations

import sys

from ocs.agent.program.launch import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]).value)
