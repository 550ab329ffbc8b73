"""Operations that fail or give back what cannot be sent: the client learns why, and the device stays usable."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.client import Observatory
from ocs.model.errors import DeviceError, NotSerialisableError, OcsError, OperationFailedError, ParameterError
from ocs.model.errors import TooLargeError as MessageTooLargeError
from ocs.model.operation import Outcome
from tests.system.programs import sentence

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


@pytest.mark.parametrize(
    ("what", "kind", "told"),
    [
        ("object", NotSerialisableError, "the result is object; only numbers, texts, lists, maps"),
        ("function", NotSerialisableError, "the result is builtin_function_or_method; only numbers"),
        ("wide", NotSerialisableError, "the result is an integer of more than 64 bits"),
        ("large", MessageTooLargeError, "the result is larger than 1 MB; send it in parts or as a feed"),
    ],
)
def test_a_result_that_cannot_be_sent_fails_the_run(odd: Any, what: str, kind: type[OcsError], told: str) -> None:
    with pytest.raises(kind) as failed:
        odd.give(what=what)

    assert sentence(failed.value).startswith(f"odd-1.give failed: {told}")
    assert odd.give.status().outcome is Outcome.FAILED


def test_a_result_that_is_not_a_number_arrives_as_nothing(odd: Any) -> None:
    assert odd.give(what="nan").result is None


def test_an_infinity_in_a_result_arrives_as_nothing(odd: Any) -> None:
    assert odd.give(what="infinity").result == [1.0, None]


def test_a_result_of_another_type_than_declared_fails_the_run(odd: Any) -> None:
    with pytest.raises(ParameterError) as failed:
        odd.promise()

    assert "the result is 'seven', but the operation declares another type" in sentence(failed.value)


@pytest.mark.parametrize("what", ["object", "function", "wide", "large"])
def test_data_that_cannot_be_sent_are_left_out_and_told(odd: Any, what: str) -> None:
    session = odd.keep(what=what)

    assert session.outcome is Outcome.SUCCEEDED
    assert session.data == {}
    assert "data" in session.raw["data_error"]


def test_data_that_are_no_numbers_arrive_as_nothing(odd: Any) -> None:
    assert odd.keep(what="nan").data == {"thing": None, "good": 1}


def test_an_infinity_in_the_data_is_told_by_its_path(odd: Any) -> None:
    session = odd.keep(what="infinity")

    assert session.data == {"thing": [1.0, None], "good": 1}
    assert session.raw["infinities"] == ["data.thing.1"]


@pytest.mark.parametrize("what", ["object", "infinity", "large"])
def test_bad_data_do_not_hide_the_agent(obs: Observatory, odd: Any, what: str) -> None:
    odd.keep(what=what)

    api = obs.client.do(_get_api())

    assert "move" in [name for name, _, _ in api["tasks"]]
    assert odd.keep.status().outcome is Outcome.SUCCEEDED


def _get_api() -> Any:
    from ocs.client.steps import Call

    return (yield Call("observatory.odd-1", ("get_api",)))


def test_a_sample_that_cannot_be_sent_fails_the_one_who_publishes_it(odd: Any) -> None:
    with pytest.raises(NotSerialisableError) as failed:
        odd.publish_badly()

    assert "field number is object; a sample is a number, a text or a truth value" in sentence(failed.value)


def test_a_bad_sample_does_not_spoil_the_feed(odd: Any) -> None:
    with pytest.raises(NotSerialisableError):
        odd.publish_badly()
    odd.count.start()

    message = next(iter(odd.feeds["numbers"].follow(10)))

    assert isinstance(message.samples[0].data["number"][0], int)


def test_an_exception_reaches_the_client_with_type_text_and_place(odd: Any) -> None:
    with pytest.raises(OperationFailedError) as failed:
        odd.crash()

    assert sentence(failed.value).startswith(
        "odd-1.crash failed: ZeroDivisionError: division by zero (in crash (odd.py:"
    )
    failure = odd.crash.status().failure
    assert (failure.type, failure.message) == ("ZeroDivisionError", "ZeroDivisionError: division by zero")


def test_an_exception_in_the_event_loop_reaches_the_client_as_well(odd: Any) -> None:
    with pytest.raises(OperationFailedError) as failed:
        odd.crash_in_the_loop()

    assert "failed: KeyError: 'key' (in crash_in_the_loop (odd.py:" in sentence(failed.value)


def test_a_device_error_reaches_the_client_in_the_words_of_the_author(odd: Any) -> None:
    with pytest.raises(DeviceError) as failed:
        odd.refuse()

    assert "odd-1.refuse failed: the shutter is stuck at 3 mm; push it open by hand" in sentence(failed.value)


@pytest.mark.parametrize("operation", ["crash", "crash_in_the_loop", "refuse", "promise"])
def test_after_a_failure_the_device_works_on(odd: Any, operation: str) -> None:
    with pytest.raises(OcsError):
        odd.operations[operation]()

    assert odd.move(position=1).result == 1.0
