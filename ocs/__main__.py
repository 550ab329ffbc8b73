"""The command `ocs`: errors become one sentence on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import traceback

from ocs.model.errors import ExitCode, OcsError

DEBUG = "OCS_DEBUG"
"""Set to 1, this variable shows the trace of an error."""


def main() -> int:
    """Run the command line of this process and return its exit code."""
    from ocs.cli.main import run

    try:
        return run(sys.argv[1:])
    except OcsError as error:
        _show_trace()
        sys.stderr.write(f"error: {error.message}\n")
        return error.exit_code.value
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED.value
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; nothing may be written at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK.value
    except Exception as error:  # noqa: BLE001 - the edge: a person gets a sentence, not a trace
        _show_trace()
        sys.stderr.write(f"error: {type(error).__name__}: {error}; {DEBUG}=1 shows where this happened\n")
        return ExitCode.FAILED.value


def _show_trace() -> None:
    if os.environ.get(DEBUG, "") not in {"", "0"}:
        traceback.print_exc()


if __name__ == "__main__":
    sys.exit(main())
