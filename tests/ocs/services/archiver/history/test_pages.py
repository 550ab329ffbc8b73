from __future__ import annotations

from typing import Any

import pytest

from ocs.model.errors import OcsError
from ocs.services.archiver.history.pages import Request, read_request

NS = 1_000_000_000
BORN = 1_700_000_000 * NS


def test_a_request_is_read_in_the_words_of_its_caller() -> None:
    assert read_request("a, b.c", BORN, BORN + 5, 7, BORN) == Request(("a", "b.c"), BORN, BORN + 5, 7)
    assert read_request(["a"], None, None, None, BORN) == Request(("a",), BORN - 3600 * NS, BORN)
    assert read_request("a", "-10s", "now", None, BORN) == Request(("a",), BORN - 10 * NS, BORN)
    assert read_request("a", BORN / NS, "now", None, BORN + 5).start == BORN


@pytest.mark.parametrize(
    "asked",
    [
        (None, None, None, None), ("", None, None, None), (3, None, None, None), ("a", "soon", None, None),
        ("a", [], None, None), ("a", None, {}, None), ("a", BORN, BORN - 1, None), ("a", None, None, 0),
        ("a", None, None, -5), ("a", None, None, 10**9), ("a", None, None, True), ("a", None, None, "5"),
        ("a", float("nan"), None, None), ("a", 2**80, None, None),
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused(asked: tuple[Any, Any, Any, Any]) -> None:
    with pytest.raises(OcsError):
        read_request(*asked, BORN)
