"""What a device tells of itself: `get_api` in the words of OCS 0.12, and `describe` with schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocs.model.channel import Display
from ocs.model.errors import VersionError
from ocs.model.feed import FeedInterface
from ocs.model.interface import WIRE_VERSION, DeviceInterface, Identity, OperationInterface
from ocs.model.operation import Kind
from ocs.wire import interface_parts as parts
from ocs.wire import uris


def encode_interface(interface: DeviceInterface) -> dict[str, Any]:
    """Return the answer to `describe`."""
    identity = interface.identity
    return {
        "wire": identity.wire,
        "identity": {
            "name": identity.name,
            "root": identity.root,
            "facility": identity.root,
            "realm": identity.realm,
            "class": identity.device_class,
            "doc": identity.doc,
            "version": identity.version,
            "agent": identity.agent,
            "host": identity.host,
            "pid": identity.pid,
            "epoch": identity.epoch,
            "started": identity.epoch / 1e9,
            "session": identity.session,
        },
        "operations": {name: _encode_operation(op) for name, op in interface.operations.items()},
        "feeds": {name: _encode_feed(feed) for name, feed in interface.feeds.items()},
        "channels": {name: parts.encode_channel(channel) for name, channel in interface.channels.items()},
        "commands": {name: _encode_operation(op) for name, op in interface.commands.items()},
        "chart": None if interface.chart is None else parts.encode_chart(interface.chart),
    }


def _encode_operation(op: OperationInterface) -> dict[str, Any]:
    return {
        "kind": op.kind.value,
        "doc": op.doc,
        "params": op.params,
        "result": op.result,
        "level": op.level,
        "abortable": op.abortable,
        "blocking": op.blocking,
        "timeout_s": op.timeout_s,
        "when": list(op.when),
        "during": op.during,
        "display": op.display.value,
    }


def _decode_operation(name: str, op: Mapping[str, Any]) -> OperationInterface:
    return OperationInterface(
        name=name, kind=Kind(op["kind"]), doc=op.get("doc", ""), params=op.get("params"),
        result=op.get("result") or {}, level=op.get("level", 1), abortable=op.get("abortable", True),
        blocking=op.get("blocking", True), timeout_s=op.get("timeout_s"), when=tuple(op.get("when", ())),
        during=op.get("during", ""), display=Display(op.get("display", Display.OPERATOR.value)),
    )  # fmt: skip


def _encode_feed(feed: FeedInterface) -> dict[str, Any]:
    return {
        "record": feed.record,
        "bulk": feed.bulk,
        "doc": feed.doc,
        "agg_params": dict(feed.agg_params or {}),
    } | ({"units": dict(feed.units)} if feed.units else {})


def decode_interface(described: Mapping[str, Any]) -> DeviceInterface:
    """Return the interface in an answer to `describe`; unknown keys are ignored.

    Raises:
        VersionError: The device speaks a newer major version.
    """
    wire = str(described.get("wire", WIRE_VERSION))
    told = described["identity"]
    if int(wire.split(".", maxsplit=1)[0]) > int(WIRE_VERSION.split(".")[0]):
        raise VersionError(f"{told['name']} speaks version {wire} of the wire, this client {WIRE_VERSION}; update it")
    return DeviceInterface(
        identity=Identity(
            name=told["name"], root=told["root"], realm=told.get("realm", ""), device_class=told["class"],
            doc=told.get("doc", ""), version=told.get("version", ""), agent=told.get("agent", ""),
            host=told.get("host", ""), pid=told.get("pid", 0), epoch=told.get("epoch", 0), wire=wire,
            session=told.get("session"),
        ),
        operations={name: _decode_operation(name, op) for name, op in described.get("operations", {}).items()},
        feeds={
            name: FeedInterface(
                name=name, record=feed.get("record", False), bulk=feed.get("bulk", False),
                doc=feed.get("doc", ""), agg_params=feed.get("agg_params", {}),
                units=feed.get("units"),
            )
            for name, feed in described.get("feeds", {}).items()
        },
        channels={
            name: parts.decode_channel(name, channel) for name, channel in (described.get("channels") or {}).items()
        },
        commands={name: _decode_operation(name, op) for name, op in (described.get("commands") or {}).items()},
        chart=parts.decode_chart(described["chart"]) if described.get("chart") else None,
    )  # fmt: skip


def encode_operation_info(op: OperationInterface) -> dict[str, Any]:
    """Return the `op_info` of `get_api`."""
    info = {
        "blocking": op.blocking,
        "docstring": op.doc or None,
        "op_type": op.kind.value,
        "min_privs": op.level,
    }
    if op.kind is Kind.TASK:
        info["abortable"] = op.abortable
    return info


def decode_api(root: str, device: str, api: Mapping[str, Any]) -> DeviceInterface:
    """Return the interface of a plain OCS agent from its `get_api`: operations take any parameters."""
    operations = {
        name: OperationInterface(
            name=name, kind=kind, doc=info.get("docstring") or "", level=info.get("min_privs", 1),
            abortable=info.get("abortable", True), blocking=info.get("blocking", True),
        )
        for kind, key in ((Kind.TASK, "tasks"), (Kind.PROCESS, "processes"))
        for name, _session, info in api.get(key, ())
    }  # fmt: skip
    feeds = {
        name: FeedInterface(name=name, record=info.get("record", False), agg_params=info.get("agg_params", {}))
        for name, info in api.get("feeds", ())
    }
    identity = Identity(
        name=device, root=root, realm="", device_class=api.get("agent_class", ""), doc="", version="",
        agent=f"{api.get('agent_class', '')}/{device}", host=api.get("instance_hostname", ""),
        pid=api.get("instance_pid", 0), epoch=0, wire="",
    )  # fmt: skip
    return DeviceInterface(identity, operations, feeds)


def feed_info(identity: Identity, feed: FeedInterface) -> dict[str, Any]:
    """Return the `feed_info` that goes with each message of a feed."""
    return {
        "agent_address": identity.address,
        "agg_params": dict(feed.agg_params or {}),
        "feed_name": feed.name,
        "address": uris.feed(identity.root, identity.name, feed.name),
        "record": feed.record,
        "session_id": epoch_as_session(identity.epoch),
        "agent_class": identity.agent_class,
    }


def epoch_as_session(epoch: int) -> str:
    """Return an epoch in the form that OCS calls the agent's session: POSIX seconds as text."""
    return f"{epoch // 10**9}.{epoch % 10**9 // 1000:06d}"
