"""`ocs check`: whether a site file is in order, before anything starts."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ocs.cli.options import json_option
from ocs.cli.printing import emit, emit_json
from ocs.model.errors import ConfigurationError, ExitCode, OcsError

EPILOG = """\b
Examples:
  ocs check sites/demo.yaml
  ocs check                    the file of OCS_SITE_FILE
  ocs check --json site.yaml
  ocs check --schema > site.schema.json     for an editor that completes and checks"""


@click.command("check", epilog=EPILOG)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--schema", "wants_schema", is_flag=True, help="Print the JSON schema of site files instead.")
@json_option
def command(file: Path | None, *, wants_schema: bool, as_json: bool) -> ExitCode:
    """Check a site file: keys, names, agent classes, and the properties of every device.

    Each line tells file, line, place, and what to do. Exit code 3 when something is wrong; warnings alone are 0.
    """
    from ocs.agent.program.plugins import known_classes
    from ocs.site import Severity, check, load_site, site_schema
    from ocs.site.locate import find_site_file

    if wants_schema:
        emit_json(site_schema())
        return ExitCode.OK
    path = file or find_site_file(os.environ)
    if path is None:
        raise ConfigurationError("no site file is named; write `ocs check FILE`, or set OCS_SITE_FILE")
    findings = check(path)
    wrong = any(finding.severity is Severity.ERROR for finding in findings)
    if not wrong:
        findings = check(path, known_classes(load_site(path).agent_paths))
        wrong = any(finding.severity is Severity.ERROR for finding in findings)
    problems = [] if wrong else _problems(path)
    if as_json:
        lines = [
            {"line": one.line, "path": one.path, "severity": one.severity.value, "sentence": one.sentence}
            for one in findings
        ]
        emit_json({"file": str(path), "ok": not wrong and not problems, "findings": lines, "devices": problems})
    else:
        for finding in findings:
            emit(f"{finding.severity.value}: {finding}")
        for problem in problems:
            emit(f"error: {path}: {problem}")
        if not wrong and not problems:
            emit(f"{path} is in order{f', but for {len(findings)} warnings' if findings else ''}")
    return ExitCode.CONFIGURATION if wrong or problems else ExitCode.OK


def _problems(path: Path) -> list[str]:
    """Return what is wrong with each agent's classes and properties, found by making its devices."""
    from ocs.agent.program.launch import make_devices
    from ocs.agent.program.plugins import find_devices
    from ocs.site import agent_settings, load_site

    loaded = load_site(path)
    problems = []
    for host_name, host in loaded.site.hosts.items():
        for instance in host.agent_instances:
            words = ["--site-file", str(path), "--site-host", host_name, "--instance-id", instance.instance_id]
            try:
                settings = agent_settings(None, words, {})
                make_devices(settings, find_devices(settings.agent_class, settings.agent_paths))
            except OcsError as error:
                problems.append(f"{instance.instance_id}: {error.message}")
    return problems
