"""One crossbar for all tests of this folder, an autobahn program that answers calls, and clients."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ocs.client.wampy import SafeClient
from tests.ocs.client.wampy.relay import Relay
from tests.ocs.client.wampy.scripted_router import Script, ScriptedRouter

REPOSITORY = Path(__file__).parents[4]
REALM = "test_realm"
START_TIMEOUT_S = 90.0
TICKET, SECRET, SALT = "ticket-of-wendy", "secret-of-carl", "salt-of-carl"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _everything(uri: str, *, allow: bool) -> dict[str, Any]:
    allowed = dict.fromkeys(("call", "register", "publish", "subscribe"), allow)
    disclose = {"caller": True, "publisher": False}
    return {"uri": uri, "match": "prefix", "allow": allowed, "disclose": disclose, "cache": True}


def _path(auth: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"type": "websocket", "serializers": ["json"], "auth": auth, "options": options}


def configuration(port: int, tls_port: int, folder: Path) -> dict[str, Any]:
    anonymous = {"anonymous": {"type": "static", "role": "anyone"}}
    salted = {"secret": SECRET, "role": "anyone", "salt": SALT, "iterations": 1000, "keylen": 32}
    users = {"carl": {"secret": SECRET, "role": "anyone"}, "salty": salted}
    rights = [_everything("", allow=True), _everything("forbidden.", allow=False)]
    paths = {
        "wampy": _path(anonymous, auto_ping_interval=0),
        "pinging": _path(anonymous, auto_ping_interval=1000, auto_ping_timeout=1000, auto_ping_size=12),
        "ticket": _path({"ticket": {"type": "static", "principals": {"wendy": {"ticket": TICKET, "role": "anyone"}}}}),
        "cra": _path({"wampcra": {"type": "static", "users": users}}),
    }
    tcp = {"type": "tcp", "interface": "127.0.0.1"}
    keys = {"key": str(folder / "key.pem"), "certificate": str(folder / "cert.pem")}
    transports = [
        {
            "type": "universal",
            "endpoint": {**tcp, "port": port},
            "websocket": paths,
            "web": {"paths": {"/": {"type": "path", "paths": {}}, "info": {"type": "nodeinfo"}}},
        },
        {**_path(anonymous), "endpoint": {**tcp, "port": tls_port, "tls": keys}},
    ]
    realm = {"name": REALM, "roles": [{"name": "anyone", "permissions": rights}]}
    worker = {"type": "router", "realms": [realm], "transports": transports}
    return {"version": 2, "controller": {"id": "node"}, "workers": [worker]}


class Router:
    """A crossbar process on free loopback ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = folder / "cert.pem"
        _make_certificate(folder)
        text = json.dumps(configuration(self.port, self.tls_port, folder))
        (folder / "config.json").write_text(text)
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def url(self, path: str = "wampy") -> str:
        return f"ws://127.0.0.1:{self.port}/{path}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> None:
        self.starts += 1
        (self.folder / "node.pid").unlink(missing_ok=True)
        command = [_crossbar(), "start", "--cbdir", str(self.folder), "--config", str(self.folder / "config.json")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--loglevel", "warn"], stdout=log, stderr=log, start_new_session=True
            )
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        pause = threading.Event()
        for _ in range(int(START_TIMEOUT_S / 0.1)):
            if process.poll() is not None:
                pytest.fail(f"crossbar ended at its start:\n{self.log}")
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            try:
                connection.request("GET", "/info")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                pause.wait(0.1)
            finally:
                connection.close()
        self.stop()
        pytest.fail(f"crossbar was not ready after {START_TIMEOUT_S} s:\n{self.log}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the router and its worker, the processes of the session that `start` made."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(30)
        self._process = None

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None


def _crossbar() -> str:
    beside = REPOSITORY / ".venvs" / "router" / "bin" / "crossbar"
    program = os.environ.get("OCS_CROSSBAR") or (str(beside) if beside.exists() else shutil.which("crossbar"))
    if not program:
        pytest.skip("crossbar is not installed: set OCS_CROSSBAR to its program")
    return program


def _make_certificate(folder: Path) -> None:
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run(["openssl", "req", *kind, *files, *names], check=True, capture_output=True)  # noqa: S607 - the system's


@pytest.fixture(scope="session")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Router]:
    router = Router(tmp_path_factory.mktemp("router"))
    try:
        router.start()
        yield router
    finally:
        router.stop()


class Peer:
    """The autobahn program, started anew when the router was."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def ensure(self) -> None:
        if self._starts == self._router.starts:
            return
        self.stop()
        program = Path(__file__).with_name("autobahn_peer.py")
        command = [sys.executable, "-W", "ignore", str(program), self._router.url(), REALM]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        self._starts = self._router.starts

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=20)


@pytest.fixture(scope="session")
def peer_program(router: Router) -> Iterator[Peer]:
    program = Peer(router)
    yield program
    program.stop()


@pytest.fixture
def peer(peer_program: Peer) -> str:
    """The root of the procedures that the autobahn program answers."""
    peer_program.ensure()
    return "observatory.peer"


@pytest.fixture
def make_client() -> Iterator[Callable[..., SafeClient]]:
    """Make clients; afterwards they are stopped, and must have left no thread."""
    before = set(threading.enumerate())
    clients: list[SafeClient] = []

    def make(url: str, **options: Any) -> SafeClient:
        kind = options.pop("kind", SafeClient)
        client: SafeClient = kind(url=url, realm=options.pop("realm", REALM), name="under-test", **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.stop()
    left = [each for each in threading.enumerate() if each not in before and each.name.startswith("under-test")]
    assert not left, f"the test left threads: {left}"


@pytest.fixture
def client(router: Router, make_client: Callable[..., SafeClient]) -> SafeClient:
    return make_client(router.url())


@pytest.fixture
def relay(router: Router) -> Iterator[Relay]:
    relay = Relay(router.port)
    yield relay
    relay.close()


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedRouter]]:
    """Make routers that follow a script; afterwards no script may have failed."""
    routers: list[ScriptedRouter] = []

    def make(script: Script, **options: Any) -> ScriptedRouter:
        routers.append(ScriptedRouter(script, **options))
        return routers[-1]

    yield make
    for each in routers:
        each.close()
        assert each.failure is None or isinstance(each.failure, OSError), repr(each.failure)
