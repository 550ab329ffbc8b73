"""Reading a site file: all that is wrong is told at once, each with file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ocs.model.errors import ConfigurationError
from ocs.site.document import Document, read_document
from ocs.site.findings import Finding, KeyPath, Remark, Severity, path_text
from ocs.site.rules import class_rules, rules
from ocs.site.schema import Site
from ocs.site.sentences import remarks_of


@dataclass(frozen=True, slots=True)
class LoadedSite:
    """A site file that is in order.

    Attributes:
        path: The file.
        site: What it says.
        warnings: What is doubtful in it.
        lines: The line of each key and list item, counted from 1.
    """

    path: Path
    site: Site
    warnings: tuple[Finding, ...]
    lines: dict[KeyPath, int]

    @property
    def agent_paths(self) -> tuple[Path, ...]:
        """The folders with agents, made absolute from the place of the file."""
        folder = self.path.absolute().parent
        return tuple((folder / path).resolve() for path in self.site.agent_paths)

    def where(self, path: KeyPath) -> str:
        """Return `file:line` of a key."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.path}:{self.lines.get(path, 1)}"


def load_site(path: Path | str) -> LoadedSite:
    """Read the site file at `path`.

    Raises:
        ConfigurationError: It cannot be read or something in it is wrong; each line of the message is
            `file:line: path: sentence`.
    """
    loaded, findings = examine(Path(path))
    if loaded is None:
        errors = [str(finding) for finding in findings if finding.severity is Severity.ERROR]
        raise ConfigurationError("\n".join(errors), field="site-file", given=str(path))
    return loaded


def examine(path: Path, known_classes: Collection[str] | None = None) -> tuple[LoadedSite | None, list[Finding]]:
    """Read the file at `path` and return it, or None when it has errors, with all findings by line.

    Args:
        path: The file.
        known_classes: Agent classes that are installed; None leaves classes unchecked.
    """
    document = _read(path)
    findings = [_finding(path, line, remark) for line, remark in document.problems]
    site: Site | None = None
    if isinstance(document.data, dict):
        site, remarks = _validate(document.data)
        remarks += rules(document.data, document.line)
        if known_classes is not None:
            remarks += class_rules(document.data, known_classes)
        findings += _locate(path, document, remarks)
    findings.sort(key=lambda finding: finding.line)
    if site is None or any(finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    return LoadedSite(path, site, tuple(findings), document.lines), findings


def _read(path: Path) -> Document:
    document = Document()
    try:
        return read_document(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        document.add((), 1, f"the file cannot be read: {(error.strerror or str(error)).lower()}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        document.add((), line, f"the byte 0x{error.object[error.start]:02x} is no UTF-8 text; save the file as UTF-8")
    return document


def _validate(data: dict[str, Any]) -> tuple[Site | None, list[Remark]]:
    try:
        return Site.model_validate(data), []
    except ValidationError as error:
        return None, remarks_of(error)


def _locate(path: Path, document: Document, remarks: Iterable[Remark]) -> list[Finding]:
    kept = (remark for remark in remarks if remark.path not in document.refused)
    return [_finding(path, document.line(remark.path), remark) for remark in kept]


def _finding(path: Path, line: int, remark: Remark) -> Finding:
    return Finding(path, line, path_text(remark.path), remark.severity, remark.sentence)
