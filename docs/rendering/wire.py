"""The page of addresses and messages; the messages are those of a device at work."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from docs.rendering.markdown import NOTE, code_of, first_sentence, table
from docs.rendering.recording import Recording
from ocs.agent import Channel
from ocs.model.event import EventKind, Reason
from ocs.model.feed import Block
from ocs.model.interface import WIRE_VERSION
from ocs.wire import feeds, uris

KIND_WORDS: dict[EventKind, str] = {
    EventKind.CHANGE: "value, size, quality or error changed, by the thresholds",
    EventKind.PERIODIC: "event_period_s has passed",
    EventKind.ARCHIVE: "an archive threshold was crossed, or archive_period_s has passed",
    EventKind.USER: "the device's code sends it",
    EventKind.DATA_READY: "the device's code says that there are data; a counter, no value",
    EventKind.CONFIG: "the configuration of the channel was changed",
    EventKind.ALARM: "the quality is another one",
}
REASON_WORDS: dict[Reason, str] = {
    Reason.FIRST: "the first since the agent joined, or since the kind or its thresholds were configured",
    Reason.VALUE: "a threshold was reached, or another text, label or truth value",
    Reason.SIZE: "an array has another shape",
    Reason.QUALITY: "another quality",
    Reason.FAILING: "reading failed, or fails for another reason than before",
    Reason.RECOVERED: "reading succeeds again",
    Reason.PERIOD: "a period has passed",
    Reason.SETTLED: "the value has followed the set point",
    Reason.PUSHED: "the device's code sent it",
    Reason.CONFIGURED: "the configuration was changed",
    Reason.SUBSCRIBED: "never sent: our clients put it on the value that comes with the subscription",
}
SHOWN_KEYS = ("unit", "max_value", "max_warning", "abs_change", "poll_period_s")


def wire() -> str:
    """Return the page."""
    oven = Recording()
    try:
        oven.advance(1.2)
        parts = [_describe, _channels, _states, _configuration, _events, _runs, _feeds]  # in this order: time passes
        return "\n".join([_addresses(), *(part(oven).lstrip("\n").rstrip("\n") + "\n" for part in parts)])
    finally:
        oven.close()


def _addresses() -> str:
    places = [
        [f"`{name}`", first_sentence(function).removeprefix("Return ").rstrip(".")]
        for name, function in inspect.getmembers(uris, inspect.isfunction)
        if function.__module__ == uris.__name__ and name != "device_of"
    ]
    return f"""# Wire

{NOTE}
Version {WIRE_VERSION}. The messages of OCS 0.12 with further keys; within a major version keys are only added, and
unknown ones are to be ignored. `R` is the address root, `D` the device, one component of the URI. Times are POSIX
seconds, UTC. Every message here was sent by a device at work.

{table(["in `ocs.wire.uris`", "address"], places)}
`epoch` is the start of the agent's process in ns, `seq` counts the messages of one topic since then: whoever sees a
number left out has missed a message, whoever sees another epoch has missed a restart.
"""


def _describe(oven: Recording) -> str:
    told = oven.call("", "describe")
    told["channels"] = _some(told["channels"], ("State", "temperature", "setpoint"))
    told["commands"] = _some(told["commands"], ("calibrate",))
    return f"""## `R.D`: what a device is, and how it is

Procedure with one word: `get_api`, `get_tasks`, `get_processes`, `get_feeds` and `get_agent_class` answer as in OCS,
`describe` with schemas, `history` with the sessions of the newest runs of an operation, `health` with
[health](../explanations/health.md).

`describe`; the channel Status and the commands State, Status and Init, which every device has, are left out here. Of a
channel's configuration only what says something is told.

{code_of(told)}
`health`, of a device that is well:

{code_of(oven.call("", "health"))}"""


def _channels(oven: Recording) -> str:
    read = oven.call("read", ["temp*", "pressure"])
    written = oven.call("write", {"setpoint": 310, "temperature": 300}, readback=True)
    refused = oven.call("write", {"setpoint": 500}, check=True)
    return f"""## `R.D.read`, `R.D.write`: channels

`read(names, source, max_age_s, history, columns)`. `names` is a name, a pattern, or a list of them, null for all;
`source` is `auto`, `device` or `cache`; `history` asks for so many of the newest readings, oldest first. The call
succeeds whatever becomes of the single channels:

{code_of(read)}
Only what says something is there: `setpoint`, `settled`, `dims` (columns, rows) of arrays, `error`, `clock` when it is
not the host's, `special` (`nan`, `inf`, `-inf`) where `value` is null because JSON has no such number; `number` (0 to
13) and `chart` with State. Arrays are lists, with `columns=true` `{{dtype, shape, data}}` in little-endian bytes.

