"""How a simulator is found: one small file with its port and its control port."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from ocs.model.errors import LinkLostError


@dataclass(frozen=True)
class Announcement:
    """Where a running simulator is reached."""

    port: str
    """What the agent opens: a path, or `tcp://host:port`."""
    control: int
    """The TCP port on loopback that takes control requests."""
    pid: int
    """The process."""

    def as_json(self) -> str:
        """Return the announcement in one line of JSON."""
        return json.dumps(asdict(self))


def path_of(directory: Path, name: str, suffix: str) -> Path:
    """Return the path of a simulator's file; a name with slashes is percent-encoded."""
    return directory / f"{quote(name, safe='')}{suffix}"


def announce(directory: Path, name: str, announcement: Announcement) -> None:
    """Write the file so that readers see it whole or not at all."""
    path = path_of(directory, name, ".json")
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(announcement.as_json() + "\n", encoding="utf-8")
    draft.replace(path)


def withdraw(directory: Path, name: str) -> None:
    """Remove the file; nothing happens when it is gone already."""
    path_of(directory, name, ".json").unlink(missing_ok=True)


def look_up(directory: Path, name: str) -> Announcement:
    """Read where a simulator is reached.

    Raises:
        LinkLostError: No simulator of this name runs in the directory.
    """
    path = path_of(directory, name, ".json")
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LinkLostError(
            f"no simulator '{name}' runs in {directory}: {path.name} is not there; start it first",
            given=name,
        ) from None
    except (OSError, ValueError) as error:
        raise LinkLostError(
            f"{path} cannot be read ({error}); start the simulator '{name}' again", given=name
        ) from error


def parse(text: str) -> Announcement:
    """Read one line of JSON.

    Raises:
        ValueError: The text is no announcement.
    """
    fields = json.loads(text)
    try:
        return Announcement(port=str(fields["port"]), control=int(fields["control"]), pid=int(fields["pid"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{text!r} is no announcement of a simulator") from error
