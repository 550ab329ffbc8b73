"""Write the pages of docs/reference that follow from the code: `python docs/generate.py`; `--check` only compares."""
# ruff: noqa: INP001 - a script, no package

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from ocs.cli.main import COMMANDS, ocs
from ocs.model.errors import EXIT_CODES, RETRYABLE, ErrorCode, ExitCode, OcsError, OutOfRangeError
from ocs.model.feed import Block, FeedInterface
from ocs.model.interface import WIRE_VERSION, DeviceInterface, Identity, OperationInterface
from ocs.model.operation import NEXT, SUCCESS, Action, Kind, OpCode, Outcome, ReplyCode, Status, op_code
from ocs.model.run import Author, RunRecord
from ocs.wire import describe, feeds, replies, sessions, uris

FOLDER = Path(__file__).parent / "reference"
WIDTH = 100
EPOCH = 1700000000000000000
NOTE = "<!-- Written by docs/generate.py from the code; change it there. -->\n"

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
    for name, render in PAGES.items():
        path, text = FOLDER / name, render()
        if argv == ["--check"]:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    if stale:
        sys.stderr.write(f"docs/reference: {', '.join(stale)} differ from the code; run `python docs/generate.py`\n")
    return 1 if stale else 0


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def first_sentence(thing: Any) -> str:
    """Return the first line of a docstring."""
    return inspect.cleandoc(thing.__doc__ or "").partition("\n")[0]


def code_of(data: Any) -> str:
    """Return data as a JSON block."""
    return f"```json\n{json.dumps(data, indent=2)}\n```\n"


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


# -- wire --------------------------------------------------------------------------------------------


def wire() -> str:
    """Return the page of addresses and messages."""
    places = [
        [f"`{name}`", first_sentence(function).removeprefix("Return ").rstrip(".")]
        for name, function in inspect.getmembers(uris, inspect.isfunction)
        if function.__module__ == uris.__name__ and name != "device_of"
    ]
    interface, run = example_interface(), example_run()
    block = Block.of_fields("thermal", ["temperature", "setpoint"])
    block.add_columns([1700000000.0, 1700000000.5], {"temperature": [292.9, 293.1], "setpoint": [300.0, 300.0]})
    info = {
        **describe.feed_info(interface.identity, interface.feeds["thermal"]),
        "seq": 7,
        "epoch": 1700000000000000000,
    }
    started = replies.Reply(ReplyCode.OK, 'Started task "heat".', sessions.encode_run(run))
    refused = replies.refusal(OutOfRangeError("target is 500 K; it must be at most 400 K", field="target", given=500))
    columns = feeds.encode_columns(block)
    columns["data"] = {name: {**column, "data": "<bytes>"} for name, column in columns["data"].items()}
    columns["timestamps"] = {**columns["timestamps"], "data": "<bytes>"}
    return f"""# Wire

{NOTE}
Version {WIRE_VERSION}. The messages of OCS 0.12 with further keys; within a major version keys are only added, and
unknown ones are to be ignored. `R` is the address root, `D` the device, one component of the URI. Times are POSIX
seconds, UTC.

{table(["in `ocs.wire.uris`", "address"], places)}
## `R.D.ops`: a run

Procedure `(action, op_name, params, timeout, password)`. `code` 0: taken, -1: refused, 1: still running after
`timeout`.

{code_of(started.encode())}
A refusal carries the [error](errors.md) as data, and the run that stands in its way where there is one:

{code_of(refused.encode())}
`R.D.sessions.<op>` publishes the same session whenever it changes, at most ten times a second, with `seq` and `epoch`.

## `R.D`: what a device is

Procedure with one word: `get_api`, `get_tasks`, `get_processes`, `get_feeds` and `get_agent_class` answer as in OCS,
`describe` with schemas, `history` with the sessions of the newest runs of an operation.

{code_of(describe.encode_interface(interface))}
## `R.D.feeds.<feed>`: samples

One argument, `[message, feed_info]`:

{code_of([feeds.encode_message([block]), info])}
`R.D.blocks.<feed>`, for feeds that are declared `bulk`, carries the columns as little-endian bytes:

{code_of([columns, "feed_info as above"])}
## `R.D.feeds.heartbeat`

Each second, [a number for each operation](operations.md#numbers-in-heartbeats):

{code_of([sessions.heartbeat({"heat": OpCode.RUNNING}), "feed_info as above"])}"""


def example_interface() -> DeviceInterface:
    """Return a device to show."""
    kelvin = {"type": "number", "minimum": 280, "maximum": 400, "unit": "K", "description": "The temperature to reach."}
    heat = OperationInterface(
        "heat", Kind.TASK, "Heat, and wait until the oven is there.",
        {"type": "object", "properties": {"target": kelvin}, "required": ["target"], "additionalProperties": False},
        {"type": "number", "unit": "K"}, timeout_s=600,
    )  # fmt: skip
    identity = Identity(
        "oven-1", "observatory", "test_realm", "Oven", "An oven on a serial line.", "1.0", "Oven/oven-1", "host", 4711,
        EPOCH,
    )  # fmt: skip
    return DeviceInterface(identity, {"heat": heat}, {"thermal": FeedInterface("thermal", doc="temperature in K")})


def example_run() -> RunRecord:
    """Return a run to show."""
    author = Author("alice", "iocs_controller", 42)
    run = RunRecord(
        3, 1700000000000000000, "heat", Kind.TASK, now=1700000000.0, params={"target": 310.0}, author=author
    )
    run.advance(Status.RUNNING, 1700000000.1)
    run.data = {"temperature": 293.1}
    run.set_progress(0.25, "297.3 K")
    return run


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
    "wire.md": wire,
    "command.md": command,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
