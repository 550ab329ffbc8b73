"""The place of the stage is asked at another simulator's control port, and kept for a moment."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from agents.lakeshore240.stage import CACHE_S, RETRY_S, Stage


class Neighbour:
    """A control port that tells one position, and counts who asks."""

    def __init__(self, directory: Path) -> None:
        self.answer: dict[str, object] = {"position": 1.25}
        self.asked = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        port = self._server.getsockname()[1]
        announcement = {"port": "none", "control": port, "pid": os.getpid()}
        (directory / "stage-1.json").write_text(json.dumps(announcement))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                if json.loads(stream.readline()) == {"get": "position"}:
                    self.asked += 1
                stream.write(json.dumps(self.answer).encode() + b"\n")


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[Neighbour]:
    neighbour = Neighbour(tmp_path)
    yield neighbour
    neighbour.close()


def test_the_place_is_asked_once_in_twenty_milliseconds(neighbour: Neighbour, tmp_path: Path) -> None:
    clock = Clock()
    stage = Stage(str(tmp_path), "stage-1", clock.seconds)

    first = [stage(), stage()]
    neighbour.answer = {"position": 2.5}
    clock.advance(CACHE_S)
    second = stage()

    assert first == [1.25, 1.25]
    assert second == 2.5
    assert neighbour.asked == 2


@pytest.mark.parametrize("answer", [{"error": "no"}, {}, {"position": "far"}, {"position": None}])
def test_a_neighbour_that_does_not_tell_is_no_stage(
    neighbour: Neighbour, tmp_path: Path, answer: dict[str, object]
) -> None:
    neighbour.answer = answer

    assert Stage(str(tmp_path), "stage-1", Clock().seconds)() is None


def test_an_absent_stage_is_looked_for_again_later(tmp_path: Path) -> None:
    clock = Clock()
    stage = Stage(str(tmp_path), "stage-1", clock.seconds)
    absent = stage()

    neighbour = Neighbour(tmp_path)
    try:
        clock.advance(CACHE_S)
        too_early = stage()
        clock.advance(RETRY_S)
        found = stage()
    finally:
        neighbour.close()

    assert (absent, too_early, found) == (None, None, 1.25)
