"""The archiver at work: what it takes and hands out, its policy, its gaps, and how it is."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import ocs.store
from ocs.agent import Channel, Device, Feed
from ocs.agent.program.agent import Agent
from ocs.model.datatype import DataType
from ocs.model.errors import NotAllowedError, NotFoundError, OcsError, ParameterError, RetryAfterError
from ocs.model.gap import Gap, GapCause
from ocs.model.health import HealthLevel
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.services.archiver import Archiver, device
from ocs.services.archiver.presence.absences import NS
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.layout import Layout
from ocs.store.archive.reading.chunk import Chunk
from ocs.testing.clock import BORN
from ocs.testing.running import ROOT, RunningDevice, Site
from ocs.wire import uris
from ocs.wire.archive import decode_gap, encode_batch, encode_gap

FAST = SeriesKey("thermo-1", "fast", "fast")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def archiver_of(site: Site, folder: Path, **properties: Any) -> RunningDevice:
    site.start(Archiver("archiver", {"folder": str(folder), **properties}))
    return site.device("archiver")


@pytest.fixture
def archiver(memory_site: Site, folder: Path) -> RunningDevice:
    return archiver_of(memory_site, folder)


def at(second: float) -> int:
    return round((BORN + second) * NS)


def rows(first: int, last: int, *, series: SeriesKey = FAST, epoch: int = 1, **columns: list[float]) -> Batch:
    """Return the rows numbered `first` to `last`, one each second, of which field `a` has its number as value."""
    numbers = np.arange(first, last + 1)
    data = {name: np.array(column) for name, column in columns.items()} or {"a": numbers.astype(np.float64)}
    fields = {name: FieldType(DataType.FLOAT64, unit="K") for name in data}
    return Batch(series, epoch, first, at(0) + numbers.astype(np.int64) * NS, fields, data)


def put(archiver: RunningDevice, *parts: Any) -> dict[str, Any]:
    told = [
        encode_batch(part) if isinstance(part, Batch) else {"gap": encode_gap(part)} if isinstance(part, Gap) else part
        for part in parts
    ]
    asked = archiver.site.client.call(uris.put(ROOT, "archiver"), told)
    answer: dict[str, Any] = archiver.clock.result_of(asked)
    return answer


def page(archiver: RunningDevice, **asked: Any) -> dict[str, Any]:
    call = archiver.site.client.call(uris.history(ROOT, "archiver"), **asked)
    answer: dict[str, Any] = archiver.clock.result_of(call)
    return answer


def values(archiver: RunningDevice, field: str = "a", **asked: Any) -> list[float]:
    """Return the values of a field that history hands out."""
    answer = page(archiver, **({"channels": "*", "start": at(-1000), "end": at(100_000)} | asked))
    tables = [Chunk.from_bytes(chunk["data"]).table for chunk in answer["chunks"]]
    return [value for table in tables for value in table[field].to_pylist()]


def gaps(archiver: RunningDevice, pattern: str = "*", **asked: Any) -> list[Gap]:
    """Return the gaps of all but the devices of the archiver's own agent, when all that waits is archived."""
    put(archiver)
    told = archiver.command("gaps", {"pattern": pattern, **asked})
    return [gap for gap in map(decode_gap, told) if "archiver" not in gap.device]


def sources(archiver: RunningDevice) -> dict[str, str]:
    return {cause.source: cause.sentence for cause in archiver.health().causes}


# -- rows in -----------------------------------------------------------------------------------------


def test_a_put_is_answered_when_its_rows_are_in_the_archive(archiver: RunningDevice, folder: Path) -> None:
    answer = put(archiver, rows(1, 3), rows(4, 5))

    assert (answer["stored"], answer["known"], answer["refused"]) == (5, 0, [])
    with ocs.store.open(folder) as reader:
        assert [info.rows for info in reader.series("thermo-1")] == [5]


def test_rows_that_come_twice_are_kept_once(archiver: RunningDevice) -> None:
    put(archiver, rows(1, 3))

    answer = put(archiver, rows(2, 5))

    assert (answer["stored"], answer["known"]) == (2, 2)
    assert values(archiver) == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_bad_part_is_refused_and_the_others_are_kept(archiver: RunningDevice) -> None:
    answer = put(archiver, rows(1, 2), {"device": "thermo-1", "feed": "fast"}, rows(3, 4))

    assert answer["stored"] == 4
    assert [refused["index"] for refused in answer["refused"]] == [1]
    archiver.clock.advance(3.0)
    assert archiver.reading("refused").value == 1
    assert "1 parts were refused" in sources(archiver)["refused data"]


