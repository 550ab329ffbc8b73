"""Agents that cannot start: one sentence, the right exit code, and never a trace."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ocs.client import connect
from ocs.model.errors import DuplicateError, ExitCode
from ocs.router.configuration import RouterConfiguration
from ocs.router.node import prepare
from ocs.testing.router_process import RouterProcess
from tests.system.programs import AGENTS, CROSSBAR, Place, check_sentence, sentence

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

ODD = str(AGENTS / "odd.py")


def last_words(done: subprocess.CompletedProcess[str], code: ExitCode) -> str:
    """Return the one sentence on stderr of a program that ended with `code`."""
    assert done.returncode == code.value, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    told = done.stderr.strip()
    check_sentence(told)
    return told


def test_a_second_agent_of_the_name_on_the_same_state_folder_is_refused(place: Place) -> None:
    first = place.agent("odd", "twin-1")

    told = last_words(place.run(ODD, "--instance-id", "twin-1"), ExitCode.DUPLICATE)

    assert told == (
        f"error: twin-1 runs already as process {first.pid} of this machine; "
        "end that one first, or give this one another instance-id"
    )
    assert first.running


def test_a_second_agent_of_the_name_from_elsewhere_is_refused(place: Place, tmp_path: Path) -> None:
    first = place.agent("odd", "twin-2")
    elsewhere = place.elsewhere(tmp_path / "elsewhere")

    told = last_words(elsewhere.run(ODD, "--instance-id", "twin-2"), ExitCode.DUPLICATE)

    assert f"twin-2 runs already as process {first.pid} on " in told
    with connect(place.url, realm=place.realm, root=place.root) as obs:
        assert obs["twin-2"].move(position=1).result == 1.0


def test_a_router_on_a_taken_port_is_refused(router: RouterProcess, tmp_path: Path) -> None:
    with pytest.raises(DuplicateError) as refused:
        prepare(tmp_path, RouterConfiguration(port=router.port), CROSSBAR)

    assert f"port {router.port} is taken by another program; end it" in sentence(refused.value)


def test_the_command_that_starts_a_router_on_a_taken_port_is_refused(place: Place) -> None:
    place.state.mkdir(parents=True)

    told = last_words(place.run("-m", "ocs", "router", "start", OCS_CROSSBAR=CROSSBAR), ExitCode.DUPLICATE)

    assert f"port {place.port} is taken by another program" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--instance-id", "bad name"), "'bad name'"),
        (("--instance-id", "odd-7", "--speed", "7"), "Odd has no property speed"),
        (("--instance-id", "odd-7", "--log-level", "loud"), "loud"),
        (("--instance-id", "odd-7", "--site-hub", "http://127.0.0.1"), "http://127.0.0.1"),
        (("--instance-id", "odd-7", "--device-property", "speed=7"), "Odd has no property speed"),
        (("--instance-id", "odd-7", "--site-file", "nowhere.yaml"), "the file cannot be read"),
        ((), "--instance-id"),
    ],
)
def test_a_wrong_option_is_told_in_a_sentence(place: Place, options: tuple[str, ...], told: str) -> None:
    place.state.mkdir(parents=True, exist_ok=True)

    assert told in last_words(place.run(ODD, *options), ExitCode.CONFIGURATION)


def test_a_wrong_port_in_the_environment_is_told(place: Place) -> None:
    place.state.mkdir(parents=True, exist_ok=True)

    done = place.run(ODD, "--instance-id", "odd-7", OCS_PORT="eight thousand")

    assert "OCS_PORT is 'eight thousand'; it must be a TCP port, 1 to 65535" in last_words(done, ExitCode.CONFIGURATION)


SITE = """\
hub:
  wamp_server: ws://127.0.0.1:8001/ws
  wamp_realm: test_realm
  address_root: observatory
hosts:
  localhost:
    agent-instances:
      - agent-class: {agent_class}
        instance-id: odd-8
        {key}: {value}
"""


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("argumets", "[]", "hosts.localhost.agent-instances[0].argumets: the key 'argumets' is not known here"),
        ("arguments", "7", "hosts.localhost.agent-instances[0].arguments: "),
        ("manage", "perhaps", "hosts.localhost.agent-instances[0].manage: "),
    ],
)
def test_a_wrong_site_file_is_told_with_file_and_line(place: Place, key: str, value: str, told: str) -> None:
    place.state.mkdir(parents=True)
    site_file = place.state / "site.yaml"
    site_file.write_text(SITE.format(agent_class="FakeDataAgent", key=key, value=value))

    done = place.run("-m", "ocs.agent", "--site-file", str(site_file), "--instance-id", "odd-8")

    assert f"{site_file}:10: {told}" in last_words(done, ExitCode.CONFIGURATION)


def test_a_site_file_that_is_no_yaml_is_told_with_its_line(place: Place) -> None:
    place.state.mkdir(parents=True)
    site_file = place.state / "site.yaml"
    site_file.write_text("hub: [\nhosts: }\n")

    done = place.run("-m", "ocs.agent", "--site-file", str(site_file), "--instance-id", "odd-8")

    assert f"{site_file}:2: " in last_words(done, ExitCode.CONFIGURATION)


def test_an_unknown_agent_class_is_told_with_those_that_are_known(place: Place) -> None:
    place.state.mkdir(parents=True)
    site_file = place.state / "site.yaml"
    site_file.write_text(SITE.format(agent_class="FlyingAgent", key="arguments", value="[]"))

    done = place.run("-m", "ocs.agent", "--site-file", str(site_file), "--instance-id", "odd-8")

    told = last_words(done, ExitCode.CONFIGURATION)
    assert "there is no agent class FlyingAgent; known are " in told
    assert "FakeDataAgent" in told


def test_an_agent_file_that_cannot_be_imported_is_told_with_the_reason(place: Place) -> None:
    folder = place.state / "agents" / "broken"
    folder.mkdir(parents=True)
    (folder / "agent.py").write_text('AGENT_CLASS = "BrokenAgent"\nimport a_module_that_is_not_there\n')
    site_file = place.state / "site.yaml"
    text = SITE.format(agent_class="BrokenAgent", key="arguments", value="[]")
    site_file.write_text(f"agent_paths: [agents]\n{text}")

    done = place.run("-m", "ocs.agent", "--site-file", str(site_file), "--instance-id", "odd-8")

    told = last_words(done, ExitCode.CONFIGURATION)
    assert "agent.py cannot be imported: ModuleNotFoundError: No module named 'a_module_that_is_not_there'" in told
