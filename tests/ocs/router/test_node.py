"""Preparing the router's folder."""

import json
import socket
import sys
from pathlib import Path

import pytest

from ocs.model.errors import ConfigurationError, DuplicateError
from ocs.router.configuration import RouterConfiguration
from ocs.router.node import check_port, find_crossbar, free_port, is_ready, prepare


def test_the_folder_and_the_file_are_for_the_owner_only(tmp_path: Path) -> None:
    node = prepare(tmp_path / "router", RouterConfiguration(port=free_port()), "/bin/crossbar")

    config = node.folder / "config.json"
    assert (node.folder.stat().st_mode & 0o777, config.stat().st_mode & 0o777) == (0o700, 0o600)
    assert json.loads(config.read_text())["version"] == 2
    assert node.command[:2] == ("/bin/crossbar", "start")


def test_a_pid_file_of_a_killed_router_is_swept(tmp_path: Path) -> None:
    (tmp_path / "node.pid").write_text("{}")

    prepare(tmp_path, RouterConfiguration(port=free_port()), "/bin/crossbar")

    assert not (tmp_path / "node.pid").exists()


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(DuplicateError, match=f"port {port} is taken by another program; end it .*make run PORT="):
            check_port(port)


def test_a_port_on_which_nobody_listens_is_not_ready() -> None:
    assert not is_ready(free_port())


def test_crossbar_is_found_by_the_environment() -> None:
    assert find_crossbar({"OCS_CROSSBAR": sys.executable}) == sys.executable


def test_a_missing_crossbar_is_told_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(ConfigurationError, match="crossbar is not installed; run `make setup`"):
        find_crossbar({})
