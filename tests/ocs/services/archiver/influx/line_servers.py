"""Real servers of the Debian packages influxdb and victoria-metrics, on loopback, with their data in a folder."""

from __future__ import annotations

import gzip
import http.client
import json
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from ocs.router.node import HOST, free_port

START_S = 30.0
_LOOK_S = 0.05


class ServerProcess:
    """A server that a test may kill, freeze and start again on the same data and port."""

    ready_path = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def start(self) -> None:
        if self._process is not None:
            return
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        pause, patience = threading.Event(), time.monotonic() + START_S
        while not self._ready():
            assert self._process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
            assert time.monotonic() < patience, f"{self.command()[0]} did not answer within {START_S:g} s"
            pause.wait(_LOOK_S)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_S)
            self._process = None

    def end(self) -> None:
        """End it in order: what it has in memory goes to its disk."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_S)
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def restore(self) -> None:
        self.thaw()
        self.start()

    def ask(self, method: str, path: str, **parameters: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=START_S)
        try:
            connection.request(method, f"{path}?{urlencode(parameters)}")
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def _ready(self) -> bool:
        try:
            return self.ask("GET", self.ready_path)[0] in {200, 204}
        except (OSError, http.client.HTTPException):
            return False


class Influx(ServerProcess):
    """InfluxDB 1.6."""

    ready_path = "/ping"

    def command(self) -> Sequence[str]:
        config = self.folder / "influxdb.conf"
        config.write_text(
            f"""
reporting-disabled = true
bind-address = "{HOST}:{free_port()}"
[meta]
  dir = "{self.folder}/meta"
[data]
  dir = "{self.folder}/data"
  wal-dir = "{self.folder}/wal"
[http]
  bind-address = "{HOST}:{self.port}"
  log-enabled = false
[monitor]
  store-enabled = false
"""
        )
        return ["/usr/bin/influxd", "run", "-config", str(config)]

    def query(self, database: str, query: str) -> list[dict[str, Any]]:
        """Return the series of an answer, times as ns."""
        status, text = self.ask("GET", "/query", db=database, q=query, epoch="ns")
        assert status == 200, text
        answer: dict[str, Any] = json.loads(text)["results"][0]
        assert "error" not in answer, answer
        series: list[dict[str, Any]] = answer.get("series", [])
        return series

    def rows(self, database: str, measurement: str) -> list[dict[str, Any]]:
        """Return all rows of a measurement, in the order of their time, without what they have not."""
        found = self.query(database, f'SELECT * FROM "{measurement}"')  # noqa: S608 - a test's own name
        return [
            {name: value for name, value in zip(series["columns"], values, strict=True) if value is not None}
            for series in found
            for values in series["values"]
        ]


class Victoria(ServerProcess):
    """VictoriaMetrics, which keeps numbers only: 12 digits or more of them, and milliseconds."""

    ready_path = "/health"

    def command(self) -> Sequence[str]:
        data, listen = self.folder / "data", f"{HOST}:{self.port}"
        return [
            "/usr/bin/victoria-metrics", f"-storageDataPath={data}", f"-httpListenAddr={listen}",
            "-retentionPeriod=100y", "-memory.allowedBytes=64MiB", "-search.disableCache",
        ]  # fmt: skip

    def samples(self, name: str, **labels: str) -> dict[int, float]:
        """Return the values of one metric by their time, ms."""
        chosen = ",".join(f"{label}={json.dumps(value)}" for label, value in {"__name__": name, **labels}.items())
        # what is in memory only is not exported before it is asked to be written
        self.ask("GET", "/internal/force_flush")
        status, text = self.ask("GET", "/api/v1/export", **{"match[]": "{" + chosen + "}"})
        assert status == 200, text
        found: dict[int, float] = {}
        for line in text.splitlines():
            told = json.loads(line)
            found |= dict(zip(told["timestamps"], told["values"], strict=True))
        return found


class Gatekeeper(HTTPServer):
    """A server of another make: it takes all lines of a write or none, and answers as it is told."""

    def __init__(self, refused: str, answer: tuple[int, str] = (400, '{"error": "no such lines here"}')) -> None:
        super().__init__((HOST, 0), _Gate)
        self.refused = refused
        self.answer = answer
        self.taken: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(_LOOK_S,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.shutdown()
        self._thread.join(START_S)
        self.server_close()


class _Gate(BaseHTTPRequestHandler):
    server: ClassVar[Any]  # type: ignore[misc]

    def do_POST(self) -> None:
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.headers.append(dict(self.headers))
        lines = body.decode().splitlines()
        status, text = 204, ""
        if any(self.server.refused in line for line in lines):
            status, text = self.server.answer
        else:
            self.server.taken += lines
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""
