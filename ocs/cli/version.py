"""`ocs version`: which program this is."""

from __future__ import annotations

import platform

import click

from ocs.cli.options import json_option
from ocs.cli.printing import emit, emit_json
from ocs.model.errors import ExitCode


@click.command("version", epilog="\b\nExamples:\n  ocs version\n  ocs version --json")
@json_option
def command(*, as_json: bool) -> ExitCode:
    """Tell the versions of this program and of its wire."""
    from importlib.metadata import version

    from ocs.model.interface import WIRE_VERSION

    versions = {"ocs": version("ocs"), "wire": WIRE_VERSION, "python": platform.python_version()}
    if as_json:
        emit_json(versions)
    else:
        emit(", ".join(f"{name} {number}" for name, number in versions.items()))
    return ExitCode.OK