`write(values, readback, check)`. With `readback` each is read again, with `check` all is tried but the hardware:

{code_of(written)}
{code_of(refused)}"""


def _states(oven: Recording) -> str:
    asked = oven.call("state", "switch_on", reason="first light")
    return f"""## `R.D.command`: commands

`command(name, params)`, `params` a map, a list in the declared order, or the value of the only one; the answer is the
result. `("calibrate", 293.0)`:

{code_of(oven.call("command", "calibrate", 293.0))}
## `R.D.state`: the state chart

`state(trigger, to, reason)`, all optional. The answer to `("switch_on", reason="first light")`, and, without what was
asked for, to `()`:

{code_of(asked)}
A refusal is the WAMP error `ocs.error.not_allowed`; `allowed` has what may be asked for. The same of all these
procedures: whatever is refused as a whole comes as `ocs.error.<code>` with [the error](errors.md) as its argument."""


def _configuration(oven: Recording) -> str:
    told = oven.call("config", "get", "temperature")["temperature"]
    oven.call("config", "set", "temperature", {"max_warning": 293})
    oven.advance(2.0)
    return f"""## `R.D.config`: the configuration of channels

`config(action, channel, values, scope)`: `get`, `set` with a map, `reset` with a list of keys; scope `device` or
`class`. All of them answer, for each channel, with values, where each comes from, what is missing for a kind of
event, and the polling; after a change `changed` lists [the keys](channel-config.md) that have another value. Cut to
some keys:

{code_of({"temperature": _shortened(told)})}"""


def _events(oven: Recording) -> str:
    kinds = [[f"`{kind.value}`", KIND_WORDS[kind]] for kind in EventKind]
    reasons = [[f"`{reason.value}`", REASON_WORDS[reason]] for reason in Reason]
    oven.oven.spectrum.push("data_ready", counter=7)
    oven.oven.add_channel("pressure", Channel(float, unit="mbar", initial=1e-3, doc="of the vacuum"))
    oven.advance(0.1)
    return f"""## `R.D.events.<channel>.<kind>`

{table(["kind", "when"], kinds)}
A kind is published only where [its source is configured](../explanations/events.md). Arrays are columns of bytes.

{code_of(oven.last("events.temperature.change"))}
{table(["reason", "why it was sent"], reasons)}
`data_ready`:

{code_of(oven.last("events.spectrum.data_ready"))}
`config` is the answer of `R.D.config` with `by`, `reason`, `seq` and `epoch`; cut to some keys:

{code_of(_shortened(oven.last("events.temperature.config")))}
## `R.D.events.state`, `.health`, `.interface`

The state since an edge, with where it came from. Also sent when the alarm of a channel changes what clients see, and
when the agent joins:

{code_of(oven.last("events.state"))}
Health, when its level or its causes change, and when the agent joins:

{code_of(oven.last("events.health"))}
What was added and removed; a burst within 50 ms is one event. After Init all lists are empty and `reason` is `init`:
what there is may have changed.

{code_of(oven.last("events.interface"))}"""


def _runs(oven: Recording) -> str:
    refused = oven.call("ops", "start", "heat", {"target": 500})
    oven.call("ops", "start", "heat", {"target": 310})
    oven.advance(1.5)
    return f"""## `R.D.ops`: a run

Procedure `(action, op_name, params, timeout, password)`. `code` 0: taken, -1: refused, 1: still running after
`timeout`.

{code_of(oven.call("ops", "status", "heat"))}
A refusal carries the [error](errors.md) as data, and the run that stands in its way where there is one:

{code_of(refused)}
`R.D.sessions.<op>` publishes the same session whenever it changes, at most ten times a second, with `seq` and
`epoch`."""


def _feeds(oven: Recording) -> str:
    block = Block.of_fields("thermal", ["temperature", "setpoint"])
    block.add_columns([1700000000.0, 1700000000.5], {"temperature": [292.9, 293.1], "setpoint": [300.0, 300.0]})
    return f"""## `R.D.feeds.<feed>`: samples

One argument, `[message, feed_info]`:

{code_of(oven.last("feeds.thermal"))}
`R.D.blocks.<feed>`, for feeds that are declared `bulk`, carries the columns as little-endian bytes:

{code_of([feeds.encode_columns(block), "feed_info as above"])}
## `R.D.feeds.heartbeat`

Each second, [a number for each operation](operations.md#numbers-in-heartbeats); its `feed_info` tells also agent,
router session, health and state, and `"closing": true` in the last one before an end in good order:

{code_of(oven.last("feeds.heartbeat"))}"""


def _some(data: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: data[key] for key in keys if key in data}


def _shortened(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _some(value, SHOWN_KEYS) if key in {"values", "sources"} else value for key, value in told.items()}
