"""For all tests: a failure that nobody saw is a failure of the test in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from twisted.logger import globalLogPublisher

from ocs.realm.reactor import install
from ocs.testing.leftovers import LostFailures

# Whatever a test imports first: this process has one reactor, and it is the one that ocs runs on.
install()

# How long an example takes says more about the machine than about the code.
settings.register_profile("ocs", deadline=None)
settings.load_profile("ocs")


@pytest.fixture(autouse=True)
def no_lost_failure(request: pytest.FixtureRequest) -> Iterator[None]:
    if "lost" in request.fixturenames:
        yield  # that fixture watches, and lets a test take what it provokes
        return
    watching = LostFailures()
    globalLogPublisher.addObserver(watching)
    yield
    globalLogPublisher.removeObserver(watching)
    assert not watching.told, f"failures that nobody saw: {'; '.join(watching.told)}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Do what xdist 3.8 means to do: since pytest 9.2 it no longer reaches the id of a test with its group.

    Without it the tests of one group run in several workers, and each of them starts a router.
    """
    if not (hasattr(config, "workerinput") and config.getoption("loadgroup", default=False)):
        return
    for item in items:
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        if groups and "@" not in item.nodeid:
            node_id: Any = item._id  # pytest keeps it to itself
            item._id = type(node_id).parse(f"{item.nodeid}@{'_'.join(groups)}")
