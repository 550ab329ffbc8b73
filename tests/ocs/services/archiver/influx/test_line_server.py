"""What servers do with lines: real ones, and one of a stricter make."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from ocs.model.errors import ConfigurationError, LinkLostError
from ocs.router.node import HOST, free_port
from ocs.services.archiver.influx.line_server import LineServer, Refusal
from tests.ocs.services.archiver.influx.line_servers import Gatekeeper, Influx, Victoria

T0 = 1_795_170_036_770_000_000


@contextmanager
def gatekeeper(refused: str, status: int = 400, text: str = '{"error": "no such lines here"}') -> Iterator[Gatekeeper]:
    server = Gatekeeper(refused, (status, text))
    server.start()
    yield server
    server.end()


def lines(count: int, bad: AbstractSet[int] = frozenset()) -> list[str]:
    return [f"lab,feed=f {'bad' if number in bad else 'good'}={number} {T0 + number}" for number in range(count)]


@pytest.mark.system
def test_influxdb_makes_the_database_and_keeps_each_row(influx: Influx, database: str) -> None:
    assert LineServer(influx.url, database).write([f'm,feed=f x=0.1,n=3i,t="a\\"b",b=true {T0 + 1}']) == []

    assert influx.rows(database, "m") == [{"time": T0 + 1, "feed": "f", "x": 0.1, "n": 3, "t": 'a"b', "b": True}]


@pytest.mark.system
def test_influxdb_takes_the_rest_of_a_batch_whose_types_it_refuses_in_part(influx: Influx, database: str) -> None:
    server = LineServer(influx.url, database)
    server.write([f"m x=1 {T0}"])

    refused = server.write([f"m x=1i {T0 + 1}", f"m y=1 {T0 + 2}", f"m x=2i {T0 + 3}"])

    assert [refusal.lines for refusal in refused] == [2]
    assert "already exists as type float" in refused[0].reason
    assert [row["time"] for row in influx.rows(database, "m")] == [T0, T0 + 2]


@pytest.mark.system
def test_influxdb_refuses_a_batch_without_any_line_that_it_can_read(influx: Influx, database: str) -> None:
    server = LineServer(influx.url, database)

    refused = server.write(["nonsense", "more nonsense"])

    assert [refusal.lines for refusal in refused] == [1, 1]
    assert server.write([f"m x=1 {T0}"]) == []


@pytest.mark.system
def test_victoria_metrics_keeps_numbers(victoria: Victoria, database: str) -> None:
    assert LineServer(victoria.url, database).write([f'm,feed=f x=0.1,n=3i,t="text",b=true {T0}']) == []

    kept = {name: victoria.samples(f"m_{name}", db=database, feed="f") for name in "xntb"}
    assert kept == {"x": {T0 // 10**6: 0.1}, "n": {T0 // 10**6: 3}, "t": {T0 // 10**6: 0}, "b": {T0 // 10**6: 1}}


@pytest.mark.parametrize("bad", [frozenset(), {0}, {41}, {3, 4, 40}, set(range(42))])
def test_bad_lines_are_found_by_halving(bad: AbstractSet[int]) -> None:
    with gatekeeper("bad") as gate:
        refused = LineServer(gate.url, "db").write(lines(42, bad))

        assert refused == [Refusal(1, "no such lines here")] * len(bad)
        assert gate.taken == [line for line in lines(42, bad) if "good" in line]


def test_a_batch_that_is_too_large_goes_in_parts() -> None:
    with gatekeeper("good=7", 413, "<html>too large</html>") as gate:
        refused = LineServer(gate.url, "db").write(lines(7) + lines(1))

        assert refused == []
        assert len(gate.taken) == 8


def test_a_line_that_is_too_large_alone_is_refused() -> None:
    with gatekeeper("bad", 413, "") as gate:
        assert [refusal.lines for refusal in LineServer(gate.url, "db").write(lines(3, {1}))] == [1]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Client sent an HTTP request to an HTTPS server."),
        (400, "[]"),
        (401, '{"error": "authorization failed"}'),
        (404, '{"error": "not found"}'),
        (500, '{"error": "timeout"}'),
        (503, ""),
        (302, ""),
        (200, "<html>please log in</html>"),
    ],
)
def test_an_answer_that_is_not_about_the_lines_refuses_none(status: int, text: str) -> None:
    with gatekeeper("", status, text) as gate, pytest.raises(LinkLostError, match=f"answered {status}"):
        LineServer(gate.url, "db").write(lines(3))


def test_a_server_that_is_not_there_is_told_by_its_name_without_the_password() -> None:
    port = free_port()

    with pytest.raises(LinkLostError, match="refused") as told:
        LineServer(f"http://user:secret@{HOST}:{port}/path/", "db").write(lines(1))

    assert f"http://{HOST}:{port}/path/ does not answer" in str(told.value)
    assert "secret" not in str(told.value)


def test_a_request_to_a_server_that_stands_still_can_be_ended() -> None:
    with socket.create_server((HOST, 0)) as still, ThreadPoolExecutor(1) as thread:
        server = LineServer(f"http://{HOST}:{still.getsockname()[1]}", "db")
        writing = thread.submit(server.write, lines(1))
        still.settimeout(20.0)
        with still.accept()[0] as asked:
            asked.settimeout(20.0)
            assert asked.recv(4) == b"POST"
            server.end()

            assert isinstance(writing.exception(20.0), LinkLostError)
    with pytest.raises(LinkLostError, match="was ended"):
        server.write(lines(1))


def test_an_end_while_the_request_is_connecting_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((HOST, 0)) as still:
        server = LineServer(f"http://{HOST}:{still.getsockname()[1]}", "db", deadline_s=5.0)
        connect = socket.create_connection

        def end_meanwhile(*arguments: Any, **options: Any) -> socket.socket:
            server.end()
            return connect(*arguments, **options)

        monkeypatch.setattr(socket, "create_connection", end_meanwhile)

        with pytest.raises(LinkLostError, match="was ended"):
            server.write(lines(1))


def test_user_and_password_of_the_url_are_told_to_the_server() -> None:
    with gatekeeper("bad") as gate:
        LineServer(gate.url.replace("//", "//user:p%40ss@"), "db").write(lines(1))

        assert gate.headers[0]["Authorization"] == "Basic dXNlcjpwQHNz"


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8086", "ftp://host", "http://", "http://host:port", "http://host/?db=x", "http://u:secret@:1"],
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address of a server") as told:
        LineServer(url, "db")

    assert "secret" not in str(told.value)


def test_a_database_needs_a_name() -> None:
    with pytest.raises(ConfigurationError, match="database"):
        LineServer("http://127.0.0.1:8086", "")


@pytest.fixture
def database() -> str:
    """One of its own for each test; the name is no plain word."""
    return f'ocs "{uuid.uuid4().hex}"'
