"""What is asked of the archiver, and how its answer is put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ocs.client.histories import Histories
from ocs.client.steps import Call, Item, Step, carry_out
from ocs.model.errors import NotFoundError, ParameterError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.services.archiver import Archiver
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.history import STAMP
from ocs.testing.clock import BORN
from ocs.testing.running import ROOT, Site
from ocs.wire.archive import encode_gap
from tests.ocs.client.oven import Oven

NOW = 1_800_000_000 * 10**9
HOUR = 3600 * 10**9
GAP = Gap("oven", NOW - HOUR, None, GapCause.AGENT_DOWN)


def chunk(*times: int) -> dict[str, Any]:
    table = pa.table({"time": pa.array(times, STAMP), "t": [float(time) for time in times]})
    return {
        "device": "oven", "feed": "f", "block": "f", "data": Chunk(SeriesKey("oven", "f", "f"), table).to_bytes()
    }  # fmt: skip


PAGES = [
    {"chunks": [chunk(1, 2), chunk(3)], "gaps": [encode_gap(GAP)], "fraction": 0.5, "cursor": "a.2"},
    {"chunks": [], "gaps": [], "fraction": 0.75, "cursor": "a.3"},
    {"chunks": [chunk(4)], "gaps": [], "fraction": 1.0, "cursor": None},
]


class Answers:
    """Answers the calls of a conversation one after the other, and keeps them; items after how many calls they came."""

    def __init__(self, *answers: Any) -> None:
        self.calls: list[Call] = []
        self.items: list[Any] = []
        self._answers = iter(answers)

    def __call__(self, step: Step) -> Any:
        if isinstance(step, Item):
            self.items.append((len(self.calls), step.value))
            return None
        assert isinstance(step, Call)
        self.calls.append(step)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def histories() -> Histories:
    return Histories("observatory", now=lambda: NOW)


def test_pages_are_asked_for_until_the_last_one_and_put_together() -> None:
    answers, told = Answers(*PAGES), list[float]()

    history = carry_out(histories().history("oven.t, oven.p", "-1h", "now", 500, told.append), answers)

    assert [call.procedure for call in answers.calls] == ["observatory.archiver.history"] * 3
    assert [dict(call.kwargs) for call in answers.calls] == [
        {"channels": ["oven.t", "oven.p"], "start": NOW - HOUR, "end": NOW, "max_points": 500},
        {"cursor": "a.2"},
        {"cursor": "a.3"},
    ]
    assert history.table["oven.t"].to_pylist() == [1.0, 2.0, 3.0, 4.0]
    assert (history.gaps, history.start, history.end) == ([GAP], NOW - HOUR, NOW)
    assert told == [0.5, 0.75, 1.0]


def test_chunks_are_handed_out_before_the_next_page_is_asked_for() -> None:
    answers = Answers(*PAGES)

    carry_out(histories().chunks("oven", "-1h", "now"), answers)

    assert [(page, len(item)) for page, item in answers.items] == [(1, 2), (1, 1), (3, 1)]


def test_gaps_come_in_the_order_of_their_start() -> None:
    later = Gap("oven", NOW, NOW + 1, GapCause.PAUSED, rows=3)
    answers = Answers([encode_gap(later), encode_gap(GAP)])

    found = carry_out(histories().gaps(["oven", "psu-*"], np.datetime64(NOW - HOUR, "ns"), None), answers)

    assert found == [GAP, later]
    assert answers.calls[0].procedure == "observatory.archiver.command"
    assert answers.calls[0].args == ("gaps", {"pattern": "oven, psu-*", "start": NOW - HOUR, "end": NOW})


def test_what_the_archiver_refuses_is_said_in_its_words() -> None:
    refusal = NotFoundError("oven.x was never archived", field="oven.x")

    with pytest.raises(NotFoundError, match=r"^oven\.x was never archived$"):
        carry_out(histories().history("oven.x", "-1h", "now"), Answers(refusal))


@pytest.mark.parametrize(
    ("channels", "start", "sentence"),
    [
        ("", "-1h", "'' names no channels"),
        ("oven", "soon", "'soon' is no time"),
        ("oven", "+1h", r"the span from \+1h to now ends 1 h before it starts"),
    ],
)
def test_what_cannot_be_asked_for_asks_nobody(channels: str, start: str, sentence: str) -> None:
    answers = Answers()

    with pytest.raises(ParameterError, match=sentence):
        carry_out(histories().history(channels, start, "now"), answers)

    assert answers.calls == []


def test_without_an_archiver_it_is_told_how_to_add_one(memory_site: Site) -> None:
    memory_site.start(Oven("oven"))
    oven = memory_site.realm.device("oven")
    sentence = (
        r"there is no archiver called archiver now; `ocs up` starts it if the site file names it "
        r"\(agent-class: ArchiverAgent, instance-id: archiver\), the agents keep their data until then, "
    )

    for ask in (
        lambda: memory_site.realm.history("oven"), memory_site.realm.gaps, oven.history, oven.temperature.history,
        lambda: next(memory_site.realm.chunks("oven")),
    ):  # fmt: skip
        with pytest.raises(NotFoundError, match=sentence):
            ask()


def test_the_archiver_may_have_another_name() -> None:
    answers = Answers(*PAGES[2:])

    carry_out(Histories(ROOT, "keeper", lambda: NOW).history("oven", "-1h", "now"), answers)

    assert answers.calls[0].procedure == f"{ROOT}.keeper.history"


def test_what_a_device_recorded_is_read_back_by_channel_by_device_and_by_pattern(
    memory_site: Site, tmp_path: Path
) -> None:
    memory_site.start(Archiver("archiver", {"folder": str(tmp_path / "kept")}))
    hardware = Oven("oven")
    memory_site.start(hardware, archiver="archiver")
    oven = memory_site.realm.device("oven")
    memory_site.clock.advance(5.0)
    hardware.actual = 310.0
    memory_site.clock.advance(5.0)
    span = (BORN - 3600, BORN + 3600)

    def archived() -> list[float]:
        try:
            values: list[float] = oven.temperature.history(*span).to_numpy()["oven.temperature"].tolist()
        except NotFoundError:  # nothing has come yet
            return []
        return values

    memory_site.clock.run_until(lambda: 310.0 in archived(), 60.0)

    values = archived()
    assert values == sorted(values)
    assert {300.0, 310.0} <= set(values)
    assert oven.temperature.history(*span).units == {"oven.temperature": "K"}
    assert oven.history(*span, channels="temp*").names == ["oven.temperature"]
    assert set(oven.history(*span).names) >= {"oven.temperature", "oven.State"}
    assert len(memory_site.realm.history("*.TEMPERATURE", *span, max_points=2)) <= 2
