"""What `ocs check` gets."""

from collections.abc import Callable
from pathlib import Path

from ocs.site.check import check
from ocs.site.findings import Finding, Severity

HUB = "hub: {wamp_server: 'ws://h:1/ws', wamp_realm: test_realm, address_root: obs}\n"
DEMO = Path(__file__).parents[3] / "sites" / "demo.yaml"
DEMO_CLASSES = {
    "ArchiverAgent",
    "RegistryAgent", "HostsAgent", "Lakeshore240Agent", "Smc100Agent", "ScpiPsuAgent", "CryostatAgent", "FakeDataAgent",
    "BarebonesAgent",
}  # fmt: skip


def test_the_demonstration_site_has_no_findings() -> None:
    assert check(DEMO, DEMO_CLASSES) == []


def test_a_class_that_is_not_installed_is_found_with_its_line() -> None:
    findings = check(DEMO, DEMO_CLASSES - {"Smc100Agent"})

    lines = DEMO.read_text(encoding="utf-8").splitlines()
    assert [(finding.line, finding.severity) for finding in findings] == [
        (lines.index("      - agent-class: Smc100Agent") + 1, Severity.ERROR)
    ]
    assert findings[0].sentence.startswith("no agent class 'Smc100Agent' is installed")


def test_warnings_do_not_refuse_the_file_and_come_by_line(write: Callable[[str], Path]) -> None:
    path = write(HUB.replace("}", ", registry_address: x}") + "agent_paths:\n  - .\n  - nowhere\n")

    assert check(path) == [
        Finding(
            path, 1, "hub.registry_address", Severity.WARNING,
            "the key 'registry_address' is not used any more; remove it",
        ),
        Finding(
            path, 4, "agent_paths[1]", Severity.WARNING,
            f"the folder {path.parent / 'nowhere'} does not exist; agents in it are not found",
        ),
    ]  # fmt: skip


def test_errors_and_warnings_are_told_together(write: Callable[[str], Path]) -> None:
    path = write(HUB + "hosts:\n  a:\n    crossbar_timeout: 10\n    log-dir: 1\n")

    assert [(finding.line, finding.severity) for finding in check(str(path), ["A"])] == [
        (4, Severity.WARNING),
        (5, Severity.ERROR),
    ]
