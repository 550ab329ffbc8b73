from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ocs.store.history import FILE_NAME, RUNS_KEPT, RunHistory

DEADLINE_S = 20.0

WRITER = """
import sys, threading
from pathlib import Path
from ocs.store.history import RunHistory
history = RunHistory(Path(sys.argv[1]), lambda: 5.0, print)
history.start()
for number, status in ((0, "done"), (1, "running")):
    session = {"run_id": f"1-{number}", "status": status, "start_time": float(number), "messages": []}
    history.keep("stage", "move", session["run_id"], lambda session=session: session)
import sqlite3
look = threading.Event()
connection = sqlite3.connect(Path(sys.argv[1]) / "sessions.sqlite")
while True:
    try:
        if connection.execute("SELECT count(*) FROM runs").fetchone()[0] == 2:
            break
    except sqlite3.OperationalError:
        pass
    look.wait(0.01)
print("written", flush=True)
look.wait()
"""


def session(number: int, status: str = "done", **more: Any) -> dict[str, Any]:
    return {"run_id": f"1-{number}", "status": status, "start_time": float(number), "messages": [], **more}


def written(folder: Path, *sessions: dict[str, Any], op: str = "move") -> list[str]:
    troubles: list[str] = []
    history = RunHistory(folder, lambda: 9.0, troubles.append)
    history.start()
    for each in sessions:
        history.keep("stage", op, each["run_id"], lambda each=each: each)  # type: ignore[misc] # bound now
    history.close()
    return troubles


def loaded(folder: Path, troubles: list[str] | None = None) -> Any:
    return RunHistory(folder, lambda: 9.0, ([] if troubles is None else troubles).append).load()


def test_runs_come_back_oldest_first(tmp_path: Path) -> None:
    written(tmp_path, session(1), session(0), session(2))

    assert [run["run_id"] for run in loaded(tmp_path)["stage"]["move"]] == ["1-0", "1-1", "1-2"]


def test_a_run_is_kept_as_it_was_last(tmp_path: Path) -> None:
    written(tmp_path, session(0, "running"), session(0, "done", result=4))

    assert loaded(tmp_path)["stage"]["move"] == [session(0, "done", result=4)]


def test_fifty_runs_of_each_operation_are_kept(tmp_path: Path) -> None:
    written(tmp_path, *(session(number) for number in range(40)))
    written(tmp_path, *(session(number) for number in range(40, 80)))
    written(tmp_path, session(0), op="home")

    kept = loaded(tmp_path)["stage"]
    assert [run["run_id"] for run in kept["move"]] == [f"1-{number}" for number in range(80 - RUNS_KEPT, 80)]
    assert len(kept["home"]) == 1


def test_what_cannot_be_written_as_json_is_written_as_text(tmp_path: Path) -> None:
    assert written(tmp_path, session(0, data={"raw": b"ab"})) == []

    assert loaded(tmp_path)["stage"]["move"][0]["data"] == {"raw": "b'ab'"}


@pytest.mark.system
def test_a_run_whose_process_was_killed_is_an_interrupted_one(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait(DEADLINE_S)

    ended, killed = loaded(tmp_path)["stage"]["move"]

    assert ended["status"] == "done"
    assert (killed["status"], killed["outcome"], killed["success"]) == ("done", "interrupted", False)
    assert killed["end_time"] == 9.0
    assert "process ended" in killed["messages"][-1][1]
    assert loaded(tmp_path)["stage"]["move"][1]["messages"] == killed["messages"]


@pytest.mark.parametrize("damage", [b"this is no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_damaged_history_is_put_aside_and_begun_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(damage)
    troubles: list[str] = []

    assert loaded(tmp_path, troubles) == {}

    assert "begins anew" in troubles[0]
    assert next(tmp_path.glob("*.damaged")).read_bytes() == damage
    assert written(tmp_path, session(0)) == []
    assert len(loaded(tmp_path)["stage"]["move"]) == 1


def test_a_damaged_entry_does_not_keep_an_agent_from_its_start(tmp_path: Path) -> None:
    written(tmp_path, session(0))
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE runs SET session = '{broken'")
    connection.close()
    troubles: list[str] = []

    loaded(tmp_path, troubles)

    assert troubles


def test_a_full_disk_is_told_and_ends_nothing(tmp_path: Path) -> None:
    troubles: list[str] = []
    history = RunHistory(tmp_path, lambda: 9.0, troubles.append)
    history.load()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    connection.close()
    history.start()

    history.keep("stage", "move", "1-0", lambda: session(0))
    history.close()

    assert "disk full" in troubles[0]


def test_a_session_is_json_in_its_table(tmp_path: Path) -> None:
    written(tmp_path, session(0))

    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        ((text,),) = connection.execute("SELECT session FROM runs").fetchall()
    connection.close()
    assert json.loads(text) == session(0)


def test_an_entry_that_is_no_session_is_damage(tmp_path: Path) -> None:
    written(tmp_path, session(0))
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE runs SET session = '[1]'")
    connection.close()
    troubles: list[str] = []

    assert loaded(tmp_path, troubles) == {}
    assert "begins anew" in troubles[0]


def test_a_table_of_another_make_is_damage(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE runs (colour TEXT)")
    connection.close()
    troubles: list[str] = []

    assert loaded(tmp_path, troubles) == {}
    assert "begins anew" in troubles[0]
    assert written(tmp_path, session(0)) == []


def test_a_file_that_cannot_be_opened_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    troubles: list[str] = []

    assert loaded(tmp_path, troubles) == {}
    troubles += written(tmp_path, session(0), session(1))

    assert ["cannot be read" in troubles[0], "cannot be written" in troubles[1], len(troubles)] == [True, True, 2]


def test_a_run_that_cannot_be_read_leaves_the_others_kept(tmp_path: Path) -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("red")

    troubles: list[str] = []
    history = RunHistory(tmp_path, lambda: 9.0, troubles.append)
    history.start()
    history.keep("stage", "move", "1-0", broken)
    history.keep("stage", "move", "1-1", lambda: session(1))
    history.close()

    assert "run 1-0 of stage.move cannot be kept: ValueError: red" in troubles
    assert [kept["run_id"] for kept in loaded(tmp_path)["stage"]["move"]] == ["1-1"]
