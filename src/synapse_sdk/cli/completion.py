"""`synapse completion SHELL`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from synapse_sdk.cli.output import Output, with_output

#: The variable by which the shell's script asks this program.
VARIABLE = "_SYNAPSE_COMPLETE"
#: Shell → how a person turns completion on, for good.
_SETUPS = {
    "bash": 'eval "$(synapse completion bash)"        in ~/.bashrc',
    "zsh": 'eval "$(synapse completion zsh)"         in ~/.zshrc, after compinit',
    "fish": "synapse completion fish | source        in ~/.config/fish/config.fish",
}


@click.command("completion", epilog="\b\n" + "\n".join(_SETUPS.values()))
@click.argument("shell", type=click.Choice(list(_SETUPS)))
@with_output
def completion(output: Output, shell: str) -> None:
    """Print the script that completes `synapse` in SHELL: commands, options, a plugin's actions.

    To have it in every new terminal, write the line of your shell that stands below.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # each choice is one of click's own
    script = kind(click.get_current_context().find_root().command, {}, "synapse", VARIABLE).source()
    if output.as_json:
        output.document({"shell": shell, "script": script})
    else:
        output.text(script)
