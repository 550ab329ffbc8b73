"""Run records as the sessions of the wire: the keys of OCS 0.12 plus ours, and back."""

from __future__ import annotations

from typing import Any

from ocs.model.errors import ErrorCode, OcsError
from ocs.model.operation import OpCode
from ocs.model.run import Failure, RunRecord
from ocs.wire.plain import plain_with_infinities, sendable

MESSAGES_SENT = 100
"""The newest messages that a reply carries, so that it stays small."""

_TEXT_SENT = 16_000


def encode_run(run: RunRecord) -> dict[str, Any]:
    """Return `run` as a map that every client can read; it never fails, whatever the run's data hold."""
    data, infinities, trouble = _encode_data(run.data)
    messages = _messages_of(run)
    encoded: dict[str, Any] = {
        "session_id": run.session_id,
        "op_name": run.op_name,
        "op_code": run.op_code.value,
        "cred_level": run.level,
        "status": run.status.value,
        "degraded": run.degraded,
        "success": run.success,
        "start_time": run.start_time,
        "end_time": run.end_time,
        "data": data,
        "messages": _newest(messages),
        "run_id": run.run_id,
        "author": {"name": run.author.name, "role": run.author.role, "session": run.author.session},
        "params": run.params,
        "outcome": None if run.outcome is None else run.outcome.value,
        "progress": None
        if run.progress is None
        else {"fraction": run.progress, "message": sendable(run.progress_text)},
        "result": run.result,
    }
    if run.failure is not None:
        encoded["error"] = encode_failure(run.failure)
    if run.stuck:
        encoded["stuck"] = sendable(run.stuck)
    if run.messages_dropped or len(messages) > MESSAGES_SENT:
        encoded["messages_dropped"] = run.messages_dropped + max(0, len(messages) - MESSAGES_SENT)
    if infinities:
        encoded["infinities"] = [sendable(path) for path in infinities]
    if trouble:
        encoded["data_error"] = sendable(trouble)
    return encoded


def _messages_of(run: RunRecord) -> list[tuple[float, str]]:
    while True:
        try:
            return list(run.messages)
        except RuntimeError:  # the run's thread added one meanwhile
            continue


def _encode_data(data: Any) -> tuple[Any, list[str], str | None]:
    if type(data) is dict and not data:
        return {}, [], None
    try:
        value, infinities = plain_with_infinities(data, "data")
    except OcsError as error:
        return {}, [], error.message
    except Exception as error:  # noqa: BLE001 - a map of an author's own type may do anything when it is read
        return {}, [], f"data cannot be read: {type(error).__name__}"
    return value, infinities, None


def _newest(messages: list[tuple[float, str]]) -> list[list[Any]]:
    newest: list[list[Any]] = []
    room = _TEXT_SENT
    for moment, text in reversed(messages[-MESSAGES_SENT:]):
        room -= len(text)
        if room < 0 and newest:
            break
        newest.append([moment, sendable(text)])
    newest.reverse()
    return newest


def encode_failure(failure: Failure) -> dict[str, Any]:
    """Return why a run failed as a map."""
    return {
        "code": failure.code.value,
        "message": sendable(failure.message),
        "type": failure.type,
        "place": sendable(failure.place),
    }


def decode_failure(encoded: dict[str, Any] | None) -> Failure | None:
    """Return the failure in a session, None if it has none."""
    if not encoded:
        return None
    return Failure(
        code=known_code(encoded.get("code")),
        message=str(encoded.get("message", "")),
        type=str(encoded.get("type", "")),
        place=str(encoded.get("place", "")),
    )


def known_code(word: Any) -> ErrorCode:
    """Return the error code that `word` names; INTERNAL for a word of a newer version."""
    try:
        return ErrorCode(word)
    except ValueError:
        return ErrorCode.INTERNAL


def never_ran(op_name: str) -> dict[str, Any]:
    """Return what stands for the session of an operation that never ran."""
    return {"op_name": op_name, "status": "no_history"}


def heartbeat(codes: dict[str, OpCode]) -> dict[str, int]:
    """Return the message of a heartbeat: the number of each operation."""
    return {name: code.value for name, code in codes.items()}
