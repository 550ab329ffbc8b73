"""What an agent gives to the archive beside its feeds: channels, states, and the gaps of its starts and links."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgpack
import pytest

from ocs.agent import Channel, Device, Feed, Limits, Unit
from ocs.agent.data.archiving import Archiving
from ocs.agent.data.recording import NS
from ocs.agent.program.agent import Agent
from ocs.link import LinkState, LinkStatus
from ocs.model.datatype import DataType
from ocs.model.feed import FeedInterface
from ocs.model.gap import Gap, GapCause
from ocs.model.series import CHANNELS_FEED, QUALITIES, Batch, FieldType
from ocs.store.spool.mark import NO_ENDS, Mark
from ocs.testing.leftovers import LostFailures
from ocs.testing.running import Site
from ocs.wire.archive import decode_batch, decode_gap


class Oven(Device):
    """Has channels of its own, and some in a feed."""

    temperature = Channel(
        Annotated[float, Unit("K"), Limits(0, 400)], initial=300.0, archive_abs_change=1.0, max_alarm=350, doc="inside"
    )
    quiet = Channel(float, initial=0.0, doc="nobody asks to archive it")
    power = Channel(float, unit="W", initial=0.0, feed="thermal", archive_abs_change=1.0, doc="heating")
    mode = Channel(str, labels=("off", "on"), initial="off", feed="thermal", doc="what it does")
    samples = Feed(units={"*_T": "K"}, doc="plain fields")


class Kept:
    """An oven whose agent has an archiver that is not there, so that all it gives stays in the spool."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.oven: Any = Oven("oven-1")
        self.agent: Agent = site.start(self.oven, archiver="archiver")

    @property
    def archiving(self) -> Archiving:
        assert self.agent.archiving is not None
        return self.agent.archiving

    def parts(self) -> Iterator[dict[str, Any]]:
        self.archiving.recorder.commit()
        self.archiving.forwarder.close()
        self.site.clock.settle()
        while (taken := self.archiving.spool.take(1_000_000)) is not None:
            yield from (msgpack.unpackb(body) for body in taken.bodies)

    def batches(self, block: str) -> list[Batch]:
        found = [decode_batch(part) for part in self.parts() if "columns" in part]
        return [batch for batch in found if batch.series.block == block and batch.series.device == "oven-1"]

    def gaps(self) -> list[Gap]:
        found = [decode_gap(part["gap"]) for part in self.parts() if "gap" in part]
        return [gap for gap in found if gap.device == "oven-1"]

    def link(self, state: LinkState, reason: str = "") -> None:
        self.oven.link_changed(LinkStatus(state, self.site.clock.timing.now(), reason))


@pytest.fixture
def kept(memory_site: Site) -> Kept:
    return Kept(memory_site)


def settle(kept: Kept, act: Callable[[], None]) -> None:
    act()
    kept.site.clock.settle()


def test_a_channel_with_an_archive_event_is_archived_by_itself(kept: Kept) -> None:
    for value in (301.5, 302.0, 360.0):
        kept.oven.temperature.set(value)
        kept.site.clock.settle()

    batches = kept.batches("temperature")

    assert {batch.series.feed for batch in batches} == {CHANNELS_FEED}
    assert [value for batch in batches for value in batch.columns["temperature"].tolist()][-2:] == [301.5, 360.0]
    assert batches[-1].fields == {"temperature": FieldType(DataType.FLOAT64, unit="K")}
    assert QUALITIES[batches[-1].quality["temperature"][-1]].value == "ALARM"


def test_a_channel_that_nobody_asks_to_archive_is_not(kept: Kept) -> None:
    settle(kept, lambda: kept.oven.quiet.set(5.0))

    assert kept.batches("quiet") == []


def test_a_channel_of_a_feed_is_archived_with_it_and_only_there(kept: Kept) -> None:
    settle(kept, lambda: kept.oven.power.set(10.0))
    settle(kept, lambda: kept.oven.mode.set("on"))

    (batch,) = kept.batches("thermal")

    assert batch.fields == {
        "power": FieldType(DataType.FLOAT64, unit="W"),
        "mode": FieldType(DataType.ENUM, labels=("off", "on")),
    }
    assert batch.columns["mode"] == ["off", "on"]


