from __future__ import annotations

from pathlib import Path

import pytest

from ocs.agent.program.plugins import find_devices, known_classes, local_modules
from ocs.model.errors import ConfigurationError

AGENT = '''"""An agent."""
from ocs.agent import Device

AGENT_CLASS = "ToyAgent"


class Toy(Device):
    """A toy."""


class Puppet(Toy):
    """A puppet."""
'''


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / f"toys_{request.node.name.replace('[', '_').replace(']', '')}"
    (folder / "toy").mkdir(parents=True)
    (folder / "toy" / "agent.py").write_text(AGENT)
    return folder


def test_installed_agents_are_known() -> None:
    assert {"RegistryAgent", "FakeDataAgent"} <= set(known_classes())


def test_agents_of_a_folder_are_known_without_running_them(folder: Path) -> None:
    (folder / "toy" / "agent.py").write_text(AGENT + "\nraise SystemExit('it was run')\n")

    assert "ToyAgent" in known_classes([folder])
    assert local_modules([folder]) == {"ToyAgent": folder / "toy" / "agent.py"}


def test_the_classes_of_an_agent_are_found_in_their_order(folder: Path) -> None:
    assert list(find_devices("ToyAgent", [folder])) == ["Toy", "Puppet"]


def test_an_unknown_class_is_refused_with_those_that_are_known(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no agent class ToyBox; known are .*ToyAgent"):
        find_devices("ToyBox", [folder])


@pytest.mark.parametrize("text", ["raise ValueError('red')", "import no_such_module", "def"])
def test_an_agent_that_cannot_be_imported_is_told_in_one_sentence(folder: Path, text: str) -> None:
    (folder / "toy" / "agent.py").write_text(f'AGENT_CLASS = "ToyAgent"\n{text}\n')

    with pytest.raises(ConfigurationError, match="cannot be imported"):
        find_devices("ToyAgent", [folder])
