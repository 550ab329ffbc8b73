"""The supervisor of a site with an archiver: its own states and ends are archived like those of all others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ocs.store
from ocs.model.errors import NotFoundError
from ocs.model.gap import GapCause
from ocs.services.supervisor.plan import supervisor_name
from tests.ocs.cli.conftest import READY_S, Served, system_test
from tests.system.programs import until

SITE = """
hub: {wamp_server: "ws://127.0.0.1:8001/ws", wamp_realm: test_realm, address_root: observatory}
hosts:
  localhost:
    agent-instances:
      - agent-class: ArchiverAgent
        instance-id: archiver
        devices:
          - {name: archiver, properties: {folder: FOLDER}}
"""


@contextmanager
def serving(folder: Path, archive: Path) -> Iterator[Served]:
    site = Served(folder, SITE.replace("FOLDER", str(archive)))
    try:
        site.wait_for("realm ready", READY_S)
        yield site
    finally:
        site.end()


def states(archive: Path) -> list[int]:
    with ocs.store.open(archive) as reader:
        try:
            return [info.rows for info in reader.series(f"{supervisor_name()}.State")]
        except NotFoundError:
            return []


def stops(archive: Path) -> int:
    with ocs.store.open(archive) as reader:
        return [gap.cause for gap in reader.gaps(supervisor_name())].count(GapCause.PROCESS_STOPPED)


@system_test
def test_what_a_supervisor_records_is_archived_and_its_end_waits_for_no_archiver_that_it_ended(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with serving(tmp_path, archive) as site:
        until(lambda: states(archive), "the supervisor's state")
    site.wait_for("all ended")

    with serving(tmp_path, archive):
        until(lambda: stops(archive), "the gap of the supervisor's end")

    assert site.process.returncode == 0
    assert stops(archive) == 1
