"""`synapse plugin run ACTION`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.units import format_duration
from synapse_sdk.cli.above_live_line import printed_above
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.plugin.finding import (
    complete_action,
    complete_plugin,
    find_code,
    find_plugin_anywhere,
)
from synapse_sdk.cli.result import print_result
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.settings import LANGUAGES

if TYPE_CHECKING:
    from synapse_sdk.plugins.discovery import PluginDiscovery
    from synapse_sdk.plugins.registry import FoundPlugin
    from synapse_sdk.plugins.run_plan import RunPlan
    from synapse_sdk.plugins.runner import FinishedRun
    from synapse_sdk.wire.envelope import Resources

#: Options that are params of an inference under another name.
_SHORTHANDS = {"--input": "input", "--infer-path": "path"}
_OUTCOME_WORDS = {
    "SUCCEEDED": ("Succeeded", "green"),
    "FAILED": ("Failed", "red"),
    "STOPPED": ("Stopped", "red"),
}


class ActionNotNamedError(SynapseError):
    """Nobody said which action to run."""

    @classmethod
    def among(cls, actions: Sequence[str]) -> ActionNotNamedError:
        """Name those that there are."""
        return cls(
            f"Which action? This plugin has {', '.join(sorted(actions)) or 'none'}.",
            {"available": sorted(actions)},
            hint=f"Such as: synapse plugin run {actions[0]}"
            if actions
            else "Add one under `actions:` in config.yaml.",
        )


class _RunCommand(click.Command):
    """Knows where an option belongs that is the action's and not ours, and tells an action's own params."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["arguments"] = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.possibilities:
                raise
            param = error.option_name.lstrip("-")
            more = f"A param of the action is given with --set {param}=VALUE."
            raise click.NoSuchOption(error.option_name, f"{error.message} {more}", ctx=ctx) from None
        except click.MissingParameter as error:
            if error.param is None or error.param.name != "action":
                raise
            given = _read_leniently(self, ctx.meta["arguments"], ctx.help_option_names)
            try:
                plugin = _find_quietly(given.get("code"), given.get("path"))
            except SynapseError:
                raise error from None  # without a plugin there is nothing to choose from
            raise ActionNotNamedError.among(plugin.list_actions()) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write our options, then the params of the action that was named."""
        super().format_options(ctx, formatter)
        given = _read_leniently(self, ctx.meta.get("arguments", []), ctx.help_option_names)
        if action := given.get("action"):
            with formatter.section(f"Params of {action}, each given with --set NAME=VALUE"):
                try:
                    _write_params(formatter, _find_quietly(given.get("code"), given.get("path")), action)
                except SynapseError as error:  # the rest of the help is of use all the same
                    formatter.write_text(f"{error.message} {error.hint or ''}")


def _read_leniently(
    command: click.Command, arguments: list[str], help_names: Sequence[str]
) -> dict[str, Any]:
    """Return what was given beside the wish for help; what does not fit is left out."""
    others = [word for word in arguments if word not in help_names]
    with command.make_context("run", others, resilient_parsing=True) as given:
        return given.params


def _find_quietly(code: str | None, path: Path | None) -> PluginDiscovery:
    from synapse_sdk.plugins.discovery import PluginDiscovery
    from synapse_sdk.plugins.registry import find_anywhere

    if code is None:
        return PluginDiscovery.from_path(path or Path.cwd())
    return find_anywhere(code, start=path).plugin


def _write_params(formatter: click.HelpFormatter, plugin: PluginDiscovery, action: str) -> None:
    from synapse_sdk.cli.plugin.params_help import describe_params
    from synapse_sdk.plugins.action_schemas import make_schemas
    from synapse_sdk.settings import load_settings

    entrypoints = {action: plugin.get_action_entrypoint(action)}
    made = make_schemas(plugin.folder, entrypoints, cache_folder=load_settings().cache_dir)
    schema = made.schemas[action]["params"]
    if made.warnings:
        formatter.write_text("\n".join(made.warnings))
    elif schema is None:
        formatter.write_text("It takes any; it has no params model.")
    elif rows := describe_params(schema):
        formatter.write_dl(rows)
    else:
        formatter.write_text("It has none.")


@click.command("run", cls=_RunCommand)
@click.argument("action", shell_complete=complete_action)
@click.option(
    *("-p", "--plugin", "code"),
    shell_complete=complete_plugin,
    help="Plugin code, folder or module (default: from config.yaml).",
)
@click.option("--path", type=click.Path(path_type=Path), help="Plugin directory (default: current).")
@click.option("--params", default="{}", help="JSON parameters, or @file.json.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="One parameter; repeatable.")
@click.option("-i", "--input", "input_json", help="JSON for the param `input`, or @file.json.")
@click.option("--infer-path", help="Text for the param `path`: which of a service's paths to ask.")
@click.option(
    "--dataset-path",
    type=click.Path(path_type=Path),
    help="Folder to register as a dataset, and to hand to the action.",
)
@click.option(
    "-m", "--mode", default="local", help="Where to run: local, task, job or remote (default: local)."
)
@click.option("--debug/--no-debug", default=True, help="Debug output on stderr (default: on).")
@click.option("--gpus", type=click.IntRange(min=0), help="Number of GPUs the action needs.")
@click.option("--cpus", type=click.IntRange(min=1), help="Number of CPUs the action needs.")
@click.option(
    "-l", "--lang", type=click.Choice(LANGUAGES), help="Language of messages (default: your setting)."
)
@click.option(
    "--rehearse",
    is_flag=True,
    help="Make up datasets and models that are not there, and a server's answers; keep no model.",
)
@click.option(
    "--follow", "is_following", is_flag=True, help="With --mode remote: watch the job until it ends."
)
@click.option(
    "--draft", "is_draft", is_flag=True, help="With --mode remote: run your own draft (publish --debug)."
)
@click.option("--host", help="With --mode remote: address of the server (default: where you are logged in).")
@click.option("--token-file", help="With --mode remote: file that holds the token; - for standard input.")
@with_output
def run_action(
    output: Output,
    action: str,
    code: str | None,
    path: Path | None,
    params: str,
    assignments: tuple[str, ...],
    input_json: str | None,
    infer_path: str | None,
    dataset_path: Path | None,
    mode: str,
    debug: bool,
    gpus: int | None,
    cpus: int | None,
    lang: str | None,
    rehearse: bool,
    is_following: bool,
    is_draft: bool,
    host: str | None,
    token_file: str | None,
) -> int:
    """Run ACTION of a plugin; without --mode, in this very process.

    The result goes to stdout, everything else to stderr. Each run is recorded: see `synapse run list`.
    """
    # Nothing that is imported from here on is garbage; looking for it costs a twentieth of a short run.
    gc.disable()
    from synapse_sdk.plugins.enums import ExecutionMode
    from synapse_sdk.plugins.run_plan import parse_mode, require_mode
    from synapse_sdk.settings import load_settings

    language = lang or load_settings().language
    given = _parse_params(params, assignments, {"--input": input_json, "--infer-path": infer_path})
    chosen_mode = parse_mode(mode)
    if chosen_mode is ExecutionMode.REMOTE:
        from synapse_sdk.cli.plugin.run_remote import run_remote

        if dataset_path is not None:
            raise SynapseError(
                "--dataset-path: a folder of this machine is not on the server; the mode is remote.",
                hint="Register it there with `synapse dataset register`, and pass its id: --set dataset=ID.",
            )
        if rehearse:
            raise SynapseError(
                "--rehearse: a remote run is never rehearsed; the mode is remote.",
                hint="Leave --mode remote out to rehearse here.",
            )
        gc.enable()  # whoever follows a job may do so for days
        return run_remote(
            output,
            action,
            code=find_code(code, path),
            **given,
            resources={"cpus": cpus, "gpus": gpus},
            language=language,
            is_following=is_following,
            is_draft=is_draft,
            debug=debug,
            host=host,
            token_file=token_file,
        )
    _refuse_server_options(
        mode, {"--follow": is_following, "--draft": is_draft, "--host": host, "--token-file": token_file}
    )
    require_mode(chosen_mode)
    found = find_plugin_anywhere(output, code, path)
    if dataset_path is not None:
        given["dataset"] = _register(output, dataset_path, rehearse=rehearse)
    request = given | {
        "resources": _check_resources(cpus=cpus, gpus=gpus),
        "language": language,
        "rehearse": rehearse,
    }
    return _run_here(output, found, action, debug=debug, **request)


def _parse_params(
    params: str, assignments: Sequence[str], shorthands: Mapping[str, str | None]
) -> dict[str, Any]:
    from synapse_sdk.plugins.params import parse_assignment, parse_json, parse_params

    found = parse_params(params)
    for option, text in shorthands.items():
        if text is None:
            continue
        name = _SHORTHANDS[option]
        if name in found:
            raise SynapseError(
                f"{option}: --params says {name} too, {found[name]!r}. Give it once.", {"param": name}
            )
        found[name] = parse_json(text, option=option) if option == "--input" else text
    return {"params": found, "assignments": [parse_assignment(text) for text in assignments]}


def _register(output: Output, folder: Path, *, rehearse: bool) -> int:
    """Register a folder, or find it registered as it is; return the dataset's id."""
    if rehearse:
        raise SynapseError(
            "--dataset-path: a rehearsal keeps nothing, so it registers no folder either.",
            hint="Register it before, and pass its id: --set dataset=ID.",
        )
    from synapse_sdk.cli.dataset import tell_left_out
    from synapse_sdk.cli.transfer_line import transfer_line
    from synapse_sdk.settings import load_settings
    from synapse_sdk.workspace import LocalWorkspace

    datasets = LocalWorkspace(load_settings().local_workspace_dir).datasets
    with transfer_line(output, "reading") as on_progress:
        registration = datasets.register(folder, on_progress=on_progress)
    version = registration.version
    output.say(f"{folder} is dataset {version.dataset_id} ({version.dataset_name}), version {version.number}")
    tell_left_out(output, registration.left_out)
    return version.dataset_id


