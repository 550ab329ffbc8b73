"""From a plan to a running supervisor, until it is told to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ocs.agent.program.launch import serve
from ocs.model.errors import DuplicateError, ExitCode
from ocs.services.supervisor.device import Supervisor, say
from ocs.services.supervisor.plan import END_S, ROUTER_END_S, SitePlan, supervisor_name
from ocs.site import AgentSettings, DeviceSettings

AGENT_CLASS = "SupervisorAgent"
SPOOL_MB = 50.0
"""Bound of its spool: a supervisor records its states and its own starts, nothing else."""

GRACE_S = END_S + ROUTER_END_S + 4.0
"""The agents end together, then the router; the rest is reserve."""


def supervise(plan: SitePlan) -> ExitCode:
    """Run the router and the agents of a plan until a signal, or `ocs down`, ends them all.

    Raises:
        DuplicateError: A supervisor of this realm runs on this host.
        RouterLostError: The router could not be started.
    """
    router = f"the router on port {plan.port} and " if plan.router is not None else ""
    say(f"starting {router}{len(plan.agents)} agents of {plan.settings.site_file}; logs: {plan.log_folder}")
    plan.log_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = supervisor_name()
    supervisor = Supervisor(name, plan=plan)

    def take_end(end: Callable[[], None]) -> None:
        supervisor.end_agent = end

    with (plan.log_folder / "supervisor.log").open("a") as log:
        try:
            code = serve(_settings(plan, name), [supervisor], log=log, grace_s=GRACE_S, give_end=take_end)
        except DuplicateError as error:
            raise DuplicateError(
                f"{error.message.partition(';')[0]}, the supervisor of realm {plan.settings.realm}; end it with "
                "`ocs down`, or serve another realm (--realm) from another state folder (OCS_STATE_DIR)",
                field=name,
            ) from error
    if supervisor.failure is not None:
        raise supervisor.failure
    return code


def _settings(plan: SitePlan, name: str) -> AgentSettings:
    site = plan.settings
    return AgentSettings(
        agent_class=AGENT_CLASS,
        instance_id=name,
        realm=site.realm,
        address_root=site.address_root,
        router_url=site.router_url,
        http_url=site.http_url,
        state_dir=site.state_dir,
        log_dir=None,
        working_dir=Path.cwd(),
        site_file=site.site_file,
        host_name=plan.host_name,
        crossbar_timeout_s=0.0,
        access_policy=None,
        log_level=site.log_level,
        archiver=site.archiver,
        spool_max_mb=SPOOL_MB,
        agent_paths=(),
        devices=(DeviceSettings(name),),
        options={},
        given=frozenset(),
        leftover=(),
    )
