"""`synapse run …`: the runs that a plugin folder remembers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synapse_sdk._internal.units import format_duration, format_moment
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output

if TYPE_CHECKING:
    from synapse_sdk.plugins.run_record import RecordedRun, RunRecordError

_PATH = click.option(
    "-p",
    "--path",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Plugin directory (default: current).",
)
#: Rows that fit a glance; `--all` shows the rest.
_SHOWN_ROWS = 20


run_group = LazyGroup(
    "run",
    help="Look at runs recorded on this machine.",
    entries={
        "list": Entry("synapse_sdk.cli.run:list_recorded", "List the runs of a plugin, newest first."),
        "show": Entry("synapse_sdk.cli.run:show", "Show what a run was given and how it ended."),
        "metrics": Entry("synapse_sdk.cli.run:metrics", "Draw the metrics of a run."),
        "trials": Entry("synapse_sdk.cli.run:trials", "Show the trials of a run's search."),
    },
)


@click.command("list")
@_PATH
@click.option("--all", "show_all", is_flag=True, help=f"Show all, not only the latest {_SHOWN_ROWS}.")
@with_output
def list_recorded(output: Output, path: Path, show_all: bool) -> None:
    """List the runs of a plugin, newest first."""
    from synapse_sdk.plugins.run_record import find_records_folder, list_runs

    damaged: list[RunRecordError] = []
    runs = list_runs(find_records_folder(path), damaged=damaged)
    for error in damaged:
        output.warn(error.message, hint=error.hint)
    if output.as_json:
        output.document(
            {"runs": [_summarise(run) for run in runs], "damaged": [error.details for error in damaged]}
        )
        return
    shown = runs if show_all else runs[:_SHOWN_ROWS]
    output.table(
        ["run", "action", "state", "started", "took", "reason"],
        [
            (
                run.number,
                run.envelope.action,
                _state(run),
                format_moment(run.envelope.created_at),
                _took(run),
                (run.reason or "").splitlines()[0][:60] if run.reason else "",
            )
            for run in shown
        ],
    )
    if len(shown) < len(runs):
        output.say(f"… and {len(runs) - len(shown)} older: synapse run list --all")
    if runs:
        output.say(f"Look closer: synapse run show {runs[0].number}")
    else:
        output.say("Nothing was run here yet. Start with: synapse plugin run ACTION")


@click.command("show")
@click.argument("number", type=int, required=False)
@_PATH
@with_output
def show(output: Output, number: int | None, path: Path) -> None:
    """Show everything about run NUMBER, the latest unless given: what it got, how it ended."""
    import json

    run = _get(path, number)
    envelope, outcome = run.envelope, run.outcome
    if output.as_json:
        output.document(
            {
                **_summarise(run),
                "envelope": envelope.model_dump(mode="json"),
                "outcome": outcome.model_dump(mode="json") if outcome else None,
            }
        )
        return
    output.fields(
        {
            "run": f"{run.number} ({envelope.job})",
            "plugin": f"{envelope.plugin.code} {envelope.plugin.version}",
            "action": f"{envelope.action} ({envelope.entrypoint}), {envelope.mode}",
            "state": _state(run) if run.reason is None else f"{_state(run)}: {run.reason}",
            "started": format_moment(envelope.created_at),
            "took": _took(run),
            "params": json.dumps(envelope.params, ensure_ascii=False),
            "inputs": ", ".join(
                f"{item.kind} {item.id}" + (f" version {item.version}" if item.version else "")
                for item in envelope.inputs
            )
            or "none",
            "seed": envelope.seed,
            "code": envelope.plugin.folder_digest,
            "python": f"{envelope.environment.interpreter}, {envelope.environment.platform}, "
            f"synapse-sdk {envelope.environment.sdk_version}",
            "events": f"{run.events_file} ({outcome.event_count if outcome else 'unknown'})",
        }
    )
    if outcome and outcome.result is not None:
        output.text(f"\nresult\n{json.dumps(outcome.result, indent=2, ensure_ascii=False)}")
    if outcome and outcome.failure and outcome.failure.traceback:
        output.text(f"\n{outcome.failure.traceback}")


@click.command("metrics")
@click.argument("number", type=int, required=False)
@_PATH
@click.option("-k", "--key", "keys", multiple=True, help="Only this metric; repeatable.")
@click.option("-s", "--step", help="Only metrics of this step.")
@click.option("-x", "--x-axis", help="Metric to draw along, such as epoch (default: the order of recording).")
@with_output
def metrics(
    output: Output,
    number: int | None,
    path: Path,
    keys: tuple[str, ...],
    step: str | None,
    x_axis: str | None,
) -> None:
    """Draw the metrics of run NUMBER, the latest unless given."""
    from synapse_sdk.cli.plot import draw
    from synapse_sdk.plugins.metric_series import choose_series, load_series

    run = _get(path, number)
    series = choose_series(load_series(run), keys=keys, step=step, x_axis=x_axis)
    if output.as_json:
        output.document({"run": run.number, "series": [item.to_document() for item in series]})
        return
    if not series:
        output.say(f"Run {run.number} recorded no metrics.")
    for item in series:
        output.text(draw(item))


@click.command("trials")
@click.argument("number", type=int, required=False)
@_PATH
@with_output
def trials(output: Output, number: int | None, path: Path) -> None:
    """Show the trials of run NUMBER, the latest unless given, if it was a search over hyperparameters."""
    from synapse_sdk.cli.trials import print_trials
    from synapse_sdk.plugins.run_record import iter_events
    from synapse_sdk.plugins.trial_rows import TRIALS_EVENT, TrialRows

    run = _get(path, number)
    found = TrialRows.read(event.body or {} for event in iter_events(run) if event.name == TRIALS_EVENT)
    print_trials(output, found, whose=f"Run {run.number}", run=run.number)


def _get(path: Path, number: int | None) -> RecordedRun:
    from synapse_sdk.plugins.run_record import find_records_folder, get_latest_run, get_run

    folder = find_records_folder(path)
    return get_latest_run(folder) if number is None else get_run(folder, number)


def _summarise(run: RecordedRun) -> dict[str, Any]:
    return {
        "run": run.number,
        "job": run.envelope.job,
        "action": run.envelope.action,
        "state": run.state,
        "reason": run.reason,
        "rehearsed": _is_rehearsed(run),
        "started_at": run.envelope.model_dump(mode="json")["created_at"],
        "ended_at": run.outcome.model_dump(mode="json")["ended_at"] if run.outcome else None,
        "folder": str(run.folder),
    }


def _state(run: RecordedRun) -> str:
    return f"{run.state} (rehearsed)" if _is_rehearsed(run) else run.state


def _is_rehearsed(run: RecordedRun) -> bool:
    return run.outcome is not None and run.outcome.rehearsed is not None


def _took(run: RecordedRun) -> str:
    if run.outcome is None:
        return ""
    return format_duration((run.outcome.ended_at - run.outcome.started_at).total_seconds())
