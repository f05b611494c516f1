"""`synapse job …`, also `synapse plugin job …`: what runs on a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from synapse_sdk._internal.units import count_of, format_duration, format_moment, format_size
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server_access import with_server

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport

#: Rows that fit a glance; `--limit` changes it.
_SHOWN_ROWS = 20
_STATES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "STOPPED")

job = LazyGroup(
    "job",
    help="Look at, follow and stop jobs on a server.",
    entries={
        "list": Entry("synapse_sdk.cli.job:list_jobs", "List jobs, newest first."),
        "get": Entry("synapse_sdk.cli.job:get", "Show a job: state, params, result."),
        "logs": Entry("synapse_sdk.cli.job:logs", "Print what a job's process printed."),
        "events": Entry("synapse_sdk.cli.job:events", "Print a job's events."),
        "metrics": Entry("synapse_sdk.cli.job:metrics", "Draw a job's metrics."),
        "trials": Entry("synapse_sdk.cli.job:trials", "Show the trials of a job's search."),
        "download": Entry("synapse_sdk.cli.job:download", "Fetch the files that a job left in outputs/."),
        "follow": Entry("synapse_sdk.cli.job:follow", "Watch a job until it ends."),
        "stop": Entry("synapse_sdk.cli.job:stop", "Ask a job to stop."),
    },
)


def _command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of one job: `JOB`, `--json`, and a transport."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(name)(
            click.argument("job_id", metavar="JOB")(with_output(with_server(function)))
        )

    return decorate


@click.command("list")
@with_output
@with_server
@click.option("--state", type=click.Choice(_STATES, case_sensitive=False), help="Only jobs in this state.")
@click.option("-p", "--plugin", help="Only jobs of this plugin.")
@click.option("--action", help="Only jobs of this action.")
@click.option("--limit", type=click.IntRange(1, 1000), default=_SHOWN_ROWS, help="How many (default: 20).")
def list_jobs(
    output: Output,
    transport: Transport,
    state: str | None,
    plugin: str | None,
    action: str | None,
    limit: int,
) -> None:
    """List jobs, newest first."""
    wanted = {"state": state, "plugin": plugin, "action": action, "limit": limit}
    page = transport.get("jobs/", params={key: value for key, value in wanted.items() if value is not None})
    if output.as_json:
        output.document({"jobs": page["results"]})
        return
    output.table(
        ["job", "plugin", "action", "state", "created", "took", "reason"],
        [
            (
                item["number"],
                f"{item['plugin_release']['plugin']} {item['plugin_release']['version']}",
                item["action"],
                item["state"],
                format_moment(datetime.fromisoformat(item["created"])),
                _took(item),
                item.get("reason") or "",
            )
            for item in page["results"]
        ],
    )


@_command("get")
def get(output: Output, transport: Transport, job_id: str) -> None:
    """Show JOB, by its number or id: state, params, result."""
    from synapse_sdk.clients.jobs import get_job

    document = get_job(transport, job_id)
    if output.as_json:
        output.document(document)
        return
    release = document["plugin_release"]
    advice = (document.get("failure") or {}).get("hint")
    has_result = document["state"] == "SUCCEEDED"
    output.fields(
        {
            "job": f"{document['number']}   ({document['id']})",
            "plugin": f"{release['plugin']} {release['version']}",
            "action": document["action"],
            "state": document["state"],
            "reason": document.get("reason") or "-",
            **({"hint": advice} if advice else {}),
            "agent": (document.get("agent") or {}).get("name") or "-",
            "created": _show_moment(document["created"]),
            "started": _show_moment(document.get("started")),
            "finished": _show_moment(document.get("finished")),
            "took": _took(document) or "-",
            "params": json.dumps(document.get("params"), ensure_ascii=False),
            "result": json.dumps(document.get("result"), ensure_ascii=False) if has_result else "-",
        }
    )


def _show_moment(moment: str | None) -> str:
    """Return a moment of the server's in this machine's time, as `job list` has it."""
    return format_moment(datetime.fromisoformat(moment)) if moment else "-"


@click.command("logs")
@click.argument("job_id", metavar="JOB")
@with_output
@with_server
@click.option("-f", "--follow", "is_following", is_flag=True, help="Go on until the job ends.")
@click.option("--stream", type=click.Choice(["stdout", "stderr"]), help="Only one of the two.")
@click.option("--tail", type=click.IntRange(min=1), help="Only the last lines.")
def logs(
    output: Output,
    transport: Transport,
    job_id: str,
    is_following: bool,
    stream: str | None,
    tail: int | None,
) -> None:
    """Print what the process of JOB printed: its stdout, then its stderr."""
    from functools import partial

    from synapse_sdk.cli.job_follow import tell_absence
    from synapse_sdk.clients.job_logs import follow_log, iter_log

    streams = (stream,) if stream else ("stdout", "stderr")
    if is_following and stream is None:
        streams = ("stderr",)
        output.say("following stderr; --stream stdout follows the other")
    lines: list[dict[str, str]] = []
    for name in streams:
        source = partial(follow_log, absence=tell_absence(output, job_id)) if is_following else iter_log
        for line in source(transport, job_id, stream=name, tail=tail):
            if output.as_json:
                lines.append({"stream": name, "line": line})
            else:
                output.text(line)
                if is_following:  # whoever reads it through a pipe waits for it too
                    output.out.flush()
    if output.as_json:
        output.document({"lines": lines})


@_command("events")
def events(output: Output, transport: Transport, job_id: str) -> None:
    """Print the events of JOB, one a line, oldest first."""
    from synapse_sdk.clients.jobs import iter_results

    found = iter_results(transport, f"jobs/{quote(job_id, safe='')}/events/", params={"limit": 1000})
    if output.as_json:
        output.document({"events": list(found)})
        return
    for event in found:
        what = event.get("name") or event.get("step") or ""
        facts = event.get("values") or event.get("body") or {}
        shown = json.dumps(facts, ensure_ascii=False)
        output.text(f"{event['at']}  {event['producer']:<8} {event['kind']:<9} {what:<12} {shown}")


@click.command("metrics")
@click.argument("job_id", metavar="JOB")
@with_output
@with_server
@click.option("--step", help="Only this step.")
@click.option("--key", help="Only this number.")
def metrics(output: Output, transport: Transport, job_id: str, step: str | None, key: str | None) -> None:
    """Draw the metrics of JOB."""
    from synapse_sdk.cli.job_metrics import draw_series

    wanted = {"step": step, "key": key, "points": 500}
    answer = transport.get(
        f"jobs/{quote(job_id, safe='')}/metrics/",
        params={name: value for name, value in wanted.items() if value is not None},
    )
    if output.as_json:
        output.document(answer)
        return
    if not answer["series"]:
        output.say("This job has recorded no metrics" + (" of that name." if step or key else "."))
    for series in answer["series"]:
        output.text(draw_series(series))


@_command("trials")
def trials(output: Output, transport: Transport, job_id: str) -> None:
    """Show the trials of JOB, if it is a search over hyperparameters."""
    from synapse_sdk.cli.trials import print_trials
    from synapse_sdk.clients.jobs import iter_results
    from synapse_sdk.plugins.trial_rows import TRIALS_EVENT, TrialRows

    path = f"jobs/{quote(job_id, safe='')}/events/"
    events = iter_results(transport, path, params={"limit": 1000, "kind": "log"})
    found = TrialRows.read(event.get("body") or {} for event in events if event.get("name") == TRIALS_EVENT)
    print_trials(output, found, whose=f"Job {job_id}", job=job_id)


@click.command("download")
@click.argument("job_id", metavar="JOB")
@with_output
@with_server
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Folder to make (default: job-JOB).")
@click.option("--attempt", type=click.IntRange(min=1), help="Which attempt (default: the latest).")
def download(
    output: Output, transport: Transport, job_id: str, folder: Path | None, attempt: int | None
) -> int:
    """Fetch the files that JOB left in outputs/ below its working folder."""
    from synapse_sdk.clients.job_outputs import download_outputs, list_outputs

    target = folder or Path(f"job-{job_id}")
    items = list_outputs(transport, job_id, attempt=attempt)
    if not items:
        output.say(f"Job {job_id} has left no files in outputs/.")
    else:
        download_outputs(transport, job_id, items, target.absolute(), attempt=attempt)
        size = format_size(sum(item.size_bytes for item in items))
        output.say(f"{count_of(len(items), 'file')}, {size}, in {target}/")
    if output.as_json:
        output.document({"folder": str(target), "files": [item.path for item in items]})
    elif items:
        output.table(("file", "size"), [(item.path, format_size(item.size_bytes)) for item in items])
    return ExitCode.DONE


@_command("follow")
def follow(output: Output, transport: Transport, job_id: str) -> int:
    """Watch JOB until it ends. Exit code 0 for SUCCEEDED, 1 otherwise; Ctrl-C only ends the watching."""
    from synapse_sdk.cli.job_follow import follow_to_end
    from synapse_sdk.clients.jobs import get_job

    return follow_to_end(output, transport, get_job(transport, job_id))


@_command("stop")
def stop(output: Output, transport: Transport, job_id: str) -> int:
    """Ask JOB to stop: its process is told to end, and killed if it does not."""
    from synapse_sdk.clients.jobs import END_STATES, stop_job

    document = stop_job(transport, job_id)
    if output.as_json:
        output.document(document)
    elif document["state"] in END_STATES:
        output.say(f"Job {document['number']} has ended already: {document['state']}.")
    else:
        output.say(
            f"Job {document['number']} was asked to stop. Watch it: synapse job follow {document['number']}"
        )
    return ExitCode.DONE


def _took(document: dict[str, Any]) -> str:
    if not document.get("started") or not document.get("finished"):
        return ""
    started, ended = (datetime.fromisoformat(document[name]) for name in ("started", "finished"))
    return format_duration((ended - started).total_seconds())
