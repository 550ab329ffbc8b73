"""What an archiver is sent over the realm: twice, in any order, and by senders that are newer than it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import ocs.store
from ocs.client import Observatory, connect
from ocs.client.steps import Call
from ocs.model.datatype import DataType
from ocs.model.errors import ErrorCode
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.testing.router_process import RouterProcess
from ocs.wire import uris
from ocs.wire.archive import VERSION, encode_batch
from tests.system.accounts import ALL_TIMES
from tests.system.line import ARCHIVER, ARRIVE_S, Line
from tests.system.programs import Place, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router"), pytest.mark.timeout(300)]

EPOCH = 1_795_000_000_000_000_000
ROWS = 300


class Sender:
    """A client that sends batches of its own to the archiver."""

    def __init__(self, line: Line, obs: Observatory) -> None:
        self.line = line
        self.obs = obs

    def put(self, *parts: Any) -> dict[str, Any]:
        """Return the archiver's answer."""
        procedure = uris.put(self.line.place.root, ARCHIVER)
        answer: dict[str, Any] = self.obs.client.call(Call(procedure, (list(parts),), timeout_s=ARRIVE_S))
        return answer


@pytest.fixture(scope="module")
def sender(router: RouterProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    """An archiver, and who sends to it."""
    place = Place(router.port, tmp_path_factory.mktemp("put"))
    line = Line(place)
    line.start_archiver()
    line.wait_until_taking()
    with connect(place.url, realm=place.realm, root=place.root) as obs:
        yield Sender(line, obs)
    place.end()


def rows(device: str, first: int, last: int) -> dict[str, Any]:
    """Return numbered rows as a part of a put."""
    numbers = np.arange(first, last + 1)
    batch = Batch(
        SeriesKey(device, "flow", "flow"), EPOCH, first, EPOCH + numbers * 1_000_000,
        {"number": FieldType(DataType.INT64)}, {"number": numbers}, {},
    )  # fmt: skip
    return encode_batch(batch)


def archived(sender: Sender, device: str) -> list[int]:
    with ocs.store.open(sender.line.archive) as reader:
        tables = [chunk.table for chunk in reader.chunks(f"{device}.number", **ALL_TIMES)]
        assert sum(each.duplicated for each in reader.continuity(f"{device}.number", **ALL_TIMES)) == 0
    return [number for table in tables for number in table["number"].to_pylist()]


def test_rows_that_come_twice_and_in_any_order_are_there_once_and_in_order(sender: Sender) -> None:
    parts = [(201, ROWS), (1, 100), (1, 100), (50, 250), (101, 200), (201, ROWS)]

    answers = [sender.put(rows("pump-1", *part)) for part in parts]

    assert [(answer["stored"], answer["known"]) for answer in answers] == [
        (100, 0), (100, 0), (0, 100), (100, 101), (0, 100), (0, 100),
    ]  # fmt: skip
    assert archived(sender, "pump-1") == list(range(1, ROWS + 1))


def test_the_same_put_in_flight_many_times_is_taken_once(sender: Sender) -> None:
    connection, part = sender.obs.client.connection, rows("pump-2", 1, ROWS)
    procedure = uris.put(sender.line.place.root, ARCHIVER)
    answers: list[Any] = []

    def ask() -> None:
        for _ in range(8):
            connection.call(procedure, [part, part], timeout_s=ARRIVE_S).addBoth(answers.append)

    sender.obs.client.hand_over(ask, ARRIVE_S)
    until(lambda: len(answers) == 8, "all answers", ARRIVE_S)

    assert sum(answer["stored"] for answer in answers) == ROWS
    assert sum(answer["known"] for answer in answers) == 15 * ROWS
    assert archived(sender, "pump-2") == list(range(1, ROWS + 1))


def test_a_batch_of_an_unknown_version_is_kept_in_quarantine_and_hurts_no_other(sender: Sender) -> None:
    newer = {**rows("pump-3", 1, 10), "version": VERSION + 1, "new": "words"}

    answer = sender.put(newer, rows("pump-3", 11, 20))

    (refused,) = answer["refused"]
    assert (refused["index"], refused["code"]) == (0, ErrorCode.VERSION.value)
    assert f"version {VERSION + 1}; this archiver knows {VERSION}: update it first" in refused["message"]
    assert answer["stored"] == 10
    assert archived(sender, "pump-3") == list(range(11, 21))
    (file,) = (sender.line.archive / "quarantine").glob("*.jsonl")
    kept = json.loads(file.read_text().splitlines()[-1])
    assert kept["code"] == ErrorCode.VERSION.value
    assert "pump-3" in kept["shown"]
    until(lambda: "refused data" in str(sender.obs[ARCHIVER].health), "the archiver tells so", ARRIVE_S)
