"""The command's entry: sub-commands are imported when they are asked for."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence

import click
from typing_extensions import override

from ocs.model.errors import ExitCode

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("up", "Serve a site: the router and the agents of this host."),
    "down": ("down", "End what `ocs up` started."),
    "list": ("list_devices", "List the devices of the realm."),
    "status": ("status", "Show states, health, and how the newest runs are."),
    "health": ("health", "Tell what is wrong in the site, and what to do."),
    "describe": ("describe", "Tell what a device is and offers."),
    "read": ("read", "Show the values of channels."),
    "write": ("write", "Write channels."),
    "command": ("call", "Have a device carry a command out."),
    "state": ("state", "Show a device's state, or ask for a transition."),
    "config": ("config", "Show or change limits, alarms and periods of channels."),
    "start": ("operate", "Start an operation and return at once."),
    "run": ("operate", "Start an operation and wait until it ended."),
    "wait": ("operate", "Wait until an operation ended."),
    "abort": ("operate", "Ask a task to end."),
    "stop": ("operate", "Ask a process to end."),
    "watch": ("watch", "Show feeds, runs, states and events as they come."),
    "tail": ("tail", "Show values of feeds and channels as they come."),
    "history": ("history", "Show what was archived of channels."),
    "plot": ("plot", "Draw what was archived of channels."),
    "export": ("export", "Write what was archived into a CSV or Parquet file."),
    "gaps": ("gaps", "Tell where the archive has no data, and why."),
    "policy": ("policy", "Show or change what is archived."),
    "check": ("check", "Check a site file."),
    "router": ("router", "Start the router alone, or show its configuration."),
    "new": ("new", "Make the files of a new agent."),
    "completion": ("completion", "Tell how the shell completes names."),
    "version": ("version", "Tell the versions of this program and of its wire."),
}
"""Each command: its module in this package, and its help in the list of all."""

EPILOG = """\b
Examples:
  ocs up --site-file sites/demo.yaml     serve a site in the foreground
  ocs list                               who is here
  ocs status thermo-1                    how it is and what its operations do
  ocs health                             what is wrong, and what to do
  ocs read thermo-1                      the values of its channels
  ocs run faker-1 delay_task delay=2     run a task and wait for it
  ocs watch faker-1                      see what a device publishes
  ocs history thermo-1 --last 1h         what was archived of it
  ocs plot thermo-1.temperature          a picture of that

Exit codes: 0 well, 1 failed, 2 wrong usage, 3 wrong configuration, 4 name or port taken,
5 no router, 6 not found, 7 refused, 8 too late, 130 interrupted."""


class Commands(click.Group):
    """The group of all commands, which knows them without importing them."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names in the order of use."""
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now; None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ocs.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, "commands", {}).get(cmd_name) or module.command
        return command

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words name.

        Raises:
            UsageError: There is none; the sentence tells the nearest one.
        """
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else "`ocs --help` lists them"
            raise click.UsageError(f"there is no command {args[0]}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
def ocs() -> None:
    """Observatory and laboratory control on a WAMP realm."""


def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code.

    Raises:
        OcsError: The command failed.
        KeyboardInterrupt: Ctrl-C.
    """
    try:
        code = ocs.main(args=list(argv), prog_name="ocs", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return ExitCode.OK.value
    except click.ClickException as error:
        told = error.format_message()
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx is not None else "ocs"
        sys.stderr.write(f"error: {told[:1].lower()}{told[1:].rstrip('.')}; `{path} --help` tells more\n")
        return ExitCode.USAGE.value
    except click.Abort:
        raise KeyboardInterrupt from None
    if isinstance(code, ExitCode):
        return code.value
    return code if isinstance(code, int) else ExitCode.OK.value
