"""`ocs completion`: the line that makes a shell complete names of devices and of what they offer."""

from __future__ import annotations

import click

from ocs.cli.printing import emit
from ocs.model.errors import ExitCode

SHELLS = {
    "bash": ("~/.bashrc", 'eval "$(_OCS_COMPLETE=bash_source ocs)"'),
    "zsh": ("~/.zshrc", 'eval "$(_OCS_COMPLETE=zsh_source ocs)"'),
    "fish": ("~/.config/fish/completions/ocs.fish", "_OCS_COMPLETE=fish_source ocs | source"),
}


@click.command(
    "completion", epilog='\b\nExamples:\n  ocs completion bash >> ~/.bashrc\n  eval "$(ocs completion bash)"'
)
@click.argument("shell", type=click.Choice(list(SHELLS)))
def command(shell: str) -> ExitCode:
    """Print the line that makes the shell complete commands, devices, operations, channels and transitions.

    Names come from the running realm; when it does not answer within 2 s, there are none.
    """
    place, line = SHELLS[shell]
    emit(f"# in {place}:")
    emit(line)
    return ExitCode.OK
