"""What a supervisor runs, from the site file."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.model.errors import ConfigurationError, DuplicateError
from ocs.router.node import free_port
from ocs.services.supervisor.plan import DEMO_SITE, make_plan, supervisor_name

SITE = """
hub: {wamp_server: "ws://127.0.0.1:8001/ws", wamp_realm: test_realm, address_root: observatory}
hosts:
  localhost:
    agent-instances:
      - {agent-class: RegistryAgent, instance-id: registry}
      - {agent-class: FakeDataAgent, instance-id: faker-1, manage: host/down}
      - {agent-class: FakeDataAgent, instance-id: faker-2, manage: ignore}
      - agent-class: BarebonesAgent
        instance-id: bare-1
        devices: [{name: lab/a/1}, {name: lab/a/2}]
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    crossbar = tmp_path / "crossbar"
    crossbar.write_text("#!/bin/sh\n")
    crossbar.chmod(0o755)
    (tmp_path / "site.yaml").write_text(SITE)
    return {
        "OCS_SITE_FILE": str(tmp_path / "site.yaml"),
        "OCS_STATE_DIR": str(tmp_path / "state"),
        "OCS_CROSSBAR": str(crossbar),
        "OCS_PORT": str(free_port()),
    }


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_agents_that_others_manage_are_left_alone(environ: dict[str, str]) -> None:
    plan = make_plan((), environ=environ)

    assert [agent.name for agent in plan.agents] == ["registry", "faker-1", "bare-1"]


def test_an_agent_that_is_down_waits_to_be_started(environ: dict[str, str]) -> None:
    plan = make_plan((), environ=environ)

    assert [agent.name for agent in plan.agents if not agent.at_once] == ["faker-1"]


def test_an_agent_brings_its_declared_devices(environ: dict[str, str]) -> None:
    plan = make_plan((), environ=environ)

    assert plan.agents[0].devices == ("registry",)
    assert plan.agents[2].devices == ("lab/a/1", "lab/a/2")


def test_each_agent_is_told_who_it_is_and_where_its_state_is(environ: dict[str, str]) -> None:
    command = make_plan((), environ=environ).agents[0].command

    assert command[1:5] == ("-m", "ocs.agent", "--instance-id", "registry")
    assert command[command.index("--state-dir") + 1] == environ["OCS_STATE_DIR"]
    assert command[command.index("--site-host") + 1] == "localhost"


def test_options_of_the_command_line_reach_the_agents(environ: dict[str, str]) -> None:
    plan = make_plan(("--site-realm", "night", "--address-root", "lab"), environ=environ)

    assert plan.settings.realm == "night"
    command = plan.agents[0].command
    assert command[command.index("--site-realm") + 1] == "night"
    assert command[command.index("--address-root") + 1] == "lab"


def test_nothing_is_written_before_the_supervisor_owns_its_realm(environ: dict[str, str]) -> None:
    make_plan((), environ=environ)

    assert not Path(environ["OCS_STATE_DIR"]).exists()


def test_the_prepared_router_serves_the_port_and_realm(environ: dict[str, str]) -> None:
    router = make_plan(("--site-realm", "night"), environ=environ).router
    assert router is not None

    child = router.prepare()

    text = (router.folder / "config.json").read_text()
    assert f'"port": {environ["OCS_PORT"]}' in text
    assert '"name": "night"' in text
    assert child.command[0] == environ["OCS_CROSSBAR"]


def test_a_taken_port_is_named(environ: dict[str, str], taken_port: int) -> None:
    with pytest.raises(DuplicateError, match=f"port {taken_port} is taken"):
        make_plan((), environ={**environ, "OCS_PORT": str(taken_port)})


def test_without_a_router_of_its_own_the_port_may_be_taken(environ: dict[str, str], taken_port: int) -> None:
    plan = make_plan((), router=False, environ={**environ, "OCS_PORT": str(taken_port)})

    assert plan.router is None


def test_a_router_of_another_host_is_not_started_here(environ: dict[str, str]) -> None:
    plan = make_plan(("--site-hub", "ws://10.10.10.3:8001/ws"), environ=environ)

    assert plan.router is None


def test_a_router_configuration_of_the_sites_own_must_be_there(environ: dict[str, str], tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE.replace("localhost:", f"localhost:\n    crossbar: {{config-dir: {tmp_path}/none}}"))

    with pytest.raises(ConfigurationError, match=r"no config\.json"):
        make_plan((), environ=environ)


def test_without_a_site_file_the_sentence_tells_what_to_do(environ: dict[str, str]) -> None:
    del environ["OCS_SITE_FILE"]

    with pytest.raises(ConfigurationError, match="--demo"):
        make_plan((), environ=environ)


def test_the_demonstration_site_is_in_order(environ: dict[str, str]) -> None:
    plan = make_plan(("--site-file", str(DEMO_SITE)), environ=environ)

    assert [agent.name for agent in plan.agents] == ["registry", "host-1", "faker-1", "bare-1"]


def test_a_host_name_with_dots_becomes_a_device_name() -> None:
    assert supervisor_name("control-2.site.example") == "hosts-control-2-site-example"