def _run_here(output: Output, found: FoundPlugin, action: str, *, debug: bool, **request: Any) -> int:
    """Run the action in this process; `request` is what else a `RunRequest` holds."""
    from synapse_sdk._internal.left_threads import end_without_left_threads
    from synapse_sdk.plugins.run_plan import ModuleImportError, RunRequest, plan
    from synapse_sdk.plugins.runner import submit
    from synapse_sdk.plugins.terminal import TerminalSink

    for warning in found.plugin.loaded.warnings:
        output.warn(str(warning))
    # Config `env` must be there before the plugin's libraries are imported; what the user set wins.
    for name, value in found.plugin.config.env_texts().items():
        os.environ.setdefault(name, value)
    with _streams_kept(output):
        try:
            run_plan = plan(RunRequest.of(found, action, **request))
        except ModuleImportError as error:
            if trace := error.details["traceback"]:
                output.say(trace)
            raise
        _say_beginning(output, run_plan, debug=debug)
        for text in run_plan.warnings:
            output.warn(text)
        # What is loaded by now stays to the end: going through it again at exit takes a fifth of a short run.
        gc.freeze()
        gc.enable()
        sink = TerminalSink(output.err, show_debug=debug)
        with printed_above(sink):
            run = submit(run_plan, [sink])
    code = _say_end(output, run)
    end_without_left_threads(code, output.warn)
    return code


