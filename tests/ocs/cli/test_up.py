"""`ocs up` where it cannot serve: one sentence, an exit code, nothing left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ocs.cli.main import run
from ocs.model.errors import ConfigurationError
from ocs.router.node import free_port, is_ready
from ocs.services.supervisor.plan import supervisor_name
from tests.ocs.cli.conftest import Served, gone, system_test


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OCS_SITE_FILE", "OCS_CONFIG_DIR", "SITE_HUB", "SITE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OCS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("OCS_PORT", str(free_port()))


def test_a_broken_site_file_is_told_with_its_line(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("hub: {wamp_server: 'ws://127.0.0.1:8001/ws', wamp_relm: test_realm, address_root: observatory}\n")

    with pytest.raises(ConfigurationError, match=r"site\.yaml:1: hub\.wamp_relm: .*wamp_realm") as refused:
        run(["up", "--site-file", str(site)])

    assert refused.value.exit_code.value == 3
    assert not (tmp_path / "state").exists()


def test_a_crossbar_that_is_not_there_is_told_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OCS_CROSSBAR", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigurationError, match="crossbar is not installed"):
        run(["up", "--demo"])


def test_without_a_site_file_the_demonstration_is_offered() -> None:
    with pytest.raises(ConfigurationError, match="ocs up --demo"):
        run(["up"])


@system_test
def test_the_lines_tell_router_and_agents_and_who_is_missing(served: Served) -> None:
    told = "\n".join(served.lines)

    assert f"router ready on port {served.port} (" in told
    assert "faker-1 is here" in told
    assert "wrong-1 ended (exit code 3: there is no agent class NoSuchAgent" in told
    assert f"realm ready without wrong-1: 4 devices on ws://127.0.0.1:{served.port}/ws" in told


@system_test
def test_an_agent_with_a_wrong_class_is_not_tried_again(served: Served) -> None:
    child = served.children()["wrong-1"]

    assert (child["state"], child["restarts"]) == ("failed", 0)
    assert "NoSuchAgent" in child["last_words"]


@system_test
def test_a_killed_agent_is_started_again(served: Served) -> None:
    before = served.children()["faker-1"]

    os.kill(before["pid"], signal.SIGKILL)

    served.wait_for("faker-1 ended (killed by signal 9); again in 1 s; log: ")
    served.wait_for("faker-1 is here")
    after = served.children()["faker-1"]
    assert after["pid"] != before["pid"]
    assert after["restarts"] == before["restarts"] + 1


@system_test
def test_an_agent_is_started_restarted_and_stopped_by_the_supervisor(served: Served) -> None:
    supervisor = supervisor_name()
    assert served.children()["bare-1"]["state"] == "stopped"

    served.ocs("run", supervisor, "start_instance", "instance=bare-1")
    first = served.children()["bare-1"]
    served.ocs("run", supervisor, "restart", "instance=bare-1")
    second = served.children()["bare-1"]
    served.ocs("run", supervisor, "stop_instance", "instance=bare-1")

    assert first["state"] == second["state"] == "running"
    assert first["pid"] != second["pid"]
    assert served.children()["bare-1"]["state"] == "stopped"
    assert gone([first["pid"], second["pid"]])


@system_test
def test_an_instance_that_is_not_there_is_told_with_those_that_are(served: Served) -> None:
    told = served.ocs("run", supervisor_name(), "restart", "instance=none-1", expect=6)

    assert "this host has no agent none-1; it has registry, faker-1, psu-1, bare-1, wrong-1" in told


@system_test
def test_a_second_up_names_the_taken_port(served: Served) -> None:
    told = served.ocs("up", expect=4)

    assert told.startswith(f"error: port {served.port} is taken by another program")


@system_test
def test_a_second_supervisor_of_the_realm_is_refused(served: Served) -> None:
    told = served.ocs("up", "--no-router", expect=4)

    assert f"{supervisor_name()} runs already as process {served.process.pid} of this machine" in told
    assert "`ocs down`" in told


@system_test
def test_a_killed_supervisor_leaves_no_process_and_a_killed_router_comes_back(fresh: Served) -> None:
    os.kill(fresh.children()["router"]["pid"], signal.SIGKILL)
    fresh.wait_for("the router ended (killed by signal 9); again in 1 s")
    fresh.wait_for(f"router ready on port {fresh.port} again", 90.0)
    fresh.ocs_soon("run", "faker-1", "delay_task", "delay=0.1")
    pids = fresh.pids()

    fresh.process.kill()
    fresh.process.wait(10)

    assert gone(pids)
    assert not is_ready(fresh.port)
