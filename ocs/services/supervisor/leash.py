"""Becomes another program that is told to end when this one's parent is gone, even by SIGKILL.

Run as a file by a bare interpreter: `python -I -S leash.py PARENT COMMAND...`. The wish outlives `exec`
(prctl(2), PR_SET_PDEATHSIG); in a function between fork and exec it would be unsafe beside threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> int:
    """Become `argv[1:]`; the process `argv[0]` must be the parent."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM.value, 0, 0, 0)
        if os.getppid() != int(argv[0]):
            return 1
    try:
        os.execv(argv[1], argv[1:])  # noqa: S606 - the supervisor's own command, no shell
    except OSError as error:
        sys.stderr.write(f"error: {argv[1]} cannot be started: {error.strerror}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
