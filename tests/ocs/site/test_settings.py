"""What programs go by, and who wins."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ocs.model.errors import ConfigurationError
from ocs.site.devices import DeviceSettings
from ocs.site.settings import AgentSettings, ClientSettings, agent_settings, client_settings
from ocs.site.values import LogLevel

DEMO = Path(__file__).parents[3] / "sites" / "demo.yaml"
CWD = Path("/cwd")
PLAIN = {"HOME": "/home/x"}

TEXT = """\
hub:
  wamp_server: ws://hub:1/ws
  wamp_realm: hub_realm
  address_root: hub
  access_policy: override:a,b
agent_paths: [own]
hosts:
  localhost:
    log-dir: logs
    crossbar_timeout: 60
    agent-instances:
      - {agent-class: Index, instance-id: other}
      - {agent-class: RegistryAgent, instance-id: names}
      - agent-class: Oven
        instance-id: oven-1
        arguments: [[--port, sim], --mode=idle, ARGUMENTS]
  lab:
    wamp_realm: lab_realm
    agent-instances:
      - {agent-class: Oven, instance-id: oven-2}
"""


@pytest.fixture
def write_site(write: Callable[[str], Path]) -> Callable[[str], Path]:
    return lambda arguments: write(TEXT.replace(", ARGUMENTS", f", {arguments}" if arguments else ""))


@pytest.fixture
def path(write_site: Callable[[str], Path]) -> Path:
    return write_site("")


def agent(path: Path, *argv: str, agent_class: str | None = "Oven", **environ: str) -> AgentSettings:
    words: Sequence[str] = ["--site-file", str(path), *argv]
    return agent_settings(agent_class, words, {**PLAIN, **environ}, hostname="here", cwd=CWD)


def client(*argv: str, **environ: str) -> ClientSettings:
    return client_settings(argv, {**PLAIN, **environ}, hostname="here", cwd=CWD)


def test_an_agent_gets_everything_from_the_file(path: Path) -> None:
    assert agent(path) == AgentSettings(
        agent_class="Oven",
        instance_id="oven-1",
        realm="hub_realm",
        address_root="hub",
        router_url="ws://hub:1/ws",
        http_url=None,
        state_dir=Path("/home/x/.local/state/ocs"),
        log_dir=Path("/cwd/logs"),
        working_dir=CWD,
        site_file=path,
        host_name="localhost",
        crossbar_timeout_s=60.0,
        access_policy="override:a,b",
        log_level=LogLevel.INFO,
        archiver="",
        spool_max_mb=1000.0,
        agent_paths=(path.parent / "own",),
        devices=(DeviceSettings("oven-1"),),
        options={"port": ("sim",), "mode": ("idle",)},
        given=frozenset(),
        leftover=("--port", "sim", "--mode=idle"),
    )


PRECEDENCE = [
    # attribute, option, variable, value of the file, in arguments, in the environment, on the command line
    ("router_url", "--site-hub", "SITE_HUB", "ws://hub:1/ws", "ws://a/", "ws://e/", "ws://c/"),
    ("http_url", "--site-http", "SITE_HTTP", None, "http://a/", "http://e/", "http://c/"),
    ("realm", "--site-realm", "OCS_REALM", "hub_realm", "arg", "env", "cmd"),
    ("address_root", "--address-root", "OCS_ADDRESS_ROOT", "hub", "arg", "env", "cmd"),
    ("crossbar_timeout_s", "--crossbar-timeout", "CROSSBAR_TIMEOUT", 60.0, 1.0, 2.0, 3.0),
    ("access_policy", "--access-policy", None, "override:a,b", "none", None, "director:x"),
    ("log_dir", "--log-dir", None, Path("/cwd/logs"), Path("/a"), None, Path("/c")),
    ("working_dir", "--working-dir", None, CWD, Path("/a"), None, Path("/c")),
    ("state_dir", "--state-dir", "OCS_STATE_DIR", Path("/home/x/.local/state/ocs"), Path("/a"), Path("/e"), Path("/c")),
    ("log_level", "--log-level", "LOGLEVEL", LogLevel.INFO, LogLevel.WARN, LogLevel.ERROR, LogLevel.DEBUG),
    ("archiver", "--archiver", "OCS_ARCHIVER", "", "weak", "middle", "strong"),
]


def word(value: object) -> str:
    return value.value if isinstance(value, LogLevel) else str(value)


@pytest.mark.parametrize(("name", "option", "variable", "default", "weak", "middle", "strong"), PRECEDENCE)
def test_each_value_is_taken_from_the_strongest_source(  # noqa: PLR0917 - a row of a table
    write_site: Callable[[str], Path],
    name: str,
    option: str,
    variable: str | None,
    default: object,
    weak: object,
    middle: object,
    strong: object,
) -> None:
    environ = {variable: word(middle)} if variable is not None else {}
    bare, full = write_site(""), None
    assert getattr(agent(bare), name) == default

    full = write_site(f"{option}, '{word(weak)}'")
    assert getattr(agent(full), name) == weak
    assert getattr(agent(full, option, word(strong)), name) == strong
    assert getattr(agent(full, f"{option}={word(strong)}", **environ), name) == strong
    if variable is not None:
        assert getattr(agent(full, **environ), name) == middle


def test_the_host_beats_the_hub(path: Path) -> None:
    settings = agent(path, SITE_HOST="lab")

    assert (settings.instance_id, settings.realm, settings.log_dir) == ("oven-2", "lab_realm", None)


def test_the_name_of_the_machine_chooses_the_host(path: Path) -> None:
    settings = agent_settings("Oven", ["--site-file", str(path)], PLAIN, hostname="lab", cwd=CWD)

    assert settings.host_name == "lab"


def test_a_host_on_the_command_line_beats_the_environment(path: Path) -> None:
    assert agent(path, "--site-host", "localhost", SITE_HOST="lab").instance_id == "oven-1"


def test_the_instance_of_the_environment_is_taken(path: Path) -> None:
    assert agent(path, agent_class=None, INSTANCE_ID="other").agent_class == "Index"
    assert agent(path, "--instance-id", "names", agent_class=None, INSTANCE_ID="other").agent_class == "RegistryAgent"


def test_own_options_are_merged_and_marked_where_they_are_given(path: Path) -> None:
    settings = agent(path, "--mode", "acq", "--offset", "-5", "-v", "file")

    assert settings.options == {"port": ("sim",), "mode": ("acq",), "offset": ("-5",), "-v": ("file",)}
    assert settings.given == {"mode", "offset", "-v"}
    assert settings.leftover == ("--port", "sim", "--mode", "acq", "--offset", "-5", "-v", "file")


def test_options_that_find_the_file_have_no_effect_in_it(write_site: Callable[[str], Path]) -> None:
    settings = agent(write_site("--instance-id, other, --site-host=lab"))

    assert (settings.instance_id, settings.host_name) == ("oven-1", "localhost")
    assert settings.leftover == ("--port", "sim", "--mode=idle")


def test_properties_of_the_file_and_of_the_command_line_stay_apart(write_site: Callable[[str], Path]) -> None:
    settings = agent(write_site("--device-property, gain=1"), "--device-property", "port=x")

    assert settings.devices == (DeviceSettings("oven-1", None, {"gain": "1"}, {"port": "x"}),)


def test_the_log_folder_counts_from_the_working_folder(path: Path) -> None:
    assert agent(path, "--working-dir", "night").log_dir == Path("/cwd/night/logs")


def test_the_state_folder_is_the_agents_own(path: Path) -> None:
    assert agent(path, "--state-dir", "s").state_folder == Path("/cwd/s/hub_realm/hub/Oven-oven-1")


def test_an_agent_without_file_needs_its_name_only() -> None:
    settings = agent_settings("Oven", ["--instance-id", "cryo/oven/a"], PLAIN, hostname="here", cwd=CWD)

    assert (settings.router_url, settings.realm, settings.address_root) == (
        "ws://127.0.0.1:8001/ws", "test_realm", "observatory",
    )  # fmt: skip
    assert settings.devices == (DeviceSettings("cryo/oven/a"),)
    assert (settings.site_file, settings.host_name, settings.crossbar_timeout_s) == (None, None, 0.0)


@pytest.mark.parametrize(("agent_class", "argv"), [("Oven", []), (None, ["--instance-id", "a"])])
def test_an_agent_without_file_and_name_is_refused(agent_class: str | None, argv: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        agent_settings(agent_class, argv, PLAIN, hostname="here", cwd=CWD)

    assert caught.value.message == (
        "no site file is named; use --site-file, or set OCS_SITE_FILE or OCS_CONFIG_DIR "
        "(an agent without one needs --instance-id)"
    )


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--crossbar-timeout", "soon"], "--crossbar-timeout or $CROSSBAR_TIMEOUT: 'soon' is no time; "),
        (["--log-level", "loud"], "--log-level or $LOGLEVEL: 'loud' is no log level; "),
        (["--access-policy", "open"], "--access-policy: no access policy is written so; "),
        (["--instance-id", "a.b"], "--instance-id or $INSTANCE_ID: 'a.b' cannot name a device; "),
    ],
)
def test_a_wrong_option_is_refused_with_its_name(path: Path, argv: list[str], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        agent(path, *argv)

    assert caught.value.message.startswith(sentence)


def test_a_client_needs_nothing() -> None:
    assert client() == ClientSettings(
        realm="test_realm",
        address_root="observatory",
        router_url="ws://127.0.0.1:8001/ws",
        http_url="http://127.0.0.1:8001/call",
        state_dir=Path("/home/x/.local/state/ocs"),
    )


def test_a_client_follows_the_environment() -> None:
    settings = client(
        OCS_PORT="9000", OCS_REALM="env", OCS_ADDRESS_ROOT="root", OCS_STATE_DIR="/s", LOGLEVEL="debug", INSTANCE_ID="x"
    )

    assert settings == ClientSettings(
        realm="env",
        address_root="root",
        router_url="ws://127.0.0.1:9000/ws",
        http_url="http://127.0.0.1:9000/call",
        state_dir=Path("/s"),
        log_level=LogLevel.DEBUG,
    )


def test_a_client_reads_the_site_file_and_finds_the_registry(path: Path) -> None:
    settings = client("listen", "--raw", OCS_SITE_FILE=str(path))

    assert (settings.router_url, settings.realm, settings.registry_name) == ("ws://hub:1/ws", "hub_realm", "names")
    assert (settings.site_file, settings.leftover) == (path, ("listen", "--raw"))


def test_a_site_on_the_command_line_beats_the_file_of_the_environment(path: Path) -> None:
    settings = client("--site", path.stem, OCS_CONFIG_DIR=str(path.parent), OCS_SITE_FILE="/absent.yaml")

    assert settings.site_file == path


def test_a_client_needs_no_entry_for_its_host(write: Callable[[str], Path]) -> None:
    path = write("hub: {wamp_server: 'ws://h:1/ws', wamp_realm: test_realm, address_root: obs}\nhosts: {lab: {}}\n")

    assert client("--site-file", str(path)).address_root == "obs"


def test_a_client_takes_the_overrides_of_its_host(path: Path) -> None:
    assert client("--site-file", str(path), "--site-host", "lab").realm == "lab_realm"


def test_a_named_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the file cannot be read: no such file or directory"):
        client(OCS_SITE_FILE=str(tmp_path / "absent.yaml"))


def test_every_agent_of_the_demonstration_has_settings() -> None:
    names = ["registry", "host-1", "thermo-1", "stage-1", "faker-1", "bare-1"]

    found = [agent(DEMO, "--instance-id", name, agent_class=None) for name in names]

    assert [settings.instance_id for settings in found] == names
    assert found[2].options == {"port": ("sim",), "beam-from": ("stage-1",)}


def test_the_archiver_of_the_site_gets_the_data_unless_told_otherwise(write: Callable[[str], Path]) -> None:
    site = write(TEXT.replace("Index, instance-id: other", "ArchiverAgent, instance-id: a"))

    assert agent(site).archiver == "a"
    assert agent(site, "--archiver", "other").archiver == "other"
    assert not agent(site, "--archiver", "none").archiver
    known, unknown = client(OCS_SITE_FILE=str(site)), client()
    assert (known.archiver_name, known.archiver) == ("a", "a")
    assert (unknown.archiver_name, unknown.archiver) == ("archiver", "")
    assert not client(OCS_SITE_FILE=str(site), OCS_ARCHIVER="none").archiver
