"""The keys of a site file, as OCS 0.12 has them and a few of our own.

Source of the OCS keys: the site configuration of ocs 0.12.1, read and tried; ours are `agent_paths` and `devices`.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ocs.model.address import check_device_name, check_root
from ocs.model.errors import ConfigurationError
from ocs.site.arguments import flatten_arguments
from ocs.site.values import (
    MANAGE_WORDS,
    Manage,
    check_access_policy,
    check_class_name,
    check_http_url,
    check_property_name,
    check_realm,
    check_router_url,
    read_manage,
)


def _device_name(name: str) -> str:
    try:
        return check_device_name(name)
    except ConfigurationError as error:
        raise ValueError(error.message) from error


def _root(root: str) -> str:
    try:
        return check_root(root)
    except ConfigurationError as error:
        raise ValueError(error.message) from error


_WORDS_ITEMS = {"$ref": "#/$defs/Words"}
_WORDS = {"anyOf": [{"type": ["string", "number", "boolean"]}, {"type": "array", "items": _WORDS_ITEMS}]}
_PLAIN = {"type": "object", "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_]*$"}}

DeviceName = Annotated[str, AfterValidator(_device_name)]
Root = Annotated[str, AfterValidator(_root)]
Realm = Annotated[str, AfterValidator(check_realm)]
RouterUrl = Annotated[str, AfterValidator(check_router_url)]
HttpUrl = Annotated[str, AfterValidator(check_http_url)]
ClassName = Annotated[str, AfterValidator(check_class_name)]
Policy = Annotated[str, AfterValidator(check_access_policy)]
Words = Annotated[tuple[str, ...], BeforeValidator(flatten_arguments), WithJsonSchema({"type": "array"})]
ManageMode = Annotated[
    Manage,
    BeforeValidator(read_manage),
    WithJsonSchema({"enum": [*MANAGE_WORDS, True, False, None]}),
]
Properties = Annotated[
    dict[Annotated[str, AfterValidator(check_property_name)], Any],
    WithJsonSchema(_PLAIN),
]


class _Section(BaseModel):
    """A map of the file: unknown keys are refused, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DeviceEntry(_Section):
    """One device of an agent that has several, or whose device is not called as the agent is."""

    name: DeviceName = Field(
        description="Address of the device below the address root.",
        examples=["cryo/thermo/1", "thermo-1"],
    )
    class_name: ClassName | None = Field(
        None,
        alias="class",
        description="Device class; not needed where the agent has one class only.",
        examples=["Lakeshore240"],
    )
    properties: Properties = Field(
        default_factory=dict,
        description="Values of the device's properties; any number, text, truth value, list or map.",
        examples=[{"port": "/dev/ttyUSB0"}],
    )


class Instance(_Section):
    """One agent: a process with one connection to the router."""

    agent_class: ClassName = Field(
        alias="agent-class",
        description="Which agent to run; the name under which it is registered as a plug-in.",
        examples=["FakeDataAgent"],
    )
    instance_id: DeviceName = Field(
        alias="instance-id",
        description="Name of the agent, unique in the realm without regard to case.",
        examples=["faker-1"],
    )
    arguments: Words = Field(
        (),
        description="Command line of the agent: words, also in nested lists. Each reaches the agent as it is written.",
        examples=[["--mode", "idle"], [["--mode", "idle"], ["--num-channels", 4]]],
    )
    manage: ManageMode = Field(
        Manage.HOST_UP,
        description="Who starts the agent: host/up, host/down, docker/up, docker/down, ignore, or an older OCS word.",
        examples=["host/down"],
    )
    devices: tuple[DeviceEntry, ...] | None = Field(
        None,
        strict=False,
        description="Devices of the agent (ours); without this key, one device named by instance-id.",
        examples=[[{"name": "cryo/thermo/1", "class": "Lakeshore240", "properties": {"port": "sim"}}]],
    )


