from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[4]

SIDE_EFFECTS = """
import json, logging, os, socket, sys, threading, time, warnings
import numpy, pydantic  # they filter warnings for good
def look():
    root = logging.getLogger()
    return [socket.socket, time.sleep, threading.Thread.start, threading.Lock, logging.basicConfig, root.level,
            list(root.handlers), dict(os.environ), list(warnings.filters)]
before = look()
import ocs, ocs.client, ocs.client.wampy
early = [name for name in ("wampy", "gevent", "eventlet") if name in sys.modules]
from ocs.client.wampy import SafeClient
import gevent.monkey
changed = [index for index, (a, b) in enumerate(zip(before, look())) if a is not b and a != b]
print(json.dumps({
    "early": early,
    "loaded": "wampy" in sys.modules,
    "changed": changed,
    "patched": gevent.monkey.saved != {},
    "can_patch": gevent.monkey.patch_all.__module__,
    "reactor": "twisted.internet.reactor" in sys.modules,
}))
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)


def test_the_import_changes_nothing_in_the_process() -> None:
    ended = run(SIDE_EFFECTS)

    assert json.loads(ended.stdout) == {
        "early": [],
        "loaded": True,
        "changed": [],
        "patched": False,
        "can_patch": "gevent.monkey",
        "reactor": False,
    }
    assert ended.stderr == ""


def test_a_script_that_logs_at_info_hears_nothing_of_wampy() -> None:
    ended = run(
        "import logging; logging.basicConfig(level=logging.DEBUG)\n"
        "from ocs.client.wampy import SafeClient\n"
        "logging.getLogger('wampy.session').warning('chatter'); logging.getLogger('mine').info('kept')"
    )

    assert "chatter" not in ended.stderr
    assert "kept" in ended.stderr


def test_the_clients_are_still_those_of_wampy() -> None:
    ended = run(
        "from ocs.client.wampy import SafeClient\n"
        "import wampy.peers.clients, wampy.session\n"
        "client = SafeClient()\n"
        "print(isinstance(client, wampy.peers.clients.Client), isinstance(client._session, wampy.session.Session))"
    )

    assert ended.stdout.split() == ["True", "True"]


def test_the_pytest_plugin_of_wampy_is_not_loaded() -> None:
    """It signals every router of the host when the interpreter ends."""
    assert "wampy.testing.pytest_plugin" not in sys.modules


def test_pip_complains_about_the_two_pins_of_wampy_and_nothing_else() -> None:
    ended = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)

    lines = sorted(line.split(",")[0] for line in ended.stdout.splitlines())
    assert lines == ["wampy 1.1.0 has requirement attrs==20.3.0", "wampy 1.1.0 has requirement six==1.13.0"]
