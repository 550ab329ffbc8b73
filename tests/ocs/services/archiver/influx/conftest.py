"""Time series servers, one of each kind for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ocs.services.archiver.influx.line_servers import Influx, Victoria


@pytest.fixture(scope="session")
def influx_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    server = Influx(tmp_path_factory.mktemp("influx"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def influx(influx_process: Influx) -> Iterator[Influx]:
    """InfluxDB; it runs again after a test that killed it."""
    yield influx_process
    influx_process.restore()


@pytest.fixture(scope="session")
def victoria_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victoria]:
    server = Victoria(tmp_path_factory.mktemp("victoria"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def victoria(victoria_process: Victoria) -> Iterator[Victoria]:
    """VictoriaMetrics; it runs again after a test that killed it."""
    yield victoria_process
    victoria_process.restore()
