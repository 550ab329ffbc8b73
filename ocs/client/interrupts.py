"""What a person is told who presses Ctrl-C in a wait."""

from __future__ import annotations

import sys

from ocs.client.steps import Call


def tell_interrupted(call: Call) -> None:
    """Tell on stderr what goes on without the script."""
    if call.waits_for:
        sys.stderr.write(
            f"\ninterrupted: {call.waits_for} goes on; abort() or stop() ends it, wait() waits for it again\n"
        )
