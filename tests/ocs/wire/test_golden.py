"""One file for each message of the wire: what is in them may only grow (architecture, section 2).

A message that changed on purpose is written anew with `OCS_WRITE_GOLDEN=1 pytest tests/ocs/wire/test_golden.py`.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

from ocs.agent import State, StateChart, TangoState, transition
from ocs.agent.author.declarations import declare
from ocs.agent.channels.polling import Round
from ocs.agent.serving.chart_interface import chart_interface
from ocs.model.channel import Access, ChannelInterface, Display, Memorized
from ocs.model.datatype import DataType
from ocs.model.errors import BusyError, DeviceError, ErrorCode, OutOfRangeError
from ocs.model.event import DeviceEventKind, EventKind
from ocs.model.feed import Block, FeedInterface
from ocs.model.gap import Gap, GapCause
from ocs.model.health import Cause, Health, HealthLevel
from ocs.model.interface import DeviceInterface, Identity
from ocs.model.layered_config import LayeredConfig
from ocs.model.operation import Kind, OpCode, Outcome, ReplyCode, Status
from ocs.model.quality import Quality
from ocs.model.reading import Clock, Reading
from ocs.model.run import Author, Failure, RunRecord
from ocs.model.series import QUALITIES, Batch, FieldType, SeriesKey
from ocs.model.units import Limits, Unit
from ocs.model.valuetype import value_type
from ocs.wire import describe, feeds, sessions, uris
from ocs.wire.archive import encode_batch, encode_gap
from ocs.wire.channels import Written, encode_event, encode_reading, encode_written
from ocs.wire.health import encode_health
from ocs.wire.interface_parts import encode_config
from ocs.wire.replies import Reply, encode_error, refusal
from ocs.wire.states import StateEvent, StateReport, encode_edge, encode_report

GOLDEN = Path(__file__).parent / "golden"
EPOCH = 1_700_000_000_123_456_789
IDENTITY = Identity(
    name="cryo/oven/1", root="observatory", realm="test_realm", device_class="Oven", doc="One oven.", version="2.1",
    agent="OvenAgent/oven-1", host="lab", pid=4711, epoch=EPOCH,
)  # fmt: skip
THERMAL = FeedInterface("thermal", doc="temperature and power", agg_params={"frame_length": 60})


def ramp(
    session: Any, target: Annotated[float, Unit("K"), Limits(0, 400)], steps: int = 3
) -> Annotated[float, Unit("K")]:
    """Ramp to a temperature.

    Args:
        target: Where to.
        steps: How many.
    """
    return target


RAMP = declare(ramp, Kind.TASK, level=2, timeout_s=7200.0).interface


def run_record() -> RunRecord:
    author = Author("alice", "operator", 42)
    run = RunRecord(7, EPOCH, "ramp", Kind.TASK, now=1000.0, params={"target": 4.2, "steps": 3}, author=author, level=2)
    run.advance(Status.RUNNING, 1000.5)
    run.data = {"kelvin": np.float32(4.5), "far": float("inf")}
    run.set_progress(0.5, "half way")
    return run


def ended(outcome: Outcome, **ending: Any) -> RunRecord:
    run = run_record()
    run.finish(outcome, 1010.0, **ending)
    return run


def stuck() -> RunRecord:
    run = run_record()
    run.advance(Status.STOPPING, 1005.0)
    run.stuck = "it was asked to end 10 s ago and is still in ramp (oven.py:12)"
    return run


def block() -> Block:
    made = Block.of_fields("temps", ("kelvin", "state"))
    made.add_columns([1000.0, 1000.5], {"kelvin": np.array([4.2, 4.3]), "state": ["on", "off"]})
    return made


def failed() -> RunRecord:
    failure = Failure(ErrorCode.DEVICE_ERROR, "the door is open; close it", "DeviceError", "ramp (oven.py:12)")
    return ended(Outcome.FAILED, failure=failure)


KELVIN = value_type(Annotated[float, Unit("K"), Limits(0, 400)])
TEMPERATURE = LayeredConfig(
    "temperature", KELVIN,
    {"unit": "K", "description": "in the middle", "poll_period_s": 0.5, "abs_change": 0.1, "max_alarm": 380.0},
)  # fmt: skip
TEMPERATURE.set({"max_alarm": 370.0})


class OvenChart(StateChart):
    """States of an oven."""

    OFF = State(tango="OFF", initial=True, doc="no power")
    ON = State(tango="ON")
    switch_on = transition(OFF, ON, doc="power it")
    _trip = transition("*", StateChart.FAULT)


def reading(**said: Any) -> Reading:
    return replace(Reading(4.2, Quality.VALID, 1000.0, taken=50.0), **said)


def spectrum() -> Reading:
    return reading(value=np.array([1.5, 2.5], dtype=np.float32))


def failed_reading() -> Reading:
    error = DeviceError("no answer; switch it on", field="temperature")
    return reading(value=None, quality=Quality.INVALID, error=error)


def state_report() -> StateReport:
    return StateReport(
        "ON", TangoState.ALARM, "The device is in ON state.\ntemperature is 381 K, at or above its max_alarm 370 K",
        1000.0, "alice", "work begins", ("switch_off",), 7, EPOCH,
    )  # fmt: skip


def health() -> Health:
    link = Cause(
        HealthLevel.BAD, "link", 990.0, "no link for 10 s; check power and cable, it is opened again by itself"
    )
    return Health.of((link,), 1000.0)


def config_answer() -> dict[str, Any]:
    polled = Round(0.5, count=20, overruns=1, took_s=0.01, last_error="").told() | {"channels": ["temperature"]}
    told = {
        "values": encode_config(TEMPERATURE.effective),
        "sources": {key: source.value for key, source in TEMPERATURE.sources.items()},
        "events": {"change": "", "user": "temperature sends it only when its device's code does, and that does not"},
        "polling": polled,
        "changed": ["max_alarm"],
    }
    return {"temperature": told}


def device_with_channels() -> DeviceInterface:
    temperature = ChannelInterface(
        "temperature", KELVIN, Access.READ, TEMPERATURE.effective, polled=True, feed="thermal",
        events=(EventKind.CHANGE, EventKind.PERIODIC, EventKind.CONFIG, EventKind.ALARM),
    )  # fmt: skip
    mode = value_type(str, labels=("slow", "fast"))
    chosen = ChannelInterface(
        "mode", mode, Access.READ_WRITE, LayeredConfig("mode", mode, {}).effective, Display.EXPERT, Memorized.AT_INIT
    )
    return DeviceInterface(
        IDENTITY, {}, {}, {"temperature": temperature, "mode": chosen},
        {"ramp": declare(ramp, Kind.COMMAND, display="expert").interface}, chart_interface(OvenChart),
    )  # fmt: skip


def batch() -> Batch:
    fields = {
        "kelvin": FieldType(DataType.FLOAT64, unit="K"),
        "spectrum": FieldType(DataType.INT16, dims=1),
        "mode": FieldType(DataType.ENUM, labels=("slow", "fast")),
    }
    columns = {
        "kelvin": np.array([4.2, np.nan]),
        "spectrum": np.array([[1, 2], [3, 4]], dtype=np.int16),
        "mode": ["slow", None],
    }
    times = np.array([1_000_000_000_000, 1_000_500_000_000])
    quality = {"kelvin": np.array([0, 4], dtype=np.uint8)}
    return Batch(SeriesKey("cryo/oven/1", "thermal", "temps"), EPOCH, 17, times, fields, columns, quality)


def gap() -> Gap:
    return Gap(
        "cryo/oven/1", 1_000_000_000_000, 1_060_000_000_000, GapCause.SPOOL_FULL, "thermal", "temps", rows=120,
        epoch=EPOCH, first=17, last=136, detail="no archiver for 7 days",
    )  # fmt: skip


MESSAGES: dict[str, Any] = {
    "put_batch": lambda: encode_batch(batch()),
    "put_gap": lambda: {"gap": encode_gap(gap())},
    "put_gap_that_lasts": lambda: {"gap": encode_gap(Gap("cryo/oven/1", 1_000_000_000_000, None, GapCause.LINK_LOST))},
    "reading": lambda: encode_reading(reading(setpoint=4.0, settled=True, clock=Clock.DEVICE), 50.25),
    "reading_failed": lambda: encode_reading(failed_reading(), 50.0),
    "reading_not_a_number": lambda: encode_reading(reading(value=float("nan")), 50.0),
    "reading_of_columns": lambda: encode_reading(spectrum(), 50.0, columns=True),
    "reading_of_lists": lambda: encode_reading(spectrum(), 50.0),
    "written": lambda: encode_written(Written(setpoint=4.0, reading=reading(setpoint=4.0)), 50.0),
    "written_refused": lambda: encode_written(
        Written(error=OutOfRangeError("setpoint is 500 K", field="setpoint", given=500.0, limit=400.0)), 50.0
    ),
    "state_report": lambda: encode_report(state_report()),
    "state_edge": lambda: encode_edge(StateEvent("OFF", "switch_on", 1000.0, state_report())),
    "health": lambda: encode_health(health()),
    "channel_event": lambda: encode_event(reading(quality=Quality.WARNING), seq=3, epoch=EPOCH, reason="quality"),
    "channel_event_failing": lambda: encode_event(failed_reading(), seq=4, epoch=EPOCH, reason="failing"),
    "config_answer": config_answer,
    "describe_channels": lambda: describe.encode_interface(device_with_channels()),
    "describe": lambda: describe.encode_interface(DeviceInterface(IDENTITY, {"ramp": RAMP}, {"thermal": THERMAL})),
    "operation_info_task": lambda: describe.encode_operation_info(RAMP),
    "feed_info": lambda: describe.feed_info(IDENTITY, THERMAL),
    "session_running": lambda: sessions.encode_run(run_record()),
    "session_succeeded": lambda: sessions.encode_run(ended(Outcome.SUCCEEDED, result=4.2)),
    "session_failed": lambda: sessions.encode_run(failed()),
    "session_aborted": lambda: sessions.encode_run(ended(Outcome.ABORTED)),
    "session_stuck": lambda: sessions.encode_run(stuck()),
    "session_never_ran": lambda: sessions.never_ran("ramp"),
    "heartbeat": lambda: sessions.heartbeat({"ramp": OpCode.RUNNING, "hold": OpCode.NONE, "cool": OpCode.DEGRADED}),
    "reply_started": lambda: Reply(ReplyCode.OK, 'Started task "ramp".', sessions.encode_run(run_record())).encode(),
    "reply_refused": lambda: refusal(BusyError("ramp runs already", field="ramp"), {"status": "running"}).encode(),
    "error": lambda: encode_error(OutOfRangeError("target is 500 K", field="target", given=500.0, limit=400)),
    "feed_message": lambda: feeds.encode_message([block()]),
    "blocks_message": lambda: feeds.encode_columns(block()),
    "uris": lambda: {
        "management": uris.management("observatory", "cryo/oven/1"),
        "operations": uris.operations("observatory", "cryo/oven/1"),
        "feed": uris.feed("observatory", "cryo/oven/1", "thermal"),
        "blocks": uris.blocks("observatory", "cryo/oven/1", "thermal"),
        "sessions": uris.sessions("observatory", "cryo/oven/1", "ramp"),
        "all_heartbeats": uris.all_heartbeats("observatory"),
        "read": uris.read("observatory", "cryo/oven/1"),
        "write": uris.write("observatory", "cryo/oven/1"),
        "command": uris.command("observatory", "cryo/oven/1"),
        "state": uris.state("observatory", "cryo/oven/1"),
        "config": uris.config("observatory", "cryo/oven/1"),
        "channel_event": uris.channel_event("observatory", "cryo/oven/1", "temperature", EventKind.CHANGE),
        "device_event": uris.device_event("observatory", "cryo/oven/1", DeviceEventKind.STATE),
    },
    "put_qualities": lambda: [quality.word for quality in QUALITIES],
    "put_gap_causes": lambda: sorted(cause.value for cause in GapCause),
    "error_codes": lambda: sorted(code.value for code in ErrorCode),
}


def _text(message: Any) -> str:
    def as_text(value: Any) -> Any:
        return {"base64": base64.b64encode(value).decode("ascii")}

    return json.dumps(message, indent=2, sort_keys=True, default=as_text, allow_nan=False) + "\n"


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_message_is_the_golden_one(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    text = _text(MESSAGES[name]())
    if os.environ.get("OCS_WRITE_GOLDEN"):
        path.write_text(text)

    assert json.loads(text) == json.loads(path.read_text())


def test_every_golden_file_belongs_to_a_message() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(MESSAGES)
