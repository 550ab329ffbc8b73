"""Where programs keep their state: paths only, nothing is created here.

    <state>/<realm>/<address root>/<agent class>-<instance>/
    <state>/<realm>/router/

Names are percent-encoded (RFC 3986, section 2.1, of UTF-8), so that each is one folder and can be read back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

ROUTER = "router"
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_ENCODED = re.compile(r"([A-Za-z0-9_-]|%[0-9A-F]{2})+")
_INSTANCE_FOLDER = re.compile(r"([^-]+)-(.+)")


@dataclass(frozen=True, slots=True)
class AgentFolder:
    """The names from which the folder of an agent is made."""

    realm: str
    address_root: str
    agent_class: str
    instance_id: str


def encode_name(name: str) -> str:
    """Return `name` as the name of one folder: all but letters, digits, `-` and `_` becomes `%XX`.

    Raises:
        ValueError: The name is empty.
    """
    if not name:
        raise ValueError("an empty name has no folder")
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in name.encode())


def decode_name(folder: str) -> str:
    """Return the name that a folder stands for.

    Raises:
        ValueError: No name is encoded so.
    """
    if not _ENCODED.fullmatch(folder):
        raise ValueError(f"{folder!r} is no encoded name")
    return unquote_to_bytes(folder).decode()


def agent_folder(state_dir: Path, names: AgentFolder) -> Path:
    """Return the folder of an agent."""
    # A `-` ends the class, and a root called router must not meet the router's own folder.
    agent_class = encode_name(names.agent_class).replace("-", "%2D")
    root = encode_name(names.address_root)
    root = "%72outer" if root == ROUTER else root
    return state_dir / encode_name(names.realm) / root / f"{agent_class}-{encode_name(names.instance_id)}"


def names_of_folder(state_dir: Path, folder: Path) -> AgentFolder:
    """Return the names that `agent_folder` was given.

    Raises:
        ValueError: The folder is none of an agent below `state_dir`.
    """
    steps = folder.relative_to(state_dir).parts
    last = _INSTANCE_FOLDER.fullmatch(steps[-1]) if len(steps) == len(("realm", "root", "agent")) else None
    if last is None or steps[1] == ROUTER:
        raise ValueError(f"{folder} is no folder of an agent; it must be <realm>/<root>/<class>-<instance>")
    return AgentFolder(*(decode_name(step) for step in (steps[0], steps[1], last[1], last[2])))


def router_folder(state_dir: Path, realm: str) -> Path:
    """Return the folder of the router that serves `realm`."""
    return state_dir / encode_name(realm) / ROUTER


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Return `$XDG_STATE_HOME/ocs`, else `~/.local/state/ocs`.

    A relative `XDG_STATE_HOME` does not count (XDG Base Directory Specification 0.8).
    """
    shared = environ.get("XDG_STATE_HOME", "")
    if shared.startswith("/"):
        return Path(shared) / "ocs"
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / ".local" / "state" / "ocs"