@pytest.mark.parametrize("parts", [None, 3, "rows", {"columns": 3}])
def test_what_is_no_list_of_parts_is_refused(archiver: RunningDevice, parts: Any) -> None:
    with pytest.raises(ParameterError, match="a put carries a list of parts"):
        archiver.clock.result_of(archiver.site.client.call(uris.put(ROOT, "archiver"), parts))


@pytest.mark.parametrize("junk", [None, 3, "part", [], {}, {"columns": 3}, {"gap": 3}, {"version": 99}])
def test_nothing_that_is_sent_stops_the_archiver(archiver: RunningDevice, junk: Any) -> None:
    answer = put(archiver, junk)

    assert len(answer["refused"]) == 1
    assert put(archiver, rows(1, 2))["stored"] == 2


def test_a_gap_that_an_agent_tells_is_archived(archiver: RunningDevice) -> None:
    gap = Gap("thermo-1", at(1), at(2), GapCause.PROCESS_KILLED)

    put(archiver, gap)

    assert gaps(archiver) == [gap]


def test_an_agent_with_this_archiver_hands_its_rows_over_by_itself(archiver: RunningDevice) -> None:
    agent = archiver.site.start(Oven("oven"), archiver="archiver")
    oven = archiver.site.device("oven").object

    for number in range(20):
        oven.slow.publish({"n": number}, time=BORN + number)
    assert agent.archiving is not None
    agent.archiving.recorder.commit()
    archiver.clock.run_until(lambda: archiver.object.opened().archive.figures.rows >= 20)

    assert values(archiver, "n", channels="oven.slow.*") == list(range(20))


class Oven(Device):
    """Has a feed, and two channels that are archived."""

    slow = Feed(doc="numbers")
    temperature = Channel(float, unit="K", feed="pair", doc="its temperature")
    power = Channel(float, unit="W", archive_abs_change=1.0, doc="its power")


# -- rows out ----------------------------------------------------------------------------------------


def test_history_tells_values_units_gaps_and_that_it_is_all(archiver: RunningDevice) -> None:
    gap = Gap("thermo-1", at(5), at(6), GapCause.LINK_LOST, detail="no answer")
    put(archiver, rows(1, 5), gap, rows(1, 3, series=SeriesKey("oven", "fast", "fast")))

    answer = page(archiver, channels=["thermo-1.a"], start=at(2), end=at(5))
    (told,) = answer["chunks"]
    chunk = Chunk.from_bytes(told["data"])

    assert (told["device"], told["feed"], told["block"]) == ("thermo-1", "fast", "fast")
    assert chunk.table["a"].to_pylist() == [2.0, 3.0, 4.0]
    assert chunk.table.schema.field("a").metadata[b"unit"] == b"K"
    assert [decode_gap(each) for each in answer["gaps"]] == [gap]
    assert (answer["fraction"], answer["cursor"]) == (1.0, None)


