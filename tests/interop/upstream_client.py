"""Drives one of our agents with the client of OCS 0.12 and prints what it saw; runs in that client's environment."""

from __future__ import annotations

import json
import sys
from typing import Any

from ocs.client_http import ControlClientError  # type: ignore[import-not-found] # the other implementation
from ocs.ocs_client import OCSClient  # type: ignore[import-not-found] # the other implementation


def plain(reply: Any) -> dict[str, Any]:
    """Return a reply as a map."""
    return {"code": reply.status, "message": reply.msg, "session": reply.session}


def refused(action: Any) -> str:
    """Return the text of the error that a call raises, empty when it raises none."""
    try:
        action()
    except ControlClientError as error:
        return str(error)
    return ""


def main(site_file: str, name: str) -> dict[str, Any]:
    """Walk through everything that scripts on this client do."""
    options = ["--site-file", site_file, "--site-host", "localhost"]
    client = OCSClient(name, args=options)
    told: dict[str, Any] = {"api": client._client.get_api(), "doc": client.delay_task.start.__doc__}
    told["never"] = plain(client.set_heartbeat.status())
    told["started"] = plain(client.delay_task.start(delay=0.2))
    told["busy"] = plain(client.delay_task.start(delay=0.2))
    told["late"] = plain(client.delay_task.wait(timeout=0.01))
    told["ended"] = plain(client.delay_task.wait(timeout=10))
    told["called"] = plain(client.delay_task(delay=0.1))
    told["failed"] = plain(client.delay_task(delay=0.0, succeed=False))
    told["wrong_type"] = plain(client.delay_task.start(delay="x"))
    told["unknown_name"] = plain(client.delay_task.start(dely=1))
    client.delay_task.start(delay=30)
    told["abort"] = plain(client.delay_task.abort())
    told["abort_again"] = plain(client.delay_task.abort())
    told["aborted"] = plain(client.delay_task.wait(timeout=10))
    told["process"] = plain(client.acq.start(test_mode=True))
    told["process_ended"] = plain(client.acq.wait(timeout=10))
    client.count.start()
    told["stop"] = plain(client.count.stop())
    told["stopped"] = plain(client.count.wait(timeout=10))
    told["special"] = client._client.request("status", "acq")
    told["nobody"] = refused(lambda: OCSClient("nobody", args=options))
    told["no_router"] = refused(lambda: OCSClient(name, args=[*options, "--site-http", "http://127.0.0.1:9/call"]))
    return told


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))  # noqa: T201 - its result