def test_fields_of_a_plain_feed_have_the_units_that_it_declares(kept: Kept) -> None:
    kept.oven.samples.publish(upper_T=4.2, count=1)

    (batch,) = kept.batches("samples")

    assert batch.fields == {"upper_T": FieldType(DataType.FLOAT64, unit="K"), "count": FieldType(DataType.INT64)}


def test_a_lost_device_is_an_open_gap_until_it_is_back(kept: Kept) -> None:
    began = int(kept.site.clock.timing.now() * 1e9)
    kept.link(LinkState.OPEN)
    kept.link(LinkState.LOST, "the cable is out")
    kept.site.clock.advance(10)
    kept.link(LinkState.LOST, "the cable is out")
    kept.link(LinkState.OPEN)
    kept.link(LinkState.OPEN)

    lost, back = [gap for gap in kept.gaps() if gap.cause is GapCause.LINK_LOST]

    assert (lost.start, lost.end, lost.detail) == (began, None, "the cable is out")
    assert back.start == began
    assert back.end == began + 10 * 10**9


def test_a_link_that_closes_with_its_agent_is_no_loss(kept: Kept) -> None:
    kept.link(LinkState.CLOSED)
    kept.archiving.ending = True
    kept.link(LinkState.LOST, "closed by the other side")

    assert [gap for gap in kept.gaps() if gap.cause is GapCause.LINK_LOST] == []


@pytest.mark.parametrize("cause", [GapCause.PROCESS_STOPPED, GapCause.PROCESS_KILLED])
def test_a_start_tells_what_is_missing_since_the_earlier_process(kept: Kept, cause: GapCause, tmp_path: Path) -> None:
    site, spool = kept.site, Path(kept.agent.place.folder, "spool")
    kept.archiving.recorder.commit()
    shutil.copytree(spool, tmp_path / "as a kill leaves it")
    left = site.clock.timing.now()
    site.clock.result_of(kept.agent.end(), 100)
    site.agents.remove(kept.agent)
    if cause is GapCause.PROCESS_KILLED:
        shutil.rmtree(spool)
        shutil.copytree(tmp_path / "as a kill leaves it", spool)
    site.clock.advance(50)

    (gap,) = Kept(site).gaps()

    assert gap.cause is cause
    assert gap.start >= int(left * 1e9)
    assert gap.end is not None
    assert gap.end - gap.start > 40 * 10**9


def again(kept: Kept) -> Kept:
    """Let time pass, and start the agent again."""
    kept.site.agents.remove(kept.agent)
    kept.site.clock.advance(50)
    return Kept(kept.site)


def test_what_a_device_says_while_the_archiver_is_waited_for_is_kept_and_the_gap_begins_after_it(kept: Kept) -> None:
    site = kept.site
    settle(kept, lambda: kept.oven.power.set(10.0))
    kept.archiving.recorder.close()
    site.clock.advance(2)
    settle(kept, lambda: kept.oven.power.set(20.0))
    said = int(site.clock.timing.now() * NS)

    site.clock.result_of(kept.agent.end(), 100)
    later = again(kept)

    parts = list(later.parts())
    batches = [decode_batch(part) for part in parts if "columns" in part]
    (gap,) = [decode_gap(part["gap"]) for part in parts if "gap" in part]
    power = [batch.columns["power"].tolist() for batch in batches if batch.series.block == "thermal"]
    assert power == [[10.0], [20.0]]
    assert (gap.cause, gap.start >= said) == (GapCause.PROCESS_STOPPED, True)


def test_who_is_killed_while_it_waits_for_the_archiver_was_stopped(kept: Kept, tmp_path: Path) -> None:
    spool = Path(kept.agent.place.folder, "spool")
    settle(kept, lambda: kept.oven.power.set(10.0))
    kept.archiving.flush()
    shutil.copytree(spool, tmp_path / "as a kill leaves it")
    kept.site.clock.result_of(kept.agent.end(), 100)
    shutil.rmtree(spool)
    shutil.copytree(tmp_path / "as a kill leaves it", spool)

    (gap,) = again(kept).gaps()

    assert gap.cause is GapCause.PROCESS_STOPPED


