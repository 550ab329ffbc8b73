"""Sentences that are made from pydantic's findings."""

import pytest
from pydantic import BaseModel, ValidationError

from ocs.site.findings import Remark
from ocs.site.schema import Crossbar, DeviceEntry, Host, Hub, Instance, Site
from ocs.site.sentences import remarks_of, section_at


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ((), Site),
        (("hub",), Hub),
        (("hosts", "h"), Host),
        (("hosts", "hub"), Host),
        (("hosts", "h", "crossbar"), Crossbar),
        (("hosts", "h", "agent-instances", 3), Instance),
        (("hosts", "h", "agent-instances", 3, "devices", 0), DeviceEntry),
    ],
)
def test_the_section_of_a_place_is_known(path: tuple[str | int, ...], model: type[BaseModel]) -> None:
    assert section_at(path) is model


def test_a_key_with_a_wrong_spelling_is_not_missing_as_well() -> None:
    with pytest.raises(ValidationError) as caught:
        Site.model_validate({"Hub": {}})

    assert remarks_of(caught.value) == [Remark(("Hub",), "the key 'Hub' is not known here; did you mean 'hub'?")]


def test_an_error_without_a_sentence_of_ours_is_told_in_that_of_pydantic() -> None:
    class Other(BaseModel):
        size: set[int]

    with pytest.raises(ValidationError) as caught:
        Other.model_validate({"size": 3})

    assert [remark.sentence for remark in remarks_of(caught.value)] == [
        "is the number 3, which is refused: Input should be a valid set"
    ]
