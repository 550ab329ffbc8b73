"""A server that takes Influx line protocol over HTTP: InfluxDB, VictoriaMetrics, and their like.

What is said here of answers was seen of InfluxDB 1.6.7: a 400 whose error begins with `partial write` has written all
lines but those that it counts; any other 400 has written none. VictoriaMetrics 1.79.5 refuses nothing. Both say by 204
that they have the lines; a 200 with a page, as of a proxy that asks for a login, says nothing of the kind.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from ocs.model.errors import ConfigurationError, LinkLostError

DEADLINE_S = 20.0
"""For each step of a request: connecting, sending on, the answer."""

_LONGEST_REASON = 300
_LONGEST_ANSWER = 65_536
_DROPPED = re.compile(r"\s*dropped=(\d+)$")
_SECRET = re.compile(r"//[^/]*@")
_KINDS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Lines that the server will never take.

    Attributes:
        lines: How many.
        reason: What the server says.
    """

    lines: int
    reason: str


class LineServer:
    """The way to one database of one server; used from one thread.

    Args:
        url: Of the server, as `http://127.0.0.1:8086`; it may have a path, and user and password.
        database: Its database; InfluxDB makes it when it is not there.
        deadline_s: How long to wait for each step of a request.

    Raises:
        ConfigurationError: This is no such URL, or the database has no name.
    """

    def __init__(self, url: str, database: str, *, deadline_s: float = DEADLINE_S) -> None:
        parts = _parts(url)
        if not database:
            raise ConfigurationError("the name of the database is empty; give one, as ocs_feeds", field="database")
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._database = database
        self._path = parts.path.rstrip("/")
        self._headers = _credentials(parts)
        self._connect = partial(_KINDS[parts.scheme], parts.hostname or "", parts.port, timeout=deadline_s)
        self._connection: http.client.HTTPConnection | None = None
        self._over = False

    def write(self, lines: Sequence[str]) -> list[Refusal]:
        """Write lines, and return which the server refused for good; all others are written.

        Raises:
            LinkLostError: The server is not there, or cannot write now; none of the lines counts as written.
        """
        status, text = self._post(lines)
        if status == http.client.NO_CONTENT or (status == http.client.OK and not text):
            return []
        refusal = self._refusal(status, text)
        if refusal.lines:
            return [refusal]
        if len(lines) == 1:
            return [Refusal(1, refusal.reason)]
        middle = len(lines) // 2
        return self.write(lines[:middle]) + self.write(lines[middle:])

    def end(self) -> None:
        """From any thread: write no more; the request that waits for an answer ends, and raises LinkLostError."""
        self._over = True
        connection = self._connection
        connected = None if connection is None else connection.sock
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def _post(self, lines: Sequence[str]) -> tuple[int, str]:
        path = f"/write?{urlencode({'db': self._database, 'precision': 'ns'})}"
        body = gzip.compress("\n".join(lines).encode(errors="replace"), compresslevel=1)
        status, text = self._request(path, body, {"Content-Encoding": "gzip"})
        if status == http.client.NOT_FOUND and "database not found" in text:
            self._create()
            status, text = self._request(path, body, {"Content-Encoding": "gzip"})
        return status, text

    def _create(self) -> None:
        name = self._database.replace("\\", r"\\").replace('"', r"\"")
        query = urlencode({"q": f'CREATE DATABASE "{name}"'}).encode()
        status, text = self._request("/query", query, {"Content-Type": "application/x-www-form-urlencoded"})
        if status != http.client.OK:
            raise self._trouble(status, text)

    def _refusal(self, status: int, text: str) -> Refusal:
        """Return what the server says of lines that it refused; 0 lines where it wrote none of them.

        Only an error in the words of such a server counts: whatever else answers at the URL must not make data vanish.
        """
        if status == http.client.REQUEST_ENTITY_TOO_LARGE:
            return Refusal(0, "a line is longer than the server takes")
        reason = _error_of(text)
        if status not in {http.client.BAD_REQUEST, http.client.UNPROCESSABLE_ENTITY} or not reason:
            raise self._trouble(status, text)
        dropped = _DROPPED.search(reason)
        lines = max(1, int(dropped[1]) if dropped else 0) if reason.startswith("partial write") else 0
        return Refusal(lines, _DROPPED.sub("", reason)[:_LONGEST_REASON])

    def _request(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Post `body` on a connection of its own; one that is kept may be closed by the server when it is idle."""
        self._heed_end()
        self._connection = self._connect()
        try:
            self._connection.connect()
            self._heed_end()  # again, now that there is a socket that `end` finds
            self._connection.request("POST", f"{self._path}{path}", body, headers | self._headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read(_LONGEST_ANSWER).decode(errors="replace").strip()
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise LinkLostError(f"{self.name} does not answer ({reason}); the archive keeps the rows") from None
        finally:
            self._connection.close()

    def _heed_end(self) -> None:
        if self._over:
            raise LinkLostError(f"the writing to {self.name} was ended; the archive keeps the rows")

    def _trouble(self, status: int, text: str) -> LinkLostError:
        reason = (_error_of(text) or text)[:_LONGEST_REASON]
        return LinkLostError(f"{self.name} answered {status} ({reason}); the archive keeps the rows")


def _parts(url: str) -> SplitResult:
    parts = urlsplit(url)
    try:
        good = parts.scheme in _KINDS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        good = False
    if not good or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{_SECRET.sub('//', url)!r} is no address of a server; give one as http://127.0.0.1:8086", field="url"
        )
    return parts


def _credentials(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    told = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(told).decode()}"}


def _error_of(text: str) -> str:
    """Return what an answer says is wrong; empty if it is no answer of such a server."""
    try:
        told = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    return str(told.get("error") or told.get("message") or "")
