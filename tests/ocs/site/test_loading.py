"""Site files that load, and the exact sentences about those that do not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ocs.model.errors import ConfigurationError, ErrorCode
from ocs.site.loading import load_site
from ocs.site.values import Manage

DEMO = Path(__file__).parents[3] / "sites" / "demo.yaml"
HUB = "hub: {wamp_server: 'ws://h:1/ws', wamp_realm: test_realm, address_root: obs}\n"
AGENTS = HUB + "hosts:\n  here:\n    agent-instances:\n"
FIRST = "hosts.here.agent-instances[0]"
SECOND = "hosts.here.agent-instances[1]"


def refusal(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_site(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.message.splitlines()]


def test_a_file_of_ocs_loads_with_all_its_keys(write: Callable[[str], Path]) -> None:
    loaded = load_site(
        write("""\
hub:
  wamp_server: ws://10.10.10.3:8001/ws
  wamp_http: http://10.10.10.3:8001/call
  wamp_realm: test_realm
  address_root: observatory
  access_policy: director:access-director
hosts:
  ocs-docker:
    log-dir: ./log
    crossbar_timeout: 30
    wamp_server: ws://crossbar:8001/ws
    crossbar: {config-dir: ./dot_crossbar, bin: /usr/bin/crossbar}
    agent-instances:
      - agent-class: FakeDataAgent
        instance-id: faker-1
        manage: no
        arguments: [['--mode', 'idle'], ['--num-channels', 16], --sample-rate, 4.70]