def test_an_end_at_once_keeps_what_was_said_and_is_told_as_a_stop(kept: Kept) -> None:
    settle(kept, lambda: kept.oven.power.set(10.0))
    kept.agent.end_at_once()
    kept.site.clock.result_of(kept.agent.end(), 100)

    later = again(kept)

    assert [gap.cause for gap in later.gaps()] == [GapCause.PROCESS_STOPPED]


def test_what_fails_at_the_end_makes_no_kill_of_it(kept: Kept, lost: LostFailures) -> None:
    kept.oven.feeds["strange"] = None
    kept.site.clock.result_of(kept.agent.end(), 100)
    (told,) = lost.take()
    assert "did not end in good order" in told

    assert [gap.cause for gap in again(kept).gaps()] == [GapCause.PROCESS_STOPPED]


def test_rows_that_a_full_disk_took_with_every_word_of_them_are_told_by_the_next_process(kept: Kept) -> None:
    kept.site.clock.result_of(kept.agent.end(), 100)
    mark = Mark(Path(kept.agent.place.folder, "spool", "last_commit"))
    mark.open()
    now = int(kept.site.clock.timing.now() * NS)
    mark.stamp(now, now, NO_ENDS, (now - 5 * NS, now - NS))
    mark.close()

    full, killed = again(kept).gaps()

    assert (full.cause, full.start, full.end) == (GapCause.DISK_FULL, now - 5 * NS, now - NS)
    assert killed.cause is GapCause.PROCESS_KILLED


def test_a_kill_before_the_clock_was_set_back_is_told_by_the_old_clock(kept: Kept, tmp_path: Path) -> None:
    site, spool = kept.site, Path(kept.agent.place.folder, "spool")
    kept.archiving.recorder.commit()
    shutil.copytree(spool, tmp_path / "as a kill leaves it")
    site.clock.result_of(kept.agent.end(), 100)
    site.agents.remove(kept.agent)
    shutil.rmtree(spool)
    shutil.copytree(tmp_path / "as a kill leaves it", spool)
    mark = Mark(spool / "last_commit")
    mark.open()
    committed = int((site.clock.timing.now() + 3600) * NS)
    mark.stamp(committed, committed, NO_ENDS, None)

    (gap,) = Kept(site).gaps()

    assert (gap.cause, gap.start) == (GapCause.PROCESS_KILLED, committed)
    assert gap.end is not None
    assert gap.end > committed
    assert "set back by 3600 s" in gap.detail


def test_an_operator_sees_that_rows_are_lost(kept: Kept) -> None:
    series = kept.archiving.feed(kept.oven, FeedInterface("strange"), "strange")
    series.add(float("nan"), ("x",), (1.0,))
    kept.archiving.recorder.commit()
    kept.site.clock.advance(2)

    admin = kept.site.device(kept.agent.admin.name)

    assert kept.agent.admin.spool_drops.value == 1
    assert any(cause.source == "spool" and "1 rows are lost" in cause.sentence for cause in admin.health().causes)


def test_a_first_start_has_no_gap(kept: Kept) -> None:
    assert kept.gaps() == []


def test_a_damaged_file_of_the_spool_is_told(kept: Kept) -> None:
    site = kept.site
    settle(kept, lambda: kept.oven.power.set(10.0))
    site.clock.result_of(kept.agent.end(), 100)
    site.agents.remove(kept.agent)
    files = sorted(Path(kept.agent.place.folder, "spool").glob("*.segment"))
    assert files
    for file in files:
        data = bytearray(file.read_bytes())
        data[len(data) // 4] ^= 0xFF
        file.write_bytes(data)

    causes = {gap.cause for gap in Kept(site).gaps()}

    assert GapCause.SPOOL_DAMAGED in causes
