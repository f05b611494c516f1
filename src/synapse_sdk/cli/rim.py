"""The outermost rim: the command tree, and the one place where an error becomes an exit code."""

from __future__ import annotations

import os
import sys
from enum import IntEnum

import click

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output


class ExitCode(IntEnum):
    """What a finished command says to the shell."""

    DONE = 0
    FAILED = 1  # it ran and failed
    ASKED_WRONGLY = 2
    NOT_REACHED = 3  # could not reach, or not allowed
    INTERRUPTED = 130


COMMANDS = {
    "plugin": Entry("synapse_sdk.cli.plugin:plugin", "Create, run, check, test and publish plugins."),
    "run": Entry("synapse_sdk.cli.run:run_group", "Look at runs recorded on this machine."),
    "dataset": Entry("synapse_sdk.cli.dataset:dataset", "Register and look at datasets."),
    "model": Entry("synapse_sdk.cli.model:model", "Look at and export models."),
    "doctor": Entry("synapse_sdk.cli.doctor:doctor", "Show every setting and mend what is wrong."),
}

HELP = """Synapse: typed plugins for labelling and ML teams.

Start with:  synapse plugin create
"""


def build_cli() -> click.Group:
    """Assemble the command tree. Commands are loaded when they are named."""
    group = LazyGroup(
        "synapse", help=HELP, entries=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
    )
    group.params.append(click.Option(["-v", "--version"], is_flag=True, help="Show the version and exit."))
    return group


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code. Unexpected errors keep their traceback."""
    output = Output(as_json="--json" in arguments)
    try:
        answer = build_cli().main(arguments, prog_name="synapse", standalone_mode=False)
        return answer if isinstance(answer, int) else ExitCode.DONE
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except (click.Abort, KeyboardInterrupt):
        output.say("Interrupted")
        return ExitCode.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        output.say(error.format_message())  # the help itself
        return ExitCode.ASKED_WRONGLY
    except click.ClickException as error:
        _say_usage_error(output, error)
        return ExitCode.ASKED_WRONGLY
    except SynapseError as error:
        say_error(output, error)
        return exit_code_of(error)
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python would complain again while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED


def exit_code_of(error: SynapseError) -> ExitCode:
    """Say which exit code an expected error deserves."""
    # By name, so that a command which fails early has not loaded the plugin framework for this line.
    names = {kind.__name__ for kind in type(error).__mro__}
    if "NotReachableError" in names:
        return ExitCode.NOT_REACHED
    if "ExecutionError" in names and "ValidationError" not in names:
        return ExitCode.FAILED
    return ExitCode.ASKED_WRONGLY


def say_error(output: Output, error: SynapseError) -> None:
    """Print an expected error: its sentence, its hint, and with `--json` the same as a document."""
    output.error(error.message, hint=error.hint)
    if output.as_json:
        from synapse_sdk._internal.jsonable import describe_json

        output.document(
            {
                "error": {
                    "type": type(error).__name__,
                    "message": error.message,
                    "details": describe_json(error.details),
                    "hint": error.hint,
                }
            }
        )


def _say_usage_error(output: Output, error: click.ClickException) -> None:
    context = getattr(error, "ctx", None)
    output.error(error.format_message(), hint=f"See: {context.command_path} --help" if context else None)
    if output.as_json:
        output.document(
            {"error": {"type": "UsageError", "message": error.format_message(), "details": {}, "hint": None}}
        )
