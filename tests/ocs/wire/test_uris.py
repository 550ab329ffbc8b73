from __future__ import annotations

from ocs.wire import uris


def test_a_device_is_found_in_each_of_its_topics() -> None:
    root, name = "observatory", "cryo/oven/1"

    topics = [uris.feed(root, name, "f"), uris.blocks(root, name, "f"), uris.sessions(root, name, "op")]

    assert [uris.device_of(topic) for topic in topics] == [name] * 3


def test_an_operation_is_one_component_of_its_topic() -> None:
    assert uris.sessions("r", "d", "set point.now").count(".") == 3
