"""The realm as commands use it."""

from __future__ import annotations

import pytest

from ocs.cli.options import Where
from ocs.cli.realm import operations_in, realm
from ocs.model.errors import RouterLostError
from ocs.router.node import free_port


def test_a_router_of_this_machine_that_is_not_there_is_told_at_once() -> None:
    url = f"ws://127.0.0.1:{free_port()}/ws"

    with pytest.raises(RouterLostError, match=f"no router listens on {url}"), realm(Where(url=url), timeout_s=600):
        pass


def test_tasks_and_processes_are_both_operations() -> None:
    api = {"tasks": [["go", {"status": "done"}, {"op_type": "task"}]], "processes": [["acq", {}, {}]]}

    assert [name for name, _, _ in operations_in(api)] == ["go", "acq"]
