"""Write the pages of docs/reference that follow from the code: `python docs/generate.py`; `--check` only compares."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

DOCS = Path(__file__).parent
sys.path[0] = str(DOCS.parent)  # the checkout's packages come before installed ones of the same names

from docs.rendering.channel_config import channel_config  # noqa: E402
from docs.rendering.charts import drawn  # noqa: E402
from docs.rendering.markdown import NOTE, code_of, first_sentence, table  # noqa: E402
from docs.rendering.wire import wire  # noqa: E402
from ocs.cli.main import COMMANDS, ocs  # noqa: E402
from ocs.model.errors import EXIT_CODES, RETRYABLE, ErrorCode, ExitCode, OcsError, OutOfRangeError  # noqa: E402
from ocs.model.operation import NEXT, SUCCESS, Action, OpCode, Outcome, ReplyCode, Status, op_code  # noqa: E402
from ocs.wire import replies  # noqa: E402

FOLDER = DOCS / "reference"
WIDTH = 100

EXIT_WORDS: dict[ExitCode, str] = {
    ExitCode.OK: "All went well.",
    ExitCode.FAILED: "What was asked for was tried and failed.",
    ExitCode.USAGE: "The command line is wrong: an unknown option, a parameter of the wrong name or type.",
    ExitCode.CONFIGURATION: "Site file, environment or options are wrong; nothing was started.",
    ExitCode.DUPLICATE: "The name or the port belongs to another process.",
    ExitCode.ROUTER: "The router cannot be reached.",
    ExitCode.NOT_FOUND: "No device, operation or feed has this name.",
    ExitCode.REFUSED: "The device refused: out of range, busy, not allowed now.",
    ExitCode.TIMEOUT: "A time limit passed first.",
    ExitCode.INTERRUPTED: "Ctrl-C.",
}
ACTION_WORDS: dict[Action, str] = {
    Action.START: "Starts a run and answers at once.",
    Action.STATUS: "Answers with the newest run.",
    Action.WAIT: "Answers when no run is active, or after `timeout` seconds.",
    Action.ABORT: "Asks the run of a task to end.",
    Action.STOP: "Asks the run of a process to end.",
    Action.RUN: "Starts a run and answers when it has ended, or after `timeout` seconds. Not in OCS.",
}


def main(argv: list[str]) -> int:
    """Write the pages, or tell which differ; 1 when one does."""
    stale = []
    for path, text in pages():
        if path.exists() and path.read_text() == text:
            continue
        if argv == ["--check"]:
            stale.append(str(path.relative_to(DOCS)))
        else:
            path.write_text(text)
    if stale:
        sys.stderr.write(f"docs: {', '.join(stale)} differ from the code; run `python docs/generate.py`\n")
    return 1 if stale else 0


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page that follows from the code, and each in which a picture does, with its text as it should be."""
    for name, render in PAGES.items():
        yield FOLDER / name, render()
    for path in sorted(DOCS.glob("explanations/*.md")):
        yield path, drawn(path.read_text())


# -- errors ------------------------------------------------------------------------------------------


def errors() -> str:
    """Return the page of errors."""
    rows = []
    for code in ErrorCode:
        error = OcsError.classes.get(code, OcsError)
        told = first_sentence(error) if error is not OcsError else "An error that the program did not expect."
        again = "yes" if code in RETRYABLE else ""
        rows.append([f"`{code.value}`", f"`{error.__name__}`", told, again, str(EXIT_CODES[code].value)])
    example = OutOfRangeError("target is 500 K; it must be at most 400 K", field="target", given=500, limit=400)
    return f"""# Errors

{NOTE}
Every request that fails ends with one of these codes, the same in exceptions, replies and exit codes. All exceptions
are in `ocs.model.errors` and derive from `OcsError`, which has `code`, `message` (one sentence), `field`, `given`,
`limit`, `allowed` and `retryable`. *Again* marks those after which the same request may succeed later.

{table(["code", "exception", "meaning", "again", "exit code"], rows)}
On the wire, in the third element of a reply of `R.D.ops` under `refused`, and as the argument of the WAMP error
`ocs.error.<code>`:

{code_of(replies.encode_error(example))}"""


