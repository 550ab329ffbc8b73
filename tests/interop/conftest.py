"""The router, the agents and the clients of the interoperability tests; they are started once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ocs.client import Observatory, connect
from ocs.router.configuration import RouterConfiguration
from ocs.router.node import START_TIMEOUT_S, find_crossbar, free_port, is_ready, prepare
from ocs.site.state import router_folder
from tests.interop.house import CHECKOUT, OURS, REALM, THEIRS, UPSTREAM, House, answers, end, site_text, start, until


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if not (UPSTREAM / "ocs-agent-cli").exists():
        pytest.skip("the environment of OCS 0.12 is not there; run `make .venvs/interop/.ready`")
    folder = tmp_path_factory.mktemp("house")
    port = free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OCS_")},
        "OCS_PORT": str(port),
        "OCS_STATE_DIR": str(folder / "state"),
        "PYTHONPATH": "",
        "PYTHONWARNINGS": "ignore",
        "COLUMNS": "100",
    }
    given = {**environ, "OCS_CROSSBAR": os.environ.get("OCS_CROSSBAR", str(CHECKOUT / ".venvs/router/bin/crossbar"))}
    node = prepare(router_folder(folder / "state", REALM), RouterConfiguration(port=port), find_crossbar(given))
    site_file = folder / "site.yaml"
    site_file.write_text(site_text(port))
    running = [start(node.command, environ, folder / "router.log")]
    try:
        until(lambda: is_ready(port), "the router", START_TIMEOUT_S)
        options = ["--site-file", str(site_file), "--site-host", "localhost"]
        for name in OURS:
            command = [sys.executable, "-m", "ocs.agent", "--instance-id", name, *options]
            running.append(start(command, environ, folder / f"{name}.log"))
        for name in THEIRS:
            command = [str(UPSTREAM / "ocs-agent-cli"), "--instance-id", name, *options]
            running.append(start(command, environ, folder / f"{name}.log"))
        with connect(f"ws://127.0.0.1:{port}/ws", root="observatory") as obs:
            for name in (*OURS, *THEIRS):
                until(lambda: answers(obs, name), name, 40)  # noqa: B023 - asked within the loop
        yield House(port, site_file, environ)
    finally:
        for process in running[1:]:
            process.terminate()
        for process in running[1:]:
            end(process)
        running[0].terminate()
        end(running[0])


@pytest.fixture
def obs(house: House) -> Iterator[Observatory]:
    """Our blocking client."""
    with connect(house.url) as observatory:
        yield observatory


@pytest.fixture(scope="package")
def upstream_client(house: House) -> dict[str, Any]:
    """What the client of OCS 0.12 saw of our agents."""
    return house.tell(UPSTREAM / "python", "upstream_client.py", str(house.site_file), "faker-2")