""")
    )

    host = loaded.site.hosts["ocs-docker"]
    assert host.crossbar is not None
    assert host.crossbar.config_dir == "./dot_crossbar"
    assert host.crossbar_timeout == 30
    assert host.agent_instances[0].manage is Manage.IGNORE
    assert host.agent_instances[0].arguments == ("--mode", "idle", "--num-channels", "16", "--sample-rate", "4.70")
    assert loaded.warnings == ()


def test_the_demonstration_site_is_in_order() -> None:
    loaded = load_site(DEMO)

    assert loaded.warnings == ()
    assert loaded.agent_paths == (DEMO.parents[1] / "agents",)
    assert [instance.instance_id for instance in loaded.site.hosts["localhost"].agent_instances] == [
        "registry", "archiver", "host-1", "thermo-1", "stage-1", "psu-1", "cryostat-1", "faker-1", "bare-1",
    ]  # fmt: skip


def test_devices_of_an_agent_load_with_typed_properties(write: Callable[[str], Path]) -> None:
    loaded = load_site(
        write(
            AGENTS + "      - agent-class: A\n        instance-id: a\n        devices:\n"
            "          - {name: cryo/thermo/1, class: Thermo, properties: {port: sim, gain: 2.5, on: true}}\n"
        )
    )

    devices = loaded.site.hosts["here"].agent_instances[0].devices
    assert devices is not None
    assert (devices[0].name, devices[0].class_name) == ("cryo/thermo/1", "Thermo")
    assert devices[0].properties == {"port": "sim", "gain": 2.5, "on": True}


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        ("yes", Manage.HOST_UP), ("'yes'", Manage.HOST_UP), ("true", Manage.HOST_UP), ("host", Manage.HOST_UP),
        ("up", Manage.HOST_UP), ("", Manage.HOST_UP), ("host/up", Manage.HOST_UP), ("no", Manage.IGNORE),
        ("false", Manage.IGNORE), ("ignore", Manage.IGNORE), ("down", Manage.HOST_DOWN),
        ("host/down", Manage.HOST_DOWN), ("docker", Manage.DOCKER_UP), ("docker/up", Manage.DOCKER_UP),
        ("docker/down", Manage.DOCKER_DOWN),
    ],
)  # fmt: skip
def test_every_word_of_ocs_for_manage_is_understood(write: Callable[[str], Path], written: str, mode: Manage) -> None:
    path = write(AGENTS + f"      - {{agent-class: A, instance-id: a, manage: {written}}}\n")

    assert load_site(path).site.hosts["here"].agent_instances[0].manage is mode


def test_the_same_name_in_another_realm_is_free(write: Callable[[str], Path]) -> None:
    agents = "agent-instances: [{agent-class: A, instance-id: a}]"
    path = write(HUB + f"hosts:\n  one: {{{agents}}}\n  two: {{wamp_realm: other, {agents}}}\n")

    assert len(load_site(path).site.hosts) == 2


def test_a_device_may_be_called_as_its_agent(write: Callable[[str], Path]) -> None:
    path = write(AGENTS + "      - {agent-class: A, instance-id: a, devices: [{name: a}, {name: b}]}\n")

    assert load_site(path).warnings == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HUB + "hub: {}\n", "2: hub: the key 'hub' is given a second time, first in line 1; keep one"),
        ("hosts: {}\n", "1: the key 'hub' is missing"),
        (
            "hosts: {}\nhub:\n  wamp_server: ws://h:1/ws\n  address_root: obs\n",
            "2: hub: the key 'wamp_realm' is missing; write for example wamp_realm: test_realm",
        ),
        (HUB + "host: {}\n", "2: host: the key 'host' is not known here; did you mean 'hosts'?"),
        (HUB + "hosts:\n", "2: hosts: is empty; it must be a map of keys, or the key must go"),
        (HUB + "hosts:\n  a:\n", "3: hosts.a: is empty; it must be a map of keys, or the key must go"),
        (
            HUB + "hosts:\n  a.b:\n    logdir: x\n",
            "4: hosts.\"a.b\".logdir: the key 'logdir' is not known here; did you mean 'log-dir'?",
        ),
        (
            HUB + "hosts:\n  a: {log-dir: 5}\n",
            "3: hosts.a.log-dir: is the number 5; it must be text, so put it in quotes",
        ),
        (HUB + "hosts:\n  a: {crossbar_timeout: -1}\n", "3: hosts.a.crossbar_timeout: is -1; it must be 0 or more"),
        (
            HUB + "hosts:\n  a: {crossbar_timeout: soon}\n",
            "3: hosts.a.crossbar_timeout: is the text 'soon'; it must be a number",
        ),
        (
            HUB + "hosts:\n  a: {crossbar_timeout: .inf}\n",
            "3: hosts.a.crossbar_timeout: is the number inf; it must be a finite number",
        ),
        (HUB + "hosts:\n  a: {crossbar: yes}\n", "3: hosts.a.crossbar: is the text 'yes'; it must be a map of keys"),
        (
            HUB + "hosts:\n  a:\n    crossbar:\n      config_dir: x\n",
            "5: hosts.a.crossbar.config_dir: the key 'config_dir' is not known here; did you mean 'config-dir'?",
        ),
        (
            HUB + "agent_paths: ../agents\n",
            "2: agent_paths: is the text '../agents'; it must be a list, each item with a leading -",
        ),
        (
            AGENTS + "      - agent_class: A\n        instance-id: a\n",
            f"5: {FIRST}.agent_class: the key 'agent_class' is not known here; did you mean 'agent-class'?",
        ),
        (
            AGENTS + "      - agent-class: A\n        instance-id: a\n        colour: red\n",
            (
                f"7: {FIRST}.colour: the key 'colour' is not known here; "
                "known are agent-class, arguments, devices, instance-id, manage"
            ),
        ),
        (
            AGENTS + "      - agent-class: A\n        instance-id: a.b\n",
            (
                f"6: {FIRST}.instance-id: 'a.b' cannot name a device; "
                "use letters, digits, - and _, as in thermo-1 or cryo/thermo/1"
            ),
        ),
        (
            AGENTS + "      - {agent-class: A, instance-id: 007}\n",
            f"5: {FIRST}.instance-id: is the number 7; it must be text, so put it in quotes",
        ),
        (
            AGENTS + "      - {agent-class: A-B, instance-id: a}\n",
            f"5: {FIRST}.agent-class: 'A-B' cannot be a class; use letters, digits and _ as in FakeDataAgent",
        ),
        (
            AGENTS + "      - {agent-class: A, instance-id: a}\n      - {agent-class: B, instance-id: a}\n",
            (
                f"6: {SECOND}.instance-id: the name 'a' is taken by line 5 ({FIRST}.instance-id); "
                "every agent and device needs its own"
            ),
        ),
        (
            AGENTS + "      - {agent-class: A, instance-id: a}\n      - {agent-class: A, instance-id: A}\n",
            (
                f"6: {SECOND}.instance-id: the name 'A' differs from 'a' in line 5 ({FIRST}.instance-id) "
                "only in upper and lower case; choose another"
            ),
        ),
        (
            AGENTS + "      - {agent-class: A, instance-id: a, devices: [{name: x/y/z}, {name: x/y/z}]}\n",
            (
                f"5: {FIRST}.devices[1].name: the name 'x/y/z' is taken by line 5 ({FIRST}.devices[0].name); "
                "every agent and device needs its own"
            ),
        ),
        (
            AGENTS + "      - {agent-class: A, instance-id: dserver/A/x}\n",
            (
                f"5: {FIRST}.instance-id: 'dserver/A/x' begins with dserver/, which is kept for admin devices; "
                "choose another"
            ),
        ),
        (
            AGENTS + "      - {agent-class: A, instance-id: a, manage: hots}\n",
            f"5: {FIRST}.manage: 'hots' is no way to manage an agent; did you mean 'host'?",
        ),
        (
            AGENTS + "      - {agent-class: A, instance-id: a, arguments: --port sim}\n",
            f"5: {FIRST}.arguments: is the text '--port sim'; it must be a list, as in [--port, sim]",
        ),
        (
            AGENTS + "      - agent-class: A\n        instance-id: a\n        arguments:\n          - --port: sim\n",
            f"8: {FIRST}.arguments[0]: is a map; write option and value as two items, as in [--port, sim]",
        ),
        (
            AGENTS + "      - agent-class: A\n        instance-id: a\n        devices:\n"
            "          - name: b\n            properties:\n              a-b: 1\n",
            (
                f"10: {FIRST}.devices[0].properties.a-b: 'a-b' cannot be a property; "
                "start with a letter, then letters, digits and _"
            ),
        ),
        (
            HUB.replace("ws://h:1/ws", "localhost:8001"),
            (
                "1: hub.wamp_server: 'localhost:8001' is no address of a router; "
                "it must begin with ws:// or wss:// or rs:// or rss://, as in ws://127.0.0.1:8001/ws"
            ),
        ),
        (
            HUB.replace("test_realm", "a b"),
            (
                "1: hub.wamp_realm: 'a b' cannot be a realm; "
                "use a letter and 2 to 254 letters, digits or _ - @ . as in test_realm"
            ),
        ),
        (
            HUB.replace("obs", "a.b"),
            "1: hub.address_root: 'a.b' cannot be an address root; use letters, digits, - and _, as in observatory",
        ),
        (
            HUB.replace("obs", "obs, access_policy: 'override:secret'"),
            (
                "1: hub.access_policy: no access policy is written so; "
                "it must be none, director:<id>, or override:<password 2>,<password 3>"
            ),
        ),
    ],
)
def test_each_mistake_is_told_with_line_path_and_advice(write: Callable[[str], Path], text: str, line: str) -> None:
    assert refusal(write(text)) == [line]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(write: Callable[[str], Path]) -> None:
    path = write(
        AGENTS + "      - agent-class: A\n        instance-id: a.b\n        manage: maybe\n"
        "      - agent-class: A\n        instance-id: c\n      - instance-id: c\n        argumets: []\nhub: {}\n"
    )

    assert refusal(path) == [
        (
            f"6: {FIRST}.instance-id: 'a.b' cannot name a device; "
            "use letters, digits, - and _, as in thermo-1 or cryo/thermo/1"
        ),
        (
            f"7: {FIRST}.manage: 'maybe' is no way to manage an agent; known are docker, docker/down, docker/up, down, "
            "host, host/down, host/up, ignore, no, up, yes"
        ),
        (
            "10: hosts.here.agent-instances[2]: the key 'agent-class' is missing; "
            "write for example agent-class: FakeDataAgent"
        ),
        (
            f"10: hosts.here.agent-instances[2].instance-id: the name 'c' is taken by line 9 ({SECOND}.instance-id); "
            "every agent and device needs its own"
        ),
        "11: hosts.here.agent-instances[2].argumets: the key 'argumets' is not known here; did you mean 'arguments'?",
        "12: hub: the key 'hub' is given a second time, first in line 1; keep one",
    ]


def test_the_error_names_the_file_and_has_the_code_of_configuration(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"

    with pytest.raises(ConfigurationError) as caught:
        load_site(path)

    assert caught.value.message == f"{path}:1: the file cannot be read: no such file or directory"
    assert caught.value.code is ErrorCode.CONFIGURATION


def test_an_anchor_makes_no_second_sentence(write: Callable[[str], Path]) -> None:
    assert refusal(write(HUB + "hosts: &h\n  a: {}\n")) == [
        "2: hosts: the anchor 'h' is not used in site files; write the value out"
    ]


def test_other_bytes_than_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(b"hub: 1\n# caf\xe9\n")

    assert refusal(path) == ["2: the byte 0xe9 is no UTF-8 text; save the file as UTF-8"]
