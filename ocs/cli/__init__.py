"""The `ocs` command: one module a sub-command, each a thin caller of a client or a service."""

from __future__ import annotations
