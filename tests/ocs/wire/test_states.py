from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.tango_state import TangoState
from ocs.wire.states import StateEvent, StateReport, decode_edge, decode_report, encode_edge, encode_report

NAMES = st.text(alphabet="ABC_", min_size=1, max_size=6)
REPORTS = st.builds(
    StateReport, NAMES, st.sampled_from(TangoState), st.text(alphabet="ab \n"), st.floats(0, 2e9), NAMES, NAMES,
    st.lists(NAMES, max_size=3).map(tuple), st.integers(0, 99), st.integers(0, 2**62),
)  # fmt: skip


@given(report=REPORTS)
def test_a_report_comes_back_as_it_was(report: StateReport) -> None:
    encoded = encode_report(report)

    assert decode_report(encoded) == report
    assert (encoded["tango"], encoded["number"]) == (report.tango.name, report.tango.value)


@given(report=REPORTS, source=NAMES, trigger=st.just("") | NAMES, time=st.floats(0, 2e9))
def test_an_edge_comes_back_as_it_was(report: StateReport, source: str, trigger: str, time: float) -> None:
    event = StateEvent(source, trigger, time, report)

    encoded = encode_edge(event)

    assert decode_edge(encoded) == event
    assert (encoded["from"], encoded["to"]) == (source, report.state)


@pytest.mark.parametrize("word", ["BROKEN", "", "on"])
def test_a_tango_state_of_a_later_version_is_unknown(word: str) -> None:
    assert decode_report({"state": "X", "tango": word}).tango is TangoState.UNKNOWN


def test_a_report_that_says_little_is_taken_as_far_as_it_goes() -> None:
    report = decode_report({"tango": "ON"})

    assert (report.state, report.tango, report.allowed, report.since) == ("ON", TangoState.ON, (), 0.0)


def test_texts_that_no_peer_can_read_are_made_readable() -> None:
    report = StateReport("ON", TangoState.ON, "\0status", 0.0, by="\ud800", reason="a\ud800")

    encoded = encode_report(report)

    assert (encoded["status"], encoded["by"], encoded["reason"]) == ("?status", "?", "a?")
