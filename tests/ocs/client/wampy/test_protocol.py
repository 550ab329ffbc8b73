from __future__ import annotations

from ocs.client.wampy.protocol import RawMessage


def test_the_number_of_a_raw_message_is_its_second_element() -> None:
    message = RawMessage("unsubscribe", [34, 0, 99])

    message.request_id = 5

    assert message.message == [34, 5, 99]
    assert message.request_id == 5
