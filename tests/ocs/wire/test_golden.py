"""One file for each message of the wire: what is in them may only grow (architecture, section 2).

A message that changed on purpose is written anew with `OCS_WRITE_GOLDEN=1 pytest tests/ocs/wire/test_golden.py`.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

from ocs.agent.declarations import declare
from ocs.model.errors import BusyError, ErrorCode, OutOfRangeError
from ocs.model.feed import Block, FeedInterface
from ocs.model.interface import DeviceInterface, Identity
from ocs.model.operation import Kind, OpCode, Outcome, ReplyCode, Status
from ocs.model.run import Author, Failure, RunRecord
from ocs.model.units import Limits, Unit
from ocs.wire import describe, feeds, sessions, uris
from ocs.wire.replies import Reply, encode_error, refusal

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


MESSAGES: dict[str, Any] = {
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
    },
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
