"""Reading from the device: one hardware call for many channels, each channel with its own error, no reader's end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks

from ocs.agent import Channel, Device, NotAllowedError, Sample, Session, task
from ocs.model.errors import ErrorCode
from ocs.model.operation import Outcome
from tests.ocs.agent.panel import Hang, Panel

PanelOf = Callable[..., Panel]


class Bridge(Device):
    """A bridge with several inputs behind one exchange."""

    def setup(self) -> None:
        """Prepare what the test looks at."""
        self.fetched: list[list[str]] = []
        self.answers: dict[str, Any] = {"a": 1.0, "b": 2.0, "c": 3.0}
        self.broken = ""

    a = Channel(float, unit="V")
    b = Channel(float, unit="V")
    c = Channel(int)
    soft = Channel(float, unit="V", access="rw")

    def read_hardware(self, names: list[str]) -> None:
        """Fetch all at once."""
        self.fetched.append(names)
        if self.broken:
            raise OSError(self.broken)

    @a.read
    def read_a(self) -> Any:
        return self._answer("a")

    @b.read
    def read_b(self) -> Any:
        return self._answer("b")

    @c.read
    def read_c(self) -> Any:
        return self._answer("c")

    def _answer(self, name: str) -> Any:
        answer = self.answers[name]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @task
    def look(self, session: Session) -> float:
        """Read in the thread of a run."""
        return float(self.a.get())

    @task
    async def look_async(self, session: Any) -> None:
        """Read in the event loop, which is refused."""
        self.a.get()

    @task
    async def look_aside(self, session: Any) -> float:
        """Read in a thread aside."""
        return float(await asyncio.to_thread(self.a.get))


@pytest.fixture
def bridge(panel_of: PanelOf) -> Panel:
    return panel_of(Bridge)


def test_the_hardware_is_asked_once_for_all_channels_of_a_request(bridge: Panel) -> None:
    readings = bridge.read(["a", "b", "c", "State", "soft"])

    assert bridge.device.fetched == [["a", "b", "c"]]
    assert [readings[name]["value"] for name in "abc"] == [1.0, 2.0, 3]


def test_channels_that_the_agent_knows_itself_ask_no_hardware(bridge: Panel) -> None:
    bridge.read(["State", "Status", "soft"], source="device")

    assert bridge.device.fetched == []


def test_a_failing_exchange_fails_each_channel_that_needed_it(bridge: Panel) -> None:
    bridge.device.broken = "no answer"

    readings = bridge.read(["a", "b", "State"])

    for name in "ab":
        error = readings[name]["error"]
        assert error["code"] == ErrorCode.FAILED.value
        assert f"{name} failed with OSError: no answer in read_hardware (test_acquisition.py:" in error["message"]
    assert readings["State"]["value"] == "ON"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (None, ErrorCode.WRONG_TYPE, "a gave no value (None); it must be a number"),
        ("warm", ErrorCode.WRONG_TYPE, "a is 'warm' (str); it must be a number"),
        ([1.0, 2.0], ErrorCode.WRONG_TYPE, "(list); it must be a number"),
        (True, ErrorCode.WRONG_TYPE, "a is True (bool); it must be a number"),
        (10**400, ErrorCode.OUT_OF_RANGE, "it must be"),
        (ZeroDivisionError("by zero"), ErrorCode.FAILED, "a failed with ZeroDivisionError: by zero in _answer"),
        (NotAllowedError("not now"), ErrorCode.NOT_ALLOWED, "not now"),
        (KeyboardInterrupt("stop"), ErrorCode.FAILED, "a failed with KeyboardInterrupt: stop"),
    ],
)
def test_what_a_reader_does_wrong_is_a_named_error_and_the_next_read_is_good(
    bridge: Panel, answer: Any, code: ErrorCode, words: str
) -> None:
    bridge.device.answers["a"] = answer
    failed = bridge.reading("a")
    bridge.device.answers["a"] = 5.0
    good = bridge.reading("a")

    assert (failed["value"], failed["quality"]) == (None, "INVALID")
    assert failed["error"]["code"] == code.value
    assert words in failed["error"]["message"]
    assert (good["value"], good["quality"], "error" in good) == (5.0, "VALID", False)


def test_one_failing_channel_hides_no_other(bridge: Panel) -> None:
    bridge.device.answers["b"] = None

    readings = bridge.read(["a", "b", "c"])

    assert [name for name, told in readings.items() if "error" in told] == ["b"]
    assert (readings["a"]["value"], readings["c"]["value"]) == (1.0, 3)


def test_a_reader_may_tell_time_and_quality_of_its_value(bridge: Panel) -> None:
    from ocs.agent import Quality

    bridge.device.answers |= {"a": (4.0, 1_600_000_000.5), "b": Sample(2.5, quality=Quality.CHANGING)}

    readings = bridge.read(["a", "b"])

    assert (readings["a"]["value"], readings["a"]["time"], readings["a"]["clock"]) == (4.0, 1_600_000_000.5, "device")
    assert (readings["b"]["value"], readings["b"]["quality"]) == (2.5, "CHANGING")


def test_code_reads_in_its_own_thread_and_clients_see_what_it_read(bridge: Panel) -> None:
    from ocs.testing.running import RunningDevice

    running: RunningDevice = bridge.site.device("device-1")
    bridge.device.answers["a"] = 9.0

    session = running.run("look")

    assert session.result == 9.0
    assert bridge.device.fetched == [["a"]]
    assert bridge.value("a", source="cache") == 9.0


def test_code_gets_the_error_of_a_read_that_failed(bridge: Panel) -> None:
    running = bridge.site.device("device-1")
    bridge.device.answers["a"] = None

    session = running.run("look")

    assert session.outcome is Outcome.FAILED
    assert "a gave no value (None)" in str(session.messages)


def test_reading_in_the_event_loop_is_refused_with_the_way_to_do_it(bridge: Panel) -> None:
    running = bridge.site.device("device-1")

    refused, aside = running.run("look_async"), running.run("look_aside")

    assert "await asyncio.to_thread(self.a.get" in str(refused.messages)
    assert aside.result == 1.0


class Radio(Device):
    """A device whose handlers are async."""

    hang = False
    fetched: tuple[list[str], ...] = ()

    power = Channel(float, unit="W")
    noise = Channel(float, unit="W")
    old = Channel(float, unit="W")

    async def read_hardware(self, names: list[str]) -> None:  # type: ignore[override] # async where all readers are
        """Fetch all at once."""
        self.fetched = (*self.fetched, names)
        if self.hang:
            await asyncio.Event().wait()

    @power.read
    async def read_power(self) -> float:
        return 1.5

    @noise.read
    async def read_noise(self) -> float:
        raise TimeoutError("the radio is silent")

    @old.read
    @inlineCallbacks
    def read_old(self) -> Any:
        yield self.hosted().timing.pause(0.5)
        return 2.5

    @task
    def look(self, session: Session) -> float:
        """Read in a thread what only the loop can read."""
        return float(self.power.get())


def test_async_readers_answer_with_one_exchange_and_their_own_errors(panel_of: PanelOf) -> None:
    radio = panel_of(Radio)

    readings = radio.read(["power", "noise", "old", "State"])

    assert radio.device.fetched == (["power", "noise", "old"],)
    assert (readings["power"]["value"], readings["old"]["value"]) == (1.5, 2.5)
    assert "noise failed with TimeoutError: the radio is silent" in readings["noise"]["error"]["message"]
    assert readings["State"]["value"] == "ON"


def test_an_async_exchange_that_hangs_is_answered_at_the_deadline(panel_of: PanelOf) -> None:
    radio = panel_of(Radio)
    radio.device.hang = True
    began = radio.clock.now

    reading = radio.reading("power")

    assert radio.clock.now - began == pytest.approx(8.0)
    assert reading["error"]["code"] == ErrorCode.TIMEOUT.value
    assert "has not answered within 8 s" in reading["error"]["message"]


class Deaf(Device):
    """Channels whose async readers never answer."""

    one = Channel(float, unit="1")
    two = Channel(float, unit="1")

    @one.read
    async def read_one(self) -> float:
        await Deferred()
        return 1.0

    @two.read
    async def read_two(self) -> float:
        return 2.0


def test_several_async_readers_share_one_deadline(panel_of: PanelOf) -> None:
    deaf = panel_of(Deaf)
    began = deaf.clock.now

    readings = deaf.read(["one", "two"])

    assert deaf.clock.now - began == pytest.approx(8.0)
    assert "one.read has not answered within 8 s" in readings["one"]["error"]["message"]


def test_code_in_a_thread_cannot_read_what_only_the_loop_reads(panel_of: PanelOf) -> None:
    radio = panel_of(Radio)

    session = radio.site.device("device-1").run("look")

    assert "power has an async handler" in str(session.messages)


def test_a_channel_removed_while_it_is_read_tells_nobody(panel_of: PanelOf, hang: Hang) -> None:
    class Slow(Device):
        """Reads what goes away meanwhile."""

        def setup(self) -> None:
            self.add_channel("gone", Channel(float, unit="1"), read=self._read)

        def _read(self) -> float:
            hang.pause()
            return 1.0

    slow = panel_of(Slow)
    hang.armed = True
    from ocs.wire import uris

    asked = slow.asked(uris.read(*slow.where), "gone", source="device")
    slow.device.remove_channel("gone")
    slow.device.add_channel("gone", Channel(str))
    hang.release()
    slow.clock.advance(0.1)

    assert asked[0]["gone"]["value"] == 1.0
    assert slow.device.channels["gone"].latest is None
