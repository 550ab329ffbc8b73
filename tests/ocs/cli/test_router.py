"""The router alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ocs.cli.main import run
from ocs.router.node import free_port, is_ready
from tests.ocs.cli.conftest import crossbar


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OCS_SITE_FILE", "OCS_CONFIG_DIR", "SITE_HUB", "SITE_HOST", "OCS_REALM", "OCS_ADDRESS_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OCS_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("OCS_PORT", "8001")


def test_the_configuration_of_the_default_site_is_the_one_of_the_checkout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["router", "config"]) == 0

    kept = Path(__file__).parents[3] / "dot_crossbar" / "config.json"
    assert capsys.readouterr().out == kept.read_text()


def test_port_and_realm_reach_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    run(["router", "config", "--port", "8042", "--realm", "night"])

    worker = json.loads(capsys.readouterr().out)["workers"][0]
    assert worker["transports"][0]["endpoint"]["port"] == 8042
    assert worker["realms"][0]["name"] == "night"


@pytest.mark.system
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("site")
def test_a_router_alone_tells_when_it_is_ready_and_ends_at_a_signal(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "OCS_CROSSBAR": crossbar(), "OCS_STATE_DIR": str(tmp_path), "OCS_PORT": str(port)}
    router = subprocess.Popen(
        [sys.executable, "-m", "ocs", "router", "start"], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert router.stdout is not None
        line = next(line for line in router.stdout if "router ready" in line)
        assert line.startswith(f"router ready on port {port} (")
        assert is_ready(port)
    finally:
        router.send_signal(signal.SIGTERM)
        router.communicate(timeout=60)

    assert router.returncode == 0
    assert not is_ready(port)
