"""Folders of state: names in, paths out, and back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.site.state import (
    AgentFolder,
    agent_folder,
    decode_name,
    default_state_dir,
    encode_name,
    names_of_folder,
    router_folder,
)

STATE = Path("/state")
names = st.text(min_size=1) | st.sampled_from(["router", ".", "..", "a-b", "cryo/thermo/1", "%72outer", "a%2Fb"])
agents = st.builds(AgentFolder, names, names, names, names)


@given(names)
def test_a_name_comes_back_from_its_folder(name: str) -> None:
    assert decode_name(encode_name(name)) == name


@given(names)
def test_an_encoded_name_is_one_plain_folder(name: str) -> None:
    folder = encode_name(name)

    assert folder.isascii()
    assert not set(folder) & set("/\\. \0")


@given(names, names)
def test_two_names_never_share_a_folder(one: str, other: str) -> None:
    assert (encode_name(one) == encode_name(other)) == (one == other)


@given(agents)
def test_the_names_of_an_agent_come_back_from_its_folder(agent: AgentFolder) -> None:
    assert names_of_folder(STATE, agent_folder(STATE, agent)) == agent


@given(agents)
def test_an_agent_never_lies_in_the_folder_of_the_router(agent: AgentFolder) -> None:
    assert router_folder(STATE, agent.realm) not in agent_folder(STATE, agent).parents


def test_a_tango_style_name_is_one_folder() -> None:
    agent = AgentFolder("test_realm", "observatory", "Lakeshore240Agent", "cryo/thermo/1")

    assert agent_folder(STATE, agent) == Path("/state/test_realm/observatory/Lakeshore240Agent-cryo%2Fthermo%2F1")


def test_the_router_lies_beside_the_address_roots() -> None:
    assert router_folder(STATE, "test_realm") == Path("/state/test_realm/router")


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ValueError, match="an empty name has no folder"):
        encode_name("")


@pytest.mark.parametrize("folder", ["", "a.b", "%2f", "%", "a/b", "a b"])
def test_what_no_name_becomes_is_not_decoded(folder: str) -> None:
    with pytest.raises(ValueError, match="is no encoded name"):
        decode_name(folder)


@pytest.mark.parametrize("folder", ["/state/r/router/A-x", "/state/r/A-x", "/state/r/o/plain", "/state/r/o/A-x/sub"])
def test_other_folders_are_none_of_an_agent(folder: str) -> None:
    with pytest.raises(ValueError, match="is no folder of an agent"):
        names_of_folder(STATE, Path(folder))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/ocs"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/ocs"),
        ({"HOME": "/h"}, "/h/.local/state/ocs"),
    ],
)
def test_the_default_folder_follows_the_environment(environ: dict[str, str], expected: str) -> None:
    assert default_state_dir(environ) == Path(expected)
