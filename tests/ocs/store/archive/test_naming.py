from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.store.archive.naming import OWN, column_of, field_of

fields = st.from_regex(r"\A_*[A-Za-z][A-Za-z0-9_]*\Z") | st.sampled_from(sorted(OWN))


@given(fields, st.sampled_from(["", "[mK]"]))
def test_a_field_comes_back_from_its_column(field: str, unit: str) -> None:
    assert field_of(column_of(field) + unit) == field + unit
    assert column_of(field) not in OWN


@pytest.mark.parametrize("field", sorted(OWN))
def test_fields_called_as_columns_of_the_archive_are_told_apart(field: str) -> None:
    assert column_of(field) == f"{field}$"