def _refuse_server_options(mode: str, given: dict[str, object]) -> None:
    if named := [name for name, value in given.items() if value]:
        raise SynapseError(
            f"{', '.join(named)}: only --mode remote has a server; the mode is {mode}.", {"options": named}
        )


def _check_resources(*, cpus: int | None, gpus: int | None) -> Resources:
    from synapse_sdk._internal.machine import count_cpus, count_gpus
    from synapse_sdk.wire.envelope import Resources

    for option, wanted, count in (("--cpus", cpus, count_cpus), ("--gpus", gpus, count_gpus)):
        if wanted is not None and wanted > (there := count()):
            raise SynapseError(
                f"{option} {wanted} is more than this machine has: {there}.",
                {"option": option, "wanted": wanted, "available": there},
            )
    return Resources(cpus=cpus, gpus=gpus)


def _say_beginning(output: Output, plan: RunPlan, *, debug: bool) -> None:
    envelope = plan.envelope
    title = f"{envelope.plugin.code} {envelope.plugin.version} · {envelope.action} · {envelope.mode}"
    output.say(output.style(title, bold=True))
    if not debug:
        return
    facts = {
        "code": f"{envelope.plugin.folder} ({(envelope.plugin.folder_digest or '')[:19]}…)",
        "entrypoint": envelope.entrypoint,
        "python": f"{envelope.environment.interpreter} at {sys.executable}",
        "job": envelope.job,
    }
    for name, value in facts.items():
        output.say(f"  debug: {name}: {value}")


def _say_end(output: Output, run: FinishedRun) -> int:
    outcome = run.outcome
    word, colour = _OUTCOME_WORDS[outcome.state]
    took_s = (outcome.ended_at - outcome.started_at).total_seconds()
    for warning in run.warnings:
        output.warn(warning)
    failure = outcome.failure
    if failure is not None and failure.traceback and outcome.state == "FAILED":
        output.say(failure.traceback)
    output.say(f"{output.style(word, fg=colour)} in {format_duration(took_s)}   (run {run.record.number})")
    if outcome.rehearsed is not None:
        output.say(_describe_rehearsal(outcome.rehearsed))
    if failure is not None and outcome.state == "FAILED":
        output.error(failure.message, hint=failure.hint)
    if output.as_json:
        output.document({"run": run.record.number, **outcome.model_dump(mode="json")})
    elif outcome.state == "SUCCEEDED":
        print_result(output, outcome.result, whole=f"synapse run show {run.record.number}")
    if run.record_error is not None:
        output.error(run.record_error.message, hint=run.record_error.hint)
        return ExitCode.FAILED
    if outcome.state == "SUCCEEDED":
        return ExitCode.DONE
    return ExitCode.INTERRUPTED if outcome.state == "STOPPED" else ExitCode.FAILED


def _describe_rehearsal(made_up: Sequence[str]) -> str:
    count = len(made_up)
    made = "nothing" if not count else "1 answer" if count == 1 else f"{count} answers"
    return f"This was a rehearsal: {made} had to be made up, and no model was kept."


@contextmanager
def _streams_kept(output: Output) -> Iterator[None]:
    """Keep the streams that the command tells people by, whatever the action does to `sys`.

    Under `--json`, what the action itself prints goes to stderr: stdout is for the one document.
    """
    streams = sys.stdout, sys.stderr
    if output.as_json:
        sys.stdout.flush()
        kept = os.dup(1)
        # The descriptor, not only sys.stdout: child processes and C libraries print too.
        os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        if output.as_json:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)
