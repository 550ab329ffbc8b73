"""Changes of policy and pauses while the archiver runs: checked, kept on the disk, then applied, in this order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ocs.model.archive_policy import Policy, read_policy
from ocs.services.archiver.policy.pauses import PauseGaps
from ocs.services.archiver.policy.policy_file import Changes, PolicyFile
from ocs.services.archiver.policy.selecting import Selector


class PolicyDesk:
    """The policy that holds: the site file's, or the one that was set since.

    Its methods write to the disk, so they are called in a thread; times are ns since 1970, UTC.

    Args:
        site: The policy in the site file.
        file: What was changed since.
        gaps: Keeps account of what is left out by pauses.
        on_trouble: Told in one sentence.

    Attributes:
        selector: Applies it to batches.
    """

    def __init__(self, site: Policy, file: PolicyFile, gaps: PauseGaps, on_trouble: Callable[[str], None]) -> None:
        self._site = site
        self._file = file
        self._lock = threading.Lock()
        self._changes = file.load()
        self.selector = Selector(self.policy, self._changes.pauses, gaps, on_trouble)

    @property
    def policy(self) -> Policy:
        """The policy that holds."""
        return self._site if self._changes.policy is None else self._changes.policy

    @property
    def changes(self) -> Changes:
        """What differs from the site file."""
        return self._changes

    def set_rules(self, rules: Any, now: int) -> None:
        """Have other rules hold from now on.

        Raises:
            ParameterError: A rule cannot be used; the sentence names its number, and nothing is changed.
            ConfigurationError: The disk refuses; nothing is changed.
        """
        policy = read_policy(rules)
        self._change(lambda changes: replace(changes, policy=policy), now)

    def reset(self, now: int) -> None:
        """Have the site file's rules hold again."""
        self._change(lambda changes: replace(changes, policy=None), now)

    def pause(self, match: str, reason: str, now: int) -> None:
        """Archive nothing of what a pattern means, until `resume`.

        Raises:
            ParameterError: The pattern names nothing.
        """
        self._change(lambda changes: replace(changes, pauses=changes.pauses.begun(match, reason, now)), now)

    def resume(self, match: str, now: int) -> None:
        """Archive again what was paused under a pattern.

        Raises:
            NotFoundError: Nothing was.
        """
        self._change(lambda changes: replace(changes, pauses=changes.pauses.ended(match)), now)

    def encode(self) -> dict[str, Any]:
        """Return what holds as a map: `rules`, `source`, `since` and `pauses`, times as POSIX s."""
        changes = self._changes
        return {
            "rules": self.policy.encode(),
            "source": "site file" if changes.policy is None else "set_policy",
            "since": changes.since or None,
            "pauses": [{**pause.encode(), "since": pause.since / 1e9} for pause in changes.pauses.all],
        }

    def _change(self, changed: Callable[[Changes], Changes], now: int) -> None:
        with self._lock:
            changes = replace(changed(self._changes), since=now / 1e9)
            self._file.save(changes)
            self._changes = changes
            self.selector.change(self.policy, changes.pauses, now)
