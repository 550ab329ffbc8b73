"""Lessons as tests: the commands of a page are run as they stand, and their output is compared, numbers masked."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.system.programs import CHECKOUT, Place, Program

EXAMPLES = CHECKOUT / "examples"
COMMAND_S = 120.0

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MINUTES = re.compile(r"(?<= in )([\d.]+s) \(\d+:\d\d:\d\d\)$")
_HOST = re.compile(r"(process # on) \S+")


@dataclass(frozen=True)
class Step:
    """A command of a page, and the lines that the page shows after it."""

    command: str
    expected: tuple[str, ...]


def steps_of(text: str) -> list[Step]:
    """Return the commands of the `console` blocks of a text in their order."""
    steps: list[Step] = []
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:], ()))
            else:
                steps[-1] = Step(steps[-1].command, (*steps[-1].expected, line))
    return steps


def masked(lines: Iterator[str] | list[str] | tuple[str, ...]) -> list[str]:
    """Return lines without what differs from run to run: numbers, the host, spaces, and how often a line repeats.

    pytest tells a run of more than a minute twice, in s and as a clock; the clock goes, too.
    """
    kept: list[str] = []
    for line in lines:
        same = _HOST.sub(r"\1 HOST", " ".join(_NUMBER.sub("#", _MINUTES.sub(r"\1", line)).split()))
        if same and (not kept or kept[-1] != same):
            kept.append(same)
    return kept


def play(steps: list[Step], folder: Path, place: Place) -> None:
    """Run commands in a folder.

    `command &` stays in the background and is waited for until it has said what the page shows; `kill %1` ends it.
    """
    environ = {**place.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environ |= {"NO_COLOR": "1", "COLUMNS": "100"}
    environ.pop("PYTHONPATH")
    background: list[Program] = []
    for step in steps:
        words = shlex.split(step.command.removesuffix("&"))
        if words[0] == "kill":
            for word in words[1:]:
                assert background[int(word[1:]) - 1].end() == 0, background[int(word[1:]) - 1].said
            continue
        program = Program(words, environ, folder)
        place.started.append(program)
        if step.command.endswith("&"):
            background.append(program)
            program.wait_for("joined")
        else:
            program.wait(COMMAND_S)
        assert masked(program.lines) == masked(step.expected), f"{step.command} said:\n{program.said}"
