"""The outermost rim: the command tree, and the one place where an error becomes an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import click

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._version import __version__
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output


class ExitCode(IntEnum):
    """What a finished command says to the shell."""

    DONE = 0
    FAILED = 1  # it ran and failed
    ASKED_WRONGLY = 2
    NOT_REACHED = 3  # could not reach, or not allowed
    INTERRUPTED = 130


#: What the machine may answer however rightly we asked. The user's to mend, so no traceback.
#: "No such file" and its like are not here: where we did not expect them, the mistake is ours.
REFUSALS = {
    errno.EACCES: ExitCode.NOT_REACHED,
    errno.EPERM: ExitCode.NOT_REACHED,
    errno.EROFS: ExitCode.NOT_REACHED,
    errno.ELOOP: ExitCode.ASKED_WRONGLY,
    errno.ENAMETOOLONG: ExitCode.ASKED_WRONGLY,
    errno.EDQUOT: ExitCode.FAILED,
    errno.EFBIG: ExitCode.FAILED,
    errno.EIO: ExitCode.FAILED,
    errno.EMFILE: ExitCode.FAILED,
    errno.ENOSPC: ExitCode.FAILED,
}

COMMANDS = {
    "plugin": Entry("synapse_sdk.cli.plugin:plugin", "Create, run, check, test and publish plugins."),
    "run": Entry("synapse_sdk.cli.run:run_group", "Look at runs recorded on this machine."),
    "dataset": Entry("synapse_sdk.cli.dataset:dataset", "Register and look at datasets."),
    "model": Entry("synapse_sdk.cli.model:model", "Look at and export models."),
    "job": Entry("synapse_sdk.cli.job:job", "Look at, follow and stop jobs on a server."),
    "release": Entry("synapse_sdk.cli.release:release", "Look at and compare published releases."),
    "agent": Entry("synapse_sdk.cli.agent:agent", "Look at the machines that run jobs."),
    "login": Entry("synapse_sdk.cli.login:login", "Keep a server's address and a token for it."),
    "logout": Entry("synapse_sdk.cli.login:logout", "Forget the server and its token."),
    "server": Entry("synapse_sdk.cli.server:server", "Run a Synapse server on this machine."),
    "doctor": Entry("synapse_sdk.cli.doctor:doctor", "Show every setting and mend what is wrong."),
    "completion": Entry("synapse_sdk.cli.completion:completion", "Complete words in bash, zsh or fish."),
}

HELP = """Synapse: typed plugins for labelling and ML teams.

Start with:  synapse plugin create
"""


def build_cli() -> click.Group:
    """Assemble the command tree. Commands are loaded when they are named."""
    group = LazyGroup(
        "synapse",
        help=HELP,
        entries=COMMANDS,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    group.params.append(
        click.Option(
            ["-v", "--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_show_version,
            help="Show the version and exit.",
        )
    )
    return group


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code. Unexpected errors keep their traceback."""
    _ready_streams()
    output = Output(as_json="--json" in arguments)
    try:
        code = _run(arguments, output)
        # Here, because a reader that left (`| head`) or a full disk is Python's to complain about at exit.
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return ExitCode.FAILED
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        if error.filename is None:  # it was what we print
            _forget_stdout()
            output.as_json = False
        _say_refusal(output, error)
        return REFUSALS[error.errno]
    return code


def _run(arguments: list[str], output: Output) -> int:
    try:
        answer = build_cli().main(arguments, prog_name="synapse", standalone_mode=False)
        return answer if isinstance(answer, int) else ExitCode.DONE
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except (click.Abort, KeyboardInterrupt):
        output.say("Interrupted")
        _document_error(output, "Interrupted", "Interrupted")
        return ExitCode.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        output.say(error.format_message())  # the help itself
        _document_error(output, "UsageError", "Missing command.")
        return ExitCode.ASKED_WRONGLY
    except click.ClickException as error:
        _say_usage_error(output, error)
        return ExitCode.ASKED_WRONGLY
    except SynapseError as error:
        say_error(output, error)
        return exit_code_of(error)


def exit_code_of(error: SynapseError) -> ExitCode:
    """Say which exit code an expected error deserves."""
    # By name, so that a command which fails early has not loaded the plugin framework for this line.
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"NotReachableError", "NotAdmittedError"}:
        return ExitCode.NOT_REACHED
    if "ModuleImportError" in names or ("ExecutionError" in names and "ValidationError" not in names):
        return ExitCode.FAILED
    if isinstance(error.__cause__, OSError) and error.__cause__.errno in REFUSALS:
        return REFUSALS[error.__cause__.errno]
    return ExitCode.ASKED_WRONGLY


def say_error(output: Output, error: SynapseError) -> None:
    """Print an expected error: its sentence, its hint, and with `--json` the same as a document."""
    output.error(error.message, hint=error.hint)
    _document_error(output, type(error).__name__, error.message, error.details, hint=error.hint)


def _say_usage_error(output: Output, error: click.ClickException) -> None:
    context = getattr(error, "ctx", None)
    output.error(error.format_message(), hint=f"See: {context.command_path} --help" if context else None)
    _document_error(output, "UsageError", error.format_message())


def _say_refusal(output: Output, error: OSError) -> None:
    from synapse_sdk._internal.jsonable import shorten

    what = "the output" if error.filename is None else shorten(os.fsdecode(error.filename), limit=500)
    output.error(f"{what}: {error.strerror}.")
    _document_error(output, type(error).__name__, f"{what}: {error.strerror}.", {"path": error.filename})


def _document_error(
    output: Output,
    kind: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    *,
    hint: str | None = None,
) -> None:
    if not output.as_json:
        return
    from synapse_sdk._internal.jsonable import describe_json

    facts = {"type": kind, "message": message, "details": describe_json(details or {}), "hint": hint}
    output.document({"error": facts})


def _show_version(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        sys.stdout.write(f"synapse-sdk {__version__}\n")
        context.exit()


def _ready_streams() -> None:
    """Have an stdout and an stderr that take every text, be they closed or of a small encoding."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started us; print() would take the other one instead
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as we do
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        # As stderr does it by itself: a file's name need not be UTF-8, and a terminal may be ASCII.
        reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Send what is still to be written nowhere. Python would complain while flushing at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
