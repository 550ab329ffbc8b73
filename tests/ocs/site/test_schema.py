"""The schema, and that the page about it tells the same."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ocs.site.options import OPTIONS, VARIABLES
from ocs.site.schema import SECTIONS, Host, Site, keys_of, site_schema
from ocs.site.values import MANAGE_WORDS

TOP = Path(__file__).parents[3]
PAGE = (TOP / "docs" / "reference" / "site-file.md").read_text(encoding="utf-8")
HUB = {"wamp_server": "ws://h:1/ws", "wamp_realm": "test_realm", "address_root": "obs"}


def plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def accepted_by_schema(data: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(site_schema()).is_valid(data))


def site_with(instance: dict[str, Any]) -> dict[str, Any]:
    return {"hub": HUB, "hosts": {"h": {"agent-instances": [{"agent-class": "A", "instance-id": "a", **instance}]}}}


def rows(heading: str) -> set[str]:
    """Return the first cells of the table below a heading."""
    section = PAGE.split(f"# {heading}\n", 1)[1].split("\n#", 1)[0]
    return set(re.findall(r"^\| (`.+?)\s*\|", section, re.MULTILINE))


def test_the_json_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(site_schema())
    json.dumps(site_schema())


def test_the_demonstration_site_satisfies_the_json_schema() -> None:
    assert accepted_by_schema(plain((TOP / "sites" / "demo.yaml").read_text(encoding="utf-8")))


def test_the_example_of_the_page_satisfies_schema_and_models() -> None:
    example = plain(re.findall(r"```yaml\n(hub:.+?)```", PAGE, re.DOTALL)[0])

    assert accepted_by_schema(example)
    assert Site.model_validate(example).hosts["localhost"].agent_instances[2].devices is not None


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"instance_id": "b"}, {"arguments": "--a"}, {"arguments": [{"a": 1}]}, {"manage": "x"}],
)
def test_the_json_schema_refuses_what_the_models_refuse(change: dict[str, Any]) -> None:
    assert not accepted_by_schema(site_with(change))
    with pytest.raises(ValueError, match="validation error"):
        Site.model_validate(site_with(change))


words = st.recursive(st.text(max_size=3) | st.integers() | st.booleans(), lambda inner: st.lists(inner, max_size=3))


@given(st.lists(words, max_size=4), st.sampled_from([*MANAGE_WORDS, True, False, None]))
def test_the_json_schema_accepts_what_the_models_accept(arguments: list[Any], manage: Any) -> None:
    data = site_with({"arguments": arguments, "manage": manage})

    Site.model_validate(data)
    assert accepted_by_schema(data)


def test_every_key_is_described_with_an_example_or_a_section_of_its_own() -> None:
    for _, model in SECTIONS:
        for name, field in model.model_fields.items():
            assert field.description, name
            assert field.examples or name in {"hub", "hosts"}, name


def test_a_router_that_is_away_ends_no_agent_by_default() -> None:
    assert Host.model_validate({}).crossbar_timeout == 0


@pytest.mark.parametrize(("place", "model"), SECTIONS)
def test_the_page_has_every_key_and_no_other(place: str, model: type[Any]) -> None:
    heading = place.replace("<", "\\<").replace(">", "\\>") or "Top"
    required = {field.alias or name for name, field in model.model_fields.items() if field.is_required()}

    assert rows(heading) == {f"`{key}`{' *' if key in required else ''}" for key in keys_of(model)}


def test_the_page_has_every_option_and_no_other() -> None:
    assert rows("Options of every program") == {f"`{option.flag} {option.metavar}`" for option in OPTIONS}


def test_the_page_has_every_variable_and_no_other() -> None:
    assert rows("Environment") == {f"`{name}`" for name in VARIABLES}
    for option in OPTIONS:
        if option.variable is not None:
            assert f"| `{option.variable}` | Stands for `{option.flag}`" in PAGE
