"""`ocs up`: the router and the agents of this host, in the foreground."""

from __future__ import annotations

from dataclasses import replace

import click

from ocs.cli.options import Where, where_options
from ocs.model.errors import ExitCode

EPILOG = """\b
Examples:
  ocs up --site-file sites/demo.yaml
  ocs up --demo                 made-up agents; needs no file
  ocs up --port 8042            another port, beside what runs already
  ocs up --no-router            the router runs already

\b
It prints a line for each agent that is here, and then
  realm ready: 7 devices on ws://127.0.0.1:8001/ws
Ctrl-C, or `ocs down` from anywhere, ends agents and router."""


@click.command("up", epilog=EPILOG)
@where_options
@click.option("--demo", is_flag=True, help="Serve the demonstration site that comes with the program.")
@click.option("--no-router", is_flag=True, help="Do not start the router: it runs already.")
@click.option("--site-host", help="Entry of the site file's hosts; this machine's name by default. Or SITE_HOST.")
def command(where: Where, *, demo: bool, no_router: bool, site_host: str | None) -> ExitCode:
    """Serve a site: start the router and the agents of this host, keep them running.

    An agent that ends is started again after 1 s, then 2 s, up to 30 s. All logs are in the folder that the
    first line names.
    """
    from ocs.services.supervisor.plan import DEMO_SITE, make_plan
    from ocs.services.supervisor.serve import supervise

    place = replace(where, site_file=DEMO_SITE) if demo else where
    return supervise(make_plan(place.words, router=not no_router, host=site_host))