def test_the_last_hour_is_told_where_no_time_is_given(archiver: RunningDevice) -> None:
    put(archiver, rows(1, 3))

    assert values(archiver, start=None, end=None) == []
    archiver.clock.advance(10.0)
    assert values(archiver, start=None, end=None) == [1.0, 2.0, 3.0]
    assert values(archiver, start="-8500ms", end="now") == [2.0, 3.0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "names no channels"),
        ({"channels": 3}, "names no channels"),
        ({"channels": "*", "start": "soon"}, "is no time"),
        ({"channels": "*", "start": 5, "end": 4}, "ends 1 s before it starts"),
        ({"channels": "*", "start": 2**63}, "too far from 1970"),
        ({"channels": "*", "max_points": 0}, "max_points is 0"),
        ({"channels": "*", "max_points": "many"}, "max_points is 'many'"),
        ({"cursor": "nonsense"}, "cursor nonsense is not known"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(archiver: RunningDevice, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(OcsError, match=told):
        page(archiver, **asked)


# -- policy ------------------------------------------------------------------------------------------


def test_the_policy_of_the_site_file_holds(memory_site: Site, folder: Path) -> None:
    archiver = archiver_of(memory_site, folder, policy=[{"match": "*.b", "archive": False}])

    put(archiver, rows(1, 2, a=[1.0, 2.0], b=[3.0, 4.0]), rows(1, 2, series=SeriesKey("x", "f", "f"), b=[1.0, 2.0]))

    assert values(archiver) == [1.0, 2.0]
    assert archiver.command("policy") == {
        "rules": [{"match": "*.b", "archive": False}], "source": "site file", "since": None, "pauses": [],
    }  # fmt: skip
    assert [info["fields"] for info in archiver.command("series")] == [{"a": {"type": "float64", "unit": "K"}}]


def test_a_policy_that_is_set_acts_at_once_on_channels_that_exist(archiver: RunningDevice) -> None:
    put(archiver, rows(1, 3))

    told = archiver.command("set_policy", {"rules": [{"match": "thermo-1", "dead_band": 10.0}]})
    answer = put(archiver, rows(4, 20))

    assert (told["source"], told["since"]) == ("set_policy", pytest.approx(archiver.clock.wall(), abs=5))
    assert (answer["stored"], answer["skipped"]) == (2, 15)
    assert values(archiver) == [1.0, 2.0, 3.0, 4.0, 14.0]
    assert put(archiver, rows(4, 20))["known"] == 17


def test_a_policy_that_was_set_holds_over_a_restart_until_it_is_reset(archiver: RunningDevice) -> None:
    archiver.command("set_policy", {"rules": [{"match": "thermo-1", "archive": False}]})
    archiver.command("Init", {"force": True})
    archiver.clock.settle()

    assert put(archiver, rows(1, 3))["stored"] == 0
    assert archiver.command("reset_policy")["source"] == "site file"
    assert put(archiver, rows(4, 6))["stored"] == 3


def test_a_rule_that_cannot_be_used_is_refused_and_changes_nothing(archiver: RunningDevice) -> None:
    archiver.command("set_policy", {"rules": [{"match": "thermo-1", "dead_band": 2.0}]})

    with pytest.raises(ParameterError, match="rule 2: dead_band is -1"):
        archiver.command("set_policy", {"rules": [{"match": "*"}, {"match": "*", "dead_band": -1}]})

    assert archiver.command("policy")["rules"] == [{"match": "thermo-1", "dead_band": 2.0}]


def test_a_policy_of_the_site_file_that_cannot_be_used_is_a_fault_that_says_where(
    memory_site: Site, folder: Path
) -> None:
    archiver = archiver_of(memory_site, folder, policy=[{"match": "*", "deadband": 1}])

    assert archiver.state().tango.name == "FAULT"
    assert "rule 1 has the key deadband" in archiver.state().status
    with pytest.raises(RetryAfterError, match=r"the archive is not open .*rule 1"):
        put(archiver, rows(1, 2))
    with pytest.raises(NotAllowedError, match="ask it for Init"):
        archiver.command("policy")


def test_an_archive_that_could_not_be_opened_is_opened_by_itself_when_that_is_possible(
    memory_site: Site, folder: Path
) -> None:
    folder.mkdir()
    (folder / "journal").write_text("no folder")
    archiver = archiver_of(memory_site, folder)
    assert archiver.state().tango.name == "FAULT"
    assert "it is tried again in 60 s" in archiver.state().status
    (folder / "journal").unlink()

    archiver.clock.advance(61.0)

    assert archiver.state().tango.name == "ON"
    assert put(archiver, rows(1, 2))["stored"] == 2


def test_what_is_paused_is_left_out_with_a_gap_until_it_is_resumed(archiver: RunningDevice) -> None:
    put(archiver, rows(1, 1))
    archiver.clock.advance(100.0)
    archiver.command("pause", {"pattern": "thermo-1", "reason": "cooling down"})
    since = archiver.command("policy")["pauses"][0]["since"]
    put(archiver, rows(105, 107))
    archiver.clock.advance(10.0)

    (open_gap,) = gaps(archiver)
    causes = sources(archiver)
    archiver.command("resume", {"pattern": "thermo-1"})
    put(archiver, rows(108, 109))
    (gap,) = gaps(archiver)

    assert (open_gap.cause, open_gap.end, open_gap.detail) == (GapCause.PAUSED, None, "cooling down")
    assert causes["paused thermo-1"] == (
        "thermo-1 is not archived (cooling down); when that is over, end it by resume, pattern='thermo-1'"
    )
    assert gap.start == open_gap.start == pytest.approx(since * NS, abs=1000)
    assert (gap.end is not None, gap.rows) == (True, 3)
    assert values(archiver) == [1.0, 108.0, 109.0]


def test_a_pause_lasts_over_a_restart_with_one_gap(archiver: RunningDevice) -> None:
    put(archiver, rows(1, 1))
    archiver.clock.advance(100.0)
    archiver.command("pause", {"pattern": "thermo-1"})
    put(archiver, rows(105, 107))
    archiver.command("Init", {"force": True})
    archiver.clock.advance(5.0)

    put(archiver, rows(108, 109))
    archiver.command("resume", {"pattern": "thermo-1"})

    (gap,) = gaps(archiver)
    assert (gap.cause, gap.end is not None) == (GapCause.PAUSED, True)
    assert values(archiver) == [1.0]


def test_what_was_not_paused_cannot_be_resumed(archiver: RunningDevice) -> None:
    with pytest.raises(NotFoundError, match="was not paused"):
        archiver.command("resume", {"pattern": "thermo-1"})


def test_a_preview_tells_what_rules_would_take_and_changes_nothing(archiver: RunningDevice) -> None:
    archiver.site.start(Oven("oven"))
    archiver.clock.advance(2.0)
    put(archiver, rows(1, 2, series=SeriesKey("oven", "slow", "slow"), n=[1.0, 2.0]))

    rules = [{"match": "*.power", "dead_band": 5.0}, {"match": "*.n", "archive": False}]
    told = archiver.command("preview", {"rules": rules, "pattern": "oven"})

    fields = {(each["feed"], each["field"]): (each["rule"], each["archive"], each["unit"]) for each in told}
    assert fields == {
        ("_channels", "State"): (0, True, ""),
        ("_channels", "power"): (1, True, "W"),
        ("pair", "temperature"): (0, True, "K"),
        ("slow", "n"): (2, False, "K"),
    }
    assert archiver.command("policy")["rules"] == []


def test_many_rules_are_read_and_tried_outside_of_the_loop(
    archiver: RunningDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[threading.Thread] = set()
    archiver.clock.advance(2.0)

    def watched(work: Callable[..., Any]) -> Callable[..., Any]:
        def at_work(*given: Any) -> Any:
            threads.add(threading.current_thread())
            return work(*given)

        return at_work

    for name in ("read_policy", "preview"):
        monkeypatch.setattr(device, name, watched(getattr(device, name)))

    told = archiver.command("preview", {"rules": [{"match": f"*.field_{number}"} for number in range(100)]})

    assert told
    assert threads
    assert threading.main_thread() not in threads


def test_a_preview_of_rules_that_cannot_be_used_is_refused(archiver: RunningDevice) -> None:
    with pytest.raises(ParameterError, match="rule 1: dead_band is -1"):
        archiver.command("preview", {"rules": [{"match": "*", "dead_band": -1}]})


# -- what is there -----------------------------------------------------------------------------------


def test_the_series_are_told_with_their_fields_and_times(archiver: RunningDevice) -> None:
    put(archiver, rows(1, 3), rows(1, 2, series=SeriesKey("oven", "fast", "left"), b=[1.0, 2.0]))

    told = archiver.command("series", {"pattern": "oven"})

    assert told == [
        {"device": "oven", "feed": "fast", "block": "left", "fields": {"b": {"type": "float64", "unit": "K"}},
         "first": BORN + 1, "last": BORN + 2, "rows": 2}
    ]  # fmt: skip


def test_gaps_are_told_by_pattern_and_time(archiver: RunningDevice) -> None:
    early, late = (Gap("thermo-1", at(start), at(start + 1), GapCause.LINK_LOST) for start in (10, 100))
    put(archiver, early, late, Gap("oven", at(10), at(11), GapCause.LINK_LOST))

    assert gaps(archiver, "thermo-1") == [early, late]
    assert gaps(archiver, "thermo-1.*", start=at(50)) == [late]
    assert gaps(archiver, "thermo-1", end=at(50)) == [early]
    archiver.clock.advance(110.0)
    assert gaps(archiver, "thermo-1", start="-60s") == [late]


def test_sealing_makes_blocks_and_changes_no_answer(archiver: RunningDevice, folder: Path) -> None:
    put(archiver, rows(1, 5))

    archiver.command("seal")
    put(archiver, rows(6, 7))
    archiver.command("compact")

    assert list(folder.glob("blocks/thermo-1/fast/*/*.parquet"))
    assert values(archiver) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_its_figures_are_channels(archiver: RunningDevice) -> None:
    put(archiver, rows(1, 5))
    put(archiver, rows(4, 6), {})
    archiver.clock.advance(3.0)

    readings = {name: reading.value for name, reading in archiver.read().items()}

    assert (readings["rows"], readings["duplicates"], readings["refused"], readings["away"]) == (6, 2, 1, 0)
    assert readings["puts"] >= 2
    assert readings["journal_bytes"] > 0
    assert 0.0 <= readings["disk_used"] <= 100.0
    assert readings["lag_s"] >= 0.0


# -- who is here -------------------------------------------------------------------------------------


def committed(agent: Agent) -> None:
    """Have what an agent recorded in its spool; its own thread does that by a clock of its own."""
    assert agent.archiving is not None
    agent.archiving.recorder.commit()


def test_an_agent_that_went_has_a_gap_until_it_is_back(archiver: RunningDevice) -> None:
    agent = archiver.site.start(Oven("oven"), archiver="archiver")
    archiver.clock.advance(3.0)

    archiver.clock.result_of(agent.end())
    archiver.clock.advance(3.0)
    (lasting,) = [gap for gap in gaps(archiver, "oven") if gap.cause is GapCause.AGENT_DOWN]
    anew = archiver.site.start(Oven("oven"), archiver="archiver")
    committed(anew)
    archiver.clock.advance(3.0)
    over = [gap for gap in gaps(archiver, "oven") if gap.start >= lasting.start - NS]

    assert lasting.end is None
    assert [gap.cause for gap in over] == [GapCause.PROCESS_STOPPED]  # its own, which is exact
    assert over[0].end is not None


def test_a_gap_that_lasts_goes_on_over_a_restart_of_the_archiver(memory_site: Site, folder: Path) -> None:
    first = memory_site.start(Archiver("archiver", {"folder": str(folder)}))
    oven = memory_site.start(Oven("oven"), archiver="archiver")
    memory_site.clock.advance(3.0)
    memory_site.clock.result_of(oven.end())
    memory_site.clock.advance(3.0)
    memory_site.clock.result_of(first.end())
    memory_site.clock.advance(60.0)

    archiver = archiver_of(memory_site, folder)
    (lasting,) = [gap for gap in gaps(archiver, "oven") if gap.cause is GapCause.AGENT_DOWN]
    committed(memory_site.start(Oven("oven"), archiver="archiver"))
    memory_site.clock.advance(3.0)
    (over,) = gaps(archiver, "oven")

    assert lasting.end is None
    assert over.cause is GapCause.PROCESS_STOPPED
    assert over.end is not None
    assert over.end - over.start > 60 * NS


def test_agents_without_spool_are_archived_by_subscription(archiver: RunningDevice) -> None:
    archiver.site.start(Oven("oven"))
    archiver.clock.advance(2.0)
    oven = archiver.site.device("oven").object

    oven.slow.publish({"n": 7}, time=BORN + 2.0)
    archiver.clock.settle()

    assert values(archiver, "n", channels="oven.slow.n") == [7]
    archiver.clock.advance(1.0)
    assert "oven" in archiver.status("upkeep").data["by_subscription"]


# -- how it is ---------------------------------------------------------------------------------------


class FullDisk:
    """A disk that a test fills."""

    def __init__(self) -> None:
        self.used = 10.0

    def __call__(self, _folder: Path) -> Any:
        return SimpleNamespace(used=self.used * 1e10, free=(100.0 - self.used) * 1e10)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    found = FullDisk()
    monkeypatch.setattr(shutil, "disk_usage", found)
    return found


def test_a_disk_at_90_percent_is_told_and_at_97_puts_are_to_come_back(
    memory_site: Site, folder: Path, disk: FullDisk
) -> None:
    archiver = archiver_of(memory_site, folder)
    disk.used = 91.0
    archiver.clock.advance(3.0)
    warned = archiver.health()
    assert put(archiver, rows(1, 2))["stored"] == 2

    disk.used = 97.5
    archiver.clock.advance(3.0)
    with pytest.raises(RetryAfterError, match=r"97.5 % full") as refused:
        put(archiver, rows(3, 4))

    assert (warned.level, refused.value.limit) == (HealthLevel.DEGRADED, 60.0)
    assert archiver.health().level is HealthLevel.BAD
    assert values(archiver) == [1.0, 2.0]
    disk.used = 50.0
    archiver.clock.advance(3.0)
    assert put(archiver, rows(3, 4))["stored"] == 2
    assert archiver.health().level is HealthLevel.OK


def test_what_the_policy_keeps_no_longer_is_deleted_each_hour(
    archiver: RunningDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "TIDY_S", 5.0)
    old = rows(1, 5, epoch=2)
    put(archiver, replace(old, times=old.times - 3 * 86_400 * NS), rows(1, 3))
    archiver.command("seal")
    archiver.command("set_policy", {"rules": [{"match": "thermo-1", "keep_days": 1}]})

    archiver.clock.advance(7.0)

    assert values(archiver, start=at(-300_000)) == [1.0, 2.0, 3.0]
    assert [gap.cause for gap in gaps(archiver)] == [GapCause.EXPIRED]


def test_a_server_that_takes_no_lines_is_a_cause_and_hurts_nothing(memory_site: Site, folder: Path) -> None:
    archiver = archiver_of(memory_site, folder, influx_url="http://reader:secret@127.0.0.1:9")

    assert put(archiver, rows(1, 3))["stored"] == 3
    archiver.clock.run_until(lambda: archiver.object.work.influx.last_error, 1000.0)
    archiver.clock.advance(70.0)

    assert {"influx_lag_s", "influx_written", "influx_refused"} <= set(archiver.interface.channels)
    assert "http://127.0.0.1:9 is" in sources(archiver)["influx"]
    assert "secret" not in str(sources(archiver))


def test_a_server_that_the_site_file_does_not_name_any_more_is_forgotten(memory_site: Site, folder: Path) -> None:
    with_server = memory_site.start(Archiver("archiver", {"folder": str(folder), "influx_url": "http://127.0.0.1:9"}))
    memory_site.clock.result_of(with_server.end())
    before = cursors(folder)

    archiver_of(memory_site, folder)

    assert (before, cursors(folder)) == (["influx"], [])


def cursors(folder: Path) -> list[str]:
    with Catalogue(Layout(folder).catalogue, read_only=True) as catalogue:
        return list(catalogue.cursors())


def test_a_well_archiver_has_nothing_to_tell(archiver: RunningDevice) -> None:
    put(archiver, rows(1, 5))
    archiver.clock.advance(10.0)

    assert archiver.health().causes == ()


def test_a_folder_that_another_archiver_has_is_a_fault(archiver: RunningDevice, folder: Path) -> None:
    archiver.site.start(Archiver("second", {"folder": str(folder)}))

    second = archiver.site.device("second")

    assert second.state().tango.name == "FAULT"
    assert put(archiver, rows(1, 2))["stored"] == 2


def test_after_its_end_the_rows_are_there_and_nothing_is_taken_any_more(memory_site: Site, folder: Path) -> None:
    archiver = archiver_of(memory_site, folder)
    put(archiver, rows(1, 5))
    asked = memory_site.client.call(uris.put(ROOT, "archiver"), [encode_batch(rows(6, 7))])
    archiver.clock.run_until(lambda: archiver.object.work.intake.waiting or asked.called)
    ended = memory_site.agents[0].end()

    answer = archiver.clock.result_of(asked)
    archiver.clock.result_of(ended)

    assert answer["stored"] == 2
    with ocs.store.open(folder) as reader:
        assert [info.rows for info in reader.series("thermo-1")] == [7]
    with pytest.raises(OcsError):
        put(archiver, rows(8, 9))
