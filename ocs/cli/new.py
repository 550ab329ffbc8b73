"""`ocs new agent`: the files of a new agent, which run at once with their simulator."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

import click

from ocs.cli.options import json_option
from ocs.cli.printing import emit, emit_json
from ocs.model.errors import DuplicateError, ExitCode

TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")


@click.group("new", epilog="\b\nExamples:\n  ocs new agent oven")
def command() -> None:
    """Make the files of something new."""


@command.command(
    "agent",
    epilog="\b\nExamples:\n  ocs new agent oven\n  python -m pytest tests/agents/oven\n"
    "  python -m agents.oven.agent --instance-id oven-1",
)
@click.argument("name")
@json_option
def agent(name: str, *, as_json: bool) -> ExitCode:
    """Write agents/NAME with agent, driver, simulator and README, and tests/agents/NAME, below this folder.

    What it makes is a thermometer with a set point, with invented commands; it runs, and its tests pass.
    Change the driver first.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise click.UsageError(f"{name!r} cannot name a module; use at most 24 small letters, digits and _, as in oven")
    here = Path.cwd()
    folder, tests = here / "agents" / name, here / "tests" / "agents" / name
    for taken in (folder, tests):
        if taken.exists():
            raise DuplicateError(
                f"{taken.relative_to(here)} is there already; choose another name, or remove it", given=name
            )
    written = _write(name, folder, tests)
    told = [str(path.relative_to(here)) for path in written]
    if as_json:
        emit_json({"name": name, "agent_class": f"{class_name(name)}Agent", "files": told})
        return ExitCode.OK
    for path in told:
        emit(f"wrote {path}")
    emit(f"try it: python -m pytest tests/agents/{name}")
    emit(f"then add {class_name(name)}Agent to a site file, as its README says")
    return ExitCode.OK


def class_name(name: str) -> str:
    """Return the name of the device class for a module: `heat_switch` gives `HeatSwitch`."""
    return "".join(word.capitalize() for word in name.split("_"))


def _write(name: str, folder: Path, tests: Path) -> list[Path]:
    places = {
        "__init__.py": folder / "__init__.py",
        "agent.py": folder / "agent.py",
        "driver.py": folder / "driver.py",
        "sim.py": folder / "sim.py",
        "README.md": folder / "README.md",
        "test.py": tests / f"test_{name}.py",
    }
    folder.mkdir(parents=True)
    tests.mkdir(parents=True)
    package = folder.parent / "__init__.py"
    if not package.exists():
        package.write_text('"""Agents of this site."""\n')
    for template, path in places.items():
        text = (TEMPLATES / f"{template}.txt").read_text()
        path.write_text(text.replace("@name@", name).replace("@Class@", class_name(name)))
    return list(places.values())
