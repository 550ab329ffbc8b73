"""Sessions in words: the state of a run, since when, and what it tells."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ocs.cli.printing import WIDTH, Word, age, clock, cut, date, emit, line_width, named, paint, shown
from ocs.client.session import Session, decode_session

NEVER = "never ran"
MESSAGES_SHOWN = 10


def state_word(session: Session | None) -> str:
    """Return where a run is, in one word."""
    if session is None:
        return NEVER
    if session.stuck:
        return "stuck"
    if session.outcome is not None:
        return session.outcome.value.replace("_", " ")
    return "degraded" if session.degraded else session.status.value


def when(session: Session | None, now: float) -> str:
    """Return for how long a run has been going on, or how long ago it ended."""
    if session is None:
        return ""
    if session.end_time is None:
        return f"for {age(now - session.start_time)}"
    return f"{age(now - session.end_time)} ago"


def tells(session: Session | None) -> str:
    """Return the most useful line about a run."""
    if session is None:
        return ""
    if session.stuck:
        return session.stuck
    if session.failure is not None:
        return session.failure.message
    fraction, message = session.progress.fraction, session.progress.message
    if not session.ended and fraction is not None:
        return f"{fraction:.0%} {message}".rstrip()
    lines = own_messages(session)
    return lines[-1][1] if lines else ""


def own_messages(session: Session) -> list[tuple[float, str]]:
    """Return the lines that the operation itself wrote."""
    return [(moment, text) for moment, text in session.messages if not text.startswith("Status is now")]


def row(name: str, raw: Mapping[str, Any], now: float) -> tuple[str, Word, str, str]:
    """Return operation, state, time and line for a table."""
    session = decode_session(raw)
    return name, Word(state_word(session)), when(session, now), tells(session)


def show_session(device: str, session: Session) -> None:
    """Print all that is known of a run."""
    now = time.time()
    word = state_word(session)
    took = f", took {session.elapsed_s:.1f} s" if session.ended else ""
    emit(f"{device}.{session.op_name}: {paint(word, word)} {when(session, now)}{took}")
    author = session.author.get("role") or session.author.get("name") or ""
    lines = {
        "started": f"{date(session.start_time)} UTC{f' by {author}' if author else ''}",
        "parameters": shown(dict(session.params)),
        "progress": tells(session) if not session.ended and session.progress.fraction is not None else "",
        "stuck": session.stuck,
        "error": f"{session.failure.message} ({session.failure.code.value})" if session.failure else "",
        "result": "" if session.result is None else shown(session.result),
        "run": session.run_id,
    }
    for name, text in lines.items():
        if text:
            emit(f"  {name:<11} {text}")
    if session.data:
        emit("  data")
        for line in data_lines(session.data):
            emit(cut(f"    {line}", line_width()))
    for moment, text in own_messages(session)[-MESSAGES_SHOWN:]:
        emit(f"  {clock(moment)}  {text}")


def data_lines(data: Any) -> list[str]:
    """Return a session's data as lines: a key or an item of a list on each, short structures on one."""
    if isinstance(data, Mapping):
        return [line for key, value in data.items() for line in _item(str(key), value)]
    if isinstance(data, (list, tuple)):
        return [f"- {shown(one)}" for one in data]
    return [shown(data)]


def _item(key: str, value: Any) -> list[str]:
    one_line = f"{key}: {named(key, value)}"
    if len(one_line) <= WIDTH - 4 or not isinstance(value, (Mapping, list, tuple)):
        return [one_line]
    return [f"{key}:", *(f"  {line}" for line in data_lines(value))]
