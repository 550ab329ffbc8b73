"""A curve as clients read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.lakeshore240.curve import Coefficient, CurveFormat, CurveHeader, CurvePoint
from agents.lakeshore240.curve_record import CurveRecord, record_of
from ocs.model.errors import ParameterError
from ocs.model.valuetype import value_type

HEADER = CurveHeader("DT-670         ", "D1234", CurveFormat.LOG_OHM, 325.0, Coefficient.NEGATIVE)
finite = st.floats(allow_nan=False, allow_infinity=False)


def test_a_record_says_in_words_what_the_module_says_in_numbers() -> None:
    record = record_of(HEADER, [CurvePoint(0.5, 300.0), CurvePoint(1.6, 4.2)])

    assert value_type(CurveRecord).check(record, "curve_1") == {
        "name": "DT-670",
        "serial": "D1234",
        "format": "LOG_OHM",
        "limit": 325.0,
        "coefficient": "NEGATIVE",
        "points": [[0.5, 300.0], [1.6, 4.2]],
    }


@given(
    st.builds(CurveHeader, st.text(), st.text(), st.sampled_from(CurveFormat), finite, st.sampled_from(Coefficient)),
    st.lists(st.builds(CurvePoint, finite, finite)),
)
def test_any_curve_survives_its_way_as_plain_data(header: CurveHeader, points: list[CurvePoint]) -> None:
    record = record_of(header, points)
    kind = value_type(CurveRecord)

    assert kind.to_author(kind.check(record, "curve_1")) == record


def test_a_record_of_another_form_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"curve_1\.points is needed"):
        value_type(CurveRecord).check(
            {"name": "", "serial": "", "format": "OHM", "limit": 1, "coefficient": "POSITIVE"}, "curve_1"
        )
