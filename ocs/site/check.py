"""What `ocs check` tells about a site file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ocs.site.findings import Finding, Severity, path_text
from ocs.site.loading import LoadedSite, examine


def check(path: Path | str, known_classes: Collection[str] | None = None) -> list[Finding]:
    """Return everything that is wrong or doubtful in a site file, by line; empty when it is in order.

    Args:
        path: The file.
        known_classes: Agent classes that are installed; None leaves classes unchecked.
    """
    loaded, findings = examine(Path(path), known_classes)
    if loaded is not None:
        findings = sorted([*findings, *_missing_folders(loaded)], key=lambda finding: finding.line)
    return findings


def _missing_folders(loaded: LoadedSite) -> list[Finding]:
    return [
        Finding(
            loaded.path,
            loaded.lines.get(("agent_paths", place), 1),
            path_text(("agent_paths", place)),
            Severity.WARNING,
            f"the folder {folder} does not exist; agents in it are not found",
        )
        for place, folder in enumerate(loaded.agent_paths)
        if not folder.is_dir()
    ]