class Crossbar(_Section):
    """The router that is started on this host."""

    config_dir: str | None = Field(
        None,
        alias="config-dir",
        description="Folder with the router's own config.json; without it the configuration is generated.",
        examples=["./dot_crossbar"],
    )
    bin: str | None = Field(
        None,
        description="Path of the crossbar program; without it $OCS_CROSSBAR or the one on the PATH.",
        examples=["/usr/local/bin/crossbar"],
    )


class Host(_Section):
    """One machine: its agents, and where it differs from the hub."""

    log_dir: str | None = Field(
        None,
        alias="log-dir",
        description="Folder for log files; relative to the agent's working folder.",
        examples=["./logs"],
    )
    crossbar_timeout: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="After how many seconds without router an agent ends; 0 = never (OCS: 10 where it is not given).",
        examples=[0],
    )
    wamp_server: RouterUrl | None = Field(
        None,
        description="Address of the router, for this host instead of the hub's.",
        examples=["ws://10.10.10.3:8001/ws"],
    )
    wamp_http: HttpUrl | None = Field(
        None,
        description="Address of the HTTP bridge, for this host instead of the hub's.",
        examples=["http://10.10.10.3:8001/call"],
    )
    wamp_realm: Realm | None = Field(
        None,
        description="Realm, for this host instead of the hub's.",
        examples=["test_realm"],
    )
    crossbar: Crossbar | None = Field(
        None,
        description="The router that is started here; null where none is.",
        examples=[None],
    )
    agent_instances: tuple[Instance, ...] = Field(
        (),
        alias="agent-instances",
        strict=False,
        description="Agents of this host.",
        examples=[[{"agent-class": "RegistryAgent", "instance-id": "registry"}]],
    )


class Hub(_Section):
    """Where the router is, and the name space of the site."""

    wamp_server: RouterUrl = Field(
        description="Address of the router.",
        examples=["ws://127.0.0.1:8001/ws"],
    )
    wamp_http: HttpUrl | None = Field(
        None,
        description="Address of the router's HTTP bridge.",
        examples=["http://127.0.0.1:8001/call"],
    )
    wamp_realm: Realm = Field(
        description="Realm of the site.",
        examples=["test_realm"],
    )
    address_root: Root = Field(
        description="First part of every address; one word.",
        examples=["observatory"],
    )
    access_policy: Policy | None = Field(
        None,
        description="Who may start operations: none, director:<id>, or override:<password 2>,<password 3>.",
        examples=["director:access-director"],
    )
    registry_address: str | None = Field(
        None,
        description="Not used any more; accepted with a warning.",
        examples=["observatory.registry"],
        json_schema_extra={"deprecated": True},
    )


class Site(_Section):
    """A whole site file."""

    hub: Hub = Field(description="Where the router is, and the name space of the site.")
    hosts: dict[str, Host] = Field(
        default_factory=dict,
        description="Machines by host name; an entry localhost stands for every host that has none of its own.",
    )
    agent_paths: tuple[str, ...] = Field(
        (),
        strict=False,
        description="Folders with agents of your own (ours), relative to the site file.",
        examples=[["../agents"]],
    )


def site_schema() -> dict[str, Any]:
    """Return the JSON schema of site files (draft 2020-12), for editors and other programs."""
    schema = Site.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "OCS site file"
    # Nested lists of any depth contain themselves, which pydantic's generator cannot be told.
    schema["$defs"]["Words"] = _WORDS
    schema["$defs"]["Instance"]["properties"]["arguments"]["items"] = _WORDS_ITEMS
    return schema


SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("", Site),
    ("hub", Hub),
    ("hosts.<host>", Host),
    ("hosts.<host>.crossbar", Crossbar),
    ("hosts.<host>.agent-instances[]", Instance),
    ("hosts.<host>.agent-instances[].devices[]", DeviceEntry),
)
"""Every kind of map of the file with its place."""


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys of a section as they are written in the file."""
    return tuple(field.alias or name for name, field in model.model_fields.items())
