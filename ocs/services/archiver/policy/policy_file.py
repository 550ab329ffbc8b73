"""What was changed while the archiver ran, kept beside the archive: rules that replace the site file's, and pauses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocs.model.archive_policy import Policy, read_policy
from ocs.model.errors import ConfigurationError, OcsError, ParameterError
from ocs.services.archiver.policy.pauses import Pauses, read_pauses
from ocs.store.durability import sync_folder

FILE_NAME = "policy.json"
VERSION = 1


@dataclass(frozen=True)
class Changes:
    """What differs from the site file.

    Attributes:
        policy: The policy that was set; None where the site file's holds.
        pauses: What is paused.
        since: When that was last changed, POSIX s, UTC; 0 for never.
    """

    policy: Policy | None = None
    pauses: Pauses = field(default_factory=Pauses)
    since: float = 0.0


class PolicyFile:
    """The file in the archive's folder.

    Args:
        folder: The archive's folder.
        on_trouble: Told in one sentence when the file cannot be read.
    """

    def __init__(self, folder: Path, on_trouble: Callable[[str], None]) -> None:
        self._path = folder / FILE_NAME
        self._on_trouble = on_trouble

    def load(self) -> Changes:
        """Return what the file says; one that cannot be read is set aside, and the site file holds."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Changes()
        except (OSError, UnicodeDecodeError) as error:
            return self._set_aside(error)
        try:
            return _decoded(json.loads(text))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OcsError) as error:
            return self._set_aside(error)

    def save(self, changes: Changes) -> None:
        """Have the changes on the disk when this returns.

        Raises:
            ConfigurationError: The disk refuses; the earlier file is still there.
        """
        told = {
            "version": VERSION,
            "rules": None if changes.policy is None else changes.policy.encode(),
            "pauses": [pause.encode() for pause in changes.pauses.all],
            "since": changes.since,
        }
        beside = self._path.with_suffix(".new")
        try:
            with beside.open("w", encoding="utf-8") as file:
                json.dump(told, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise ConfigurationError(
                f"the policy cannot be kept in {self._path} ({error.strerror}); it was not changed", field="rules"
            ) from None

    def _set_aside(self, error: Exception) -> Changes:
        aside = self._path.with_suffix(".damaged")
        with suppress(OSError):
            self._path.replace(aside)
        self._on_trouble(f"{self._path} cannot be read ({error}); it is kept as {aside.name}, the site file holds")
        return Changes()


def _decoded(told: Any) -> Changes:
    if told["version"] > VERSION:
        raise ParameterError(f"it has version {told['version']}, this archiver knows {VERSION}")
    rules = told.get("rules")
    policy = None if rules is None else read_policy(rules)
    return Changes(policy, read_pauses(told.get("pauses", ())), float(told.get("since", 0.0)))
