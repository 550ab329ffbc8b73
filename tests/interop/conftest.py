"""The router, the agents and the clients of the interoperability tests; they are started once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ocs.client import Observatory, connect
from tests.interop.house import HERE, UPSTREAM, House, open_house

RUNNING = ExitStack()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if not (UPSTREAM / "ocs-agent-cli").exists():
        pytest.skip("the environment of OCS 0.12 is not there; run `make .venvs/interop/.ready`")
    yield RUNNING.enter_context(open_house(tmp_path_factory.mktemp("house")))
    RUNNING.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """End the house after the last test of this folder: tests of other folders need the processor."""
    yield
    if nextitem is None or HERE not in nextitem.path.parents:
        RUNNING.close()


@pytest.fixture
def obs(house: House) -> Iterator[Observatory]:
    """Our blocking client."""
    with connect(house.url) as observatory:
        yield observatory


@pytest.fixture(scope="session")
def upstream_client(house: House) -> dict[str, Any]:
    """What the client of OCS 0.12 saw of our agents."""
    return house.tell(UPSTREAM / "python", "upstream_client.py", str(house.site_file), "faker-2")
