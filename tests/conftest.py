"""For all tests: a failure that nobody saw is a failure of the test in which it happened."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from twisted.logger import globalLogPublisher

from ocs.realm.reactor import install
from ocs.testing.leftovers import LostFailures

# Whatever a test imports first: this process has one reactor, and it is the one that ocs runs on.
install()

# A run in the background of a shell ignores Ctrl-C, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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