def exit_codes() -> str:
    """Return the page of exit codes."""
    rows = []
    for exit_code in ExitCode:
        codes = ", ".join(f"`{code.value}`" for code, ends in EXIT_CODES.items() if ends is exit_code)
        rows.append([str(exit_code.value), EXIT_WORDS[exit_code], codes])
    return f"""# Exit codes

{NOTE}
What `ocs`, agents and the router's starter tell the shell. A program that fails writes one sentence, `error: ...`,
to stderr.

{table(["exit code", "meaning", "errors"], rows)}"""


# -- operations --------------------------------------------------------------------------------------


def operations() -> str:
    """Return the page of the life of a run."""
    arrows = [f"    {status.value} --> {after.value}" for status in Status for after in Status if after in NEXT[status]]
    drawing = "\n".join(["stateDiagram-v2", "    [*] --> starting", *arrows, "    done --> [*]"])
    moves = [[f"`{s.value}`", ", ".join(f"`{n.value}`" for n in Status if n in NEXT[s]) or "none"] for s in Status]
    ends = [[f"`{outcome.value}`", "true" if SUCCESS[outcome] else "false"] for outcome in Outcome]
    states: list[tuple[str, Status | None, bool | None, bool]] = [
        ("never ran", None, None, False),
        *((f"`{status.value}`", status, None, False) for status in Status if status is not Status.DONE),
        ("`running`, degraded", Status.RUNNING, None, True),
        ("`done`, success", Status.DONE, True, False),
        ("`done`, no success", Status.DONE, False, False),
    ]
    codes = [
        [str((code := op_code(status, success=success, degraded=degraded)).value), f"`{code.name}`", told]
        for told, status, success, degraded in states
    ]
    codes.append([str(OpCode.EXPIRED.value), f"`{OpCode.EXPIRED.name}`", "set by the registry: no heartbeat any more"])
    actions = [[f"`{action.value}`", ACTION_WORDS[action]] for action in Action]
    answers = [[str(code.value), f"`{code.name}`"] for code in ReplyCode]
    return f"""# Operations

{NOTE}
A **task** ends by itself and may be aborted; a **process** runs until it is stopped. One run of an operation at a time.

## States of a run

```mermaid
{drawing}
```

{table(["status", "next"], moves)}
The words are those of OCS. `outcome` says how a run ended, and `success` follows from it:

{table(["outcome", "success"], ends)}
## Numbers in heartbeats

{table(["op_code", "name", "state"], codes)}
## Requests

`R.D.ops(action, op_name, params, timeout)` answers `[code, message, session]`.

{table(["action", "meaning"], actions)}
{table(["code", "meaning"], answers)}"""


# -- command -----------------------------------------------------------------------------------------


def command() -> str:
    """Return the page of the command's help."""
    whole = context_of(ocs, "ocs")
    parts = [f"# The command\n\n{NOTE}\n{help_of(whole)}"]
    for name, (module, _) in COMMANDS.items():
        loaded = importlib.import_module(f"ocs.cli.{module}")
        context = context_of(getattr(loaded, "commands", {}).get(name) or loaded.command, name, whole)
        parts.append(f"## ocs {name}\n\n{help_of(context)}")
        inner = getattr(context.command, "commands", {}).items()
        parts += [f"### ocs {name} {word}\n\n{help_of(context_of(below, word, context))}" for word, below in inner]
    return "\n".join(parts)


def context_of(found: click.Command, word: str, parent: click.Context | None = None) -> click.Context:
    """Return the context in which a command tells its help on a terminal of 100 columns."""
    settings = {**found.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    return click.Context(found, parent=parent, info_name=word, **settings)


def help_of(context: click.Context) -> str:
    """Return the help of a command as a block."""
    lines = (line.rstrip() for line in context.command.get_help(context).splitlines())
    return "```text\n" + "\n".join(lines) + "\n```\n"


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors,
    "exit-codes.md": exit_codes,
    "operations.md": operations,
    "channel-config.md": channel_config,
    "wire.md": wire,
    "command.md": command,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
