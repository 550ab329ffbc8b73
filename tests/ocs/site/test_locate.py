"""Which file, host and agent are meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ocs.model.errors import ConfigurationError
from ocs.site.loading import LoadedSite, load_site
from ocs.site.locate import choose_host, choose_instance, find_host, find_site_file

TEXT = """\
hub: {wamp_server: 'ws://h:1/ws', wamp_realm: test_realm, address_root: obs}
hosts:
  lab:
    agent-instances:
      - {agent-class: A, instance-id: a-1}
      - {agent-class: A, instance-id: a-2}
      - {agent-class: B, instance-id: b-1}
  roof:
    agent-instances:
      - {agent-class: C, instance-id: c-1}
"""


@pytest.fixture
def loaded(write: Callable[[str], Path]) -> LoadedSite:
    return load_site(write(TEXT))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "default.yaml").touch()
    return str(tmp_path)


def test_a_named_file_beats_the_environment(folder: str) -> None:
    environ = {"OCS_SITE_FILE": "/e.yaml", "OCS_CONFIG_DIR": folder}

    assert find_site_file(environ, site_file="/x.yaml") == Path("/x.yaml")


def test_a_named_site_beats_the_environment(folder: str) -> None:
    environ = {"OCS_SITE_FILE": "/e.yaml", "OCS_CONFIG_DIR": folder}

    assert find_site_file(environ, site="lab") == Path(folder) / "lab.yaml"


def test_the_file_of_the_environment_beats_its_folder(folder: str) -> None:
    assert find_site_file({"OCS_SITE_FILE": "/e.yaml", "OCS_CONFIG_DIR": folder}) == Path("/e.yaml")


def test_the_folder_of_the_environment_gives_its_default(folder: str) -> None:
    assert find_site_file({"OCS_CONFIG_DIR": folder}) == Path(folder) / "default.yaml"


@pytest.mark.parametrize("environ", [{}, {"OCS_SITE_FILE": "", "OCS_CONFIG_DIR": ""}, {"OCS_CONFIG_DIR": "/nowhere"}])
def test_without_any_of_these_there_is_no_file(environ: dict[str, str]) -> None:
    assert find_site_file(environ) is None


def test_site_and_file_together_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="--site and --site-file are both given; keep one"):
        find_site_file({}, site="a", site_file="b")


def test_a_site_without_its_folder_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"--site lab names a file in \$OCS_CONFIG_DIR, which is not set"):
        find_site_file({"OCS_SITE_FILE": "/e.yaml"}, site="lab")


def test_a_host_is_found_by_name(loaded: LoadedSite) -> None:
    assert choose_host(loaded, "roof") == ("roof", loaded.site.hosts["roof"])


def test_another_host_is_localhost(write: Callable[[str], Path]) -> None:
    loaded = load_site(write(TEXT.replace("  roof:", "  localhost:")))

    assert choose_host(loaded, "roof")[0] == "localhost"


def test_a_host_that_is_not_there_is_refused_with_a_near_one(loaded: LoadedSite) -> None:
    assert find_host(loaded, "rof") is None
    with pytest.raises(ConfigurationError) as caught:
        choose_host(loaded, "rof")

    assert caught.value.message == (
        f"{loaded.path}:2: hosts: there is neither 'rof' nor 'localhost'; did you mean 'roof'?; "
        "add it, or choose one with --site-host"
    )


def test_an_agent_is_found_by_its_name_in_any_case(loaded: LoadedSite) -> None:
    assert choose_instance(loaded, "lab", instance_id="A-2", agent_class=None).instance_id == "a-2"


def test_an_agent_is_found_by_its_class_when_it_is_the_only_one(loaded: LoadedSite) -> None:
    assert choose_instance(loaded, "lab", instance_id=None, agent_class="B").instance_id == "b-1"


@pytest.mark.parametrize(
    ("instance_id", "agent_class", "sentence"),
    [
        (None, None, "no agent is named; use --instance-id or set INSTANCE_ID"),
        (None, "A", "host 'lab' in FILE has 2 agents of the class A (a-1, a-2); choose one with --instance-id"),
        (None, "D", "host 'lab' in FILE has no agent of the class D; choose one with --instance-id"),
        ("a-1", "B", "'a-1' is of the class A in FILE, not B; start that one, or choose another --instance-id"),
        ("b1", None, "host 'lab' in FILE has no agent 'b1'; did you mean 'b-1'?"),
        ("c-1", None, "host 'lab' in FILE has no agent 'c-1'; it is on 'roof', so use --site-host"),
    ],
)
def test_an_agent_that_is_not_clear_is_refused(
    loaded: LoadedSite, instance_id: str | None, agent_class: str | None, sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose_instance(loaded, "lab", instance_id=instance_id, agent_class=agent_class)

    assert caught.value.message.replace(str(loaded.path), "FILE") == sentence
