"""A job's story on this terminal while it runs somewhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from synapse_sdk.cli.output import Output
from synapse_sdk.cli.result import print_result
from synapse_sdk.cli.rim import ExitCode

if TYPE_CHECKING:
    from synapse_sdk.clients.absence import Absence
    from synapse_sdk.clients.errors import ClientError
    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.plugins.terminal import TerminalSink

_WORDS = {"SUCCEEDED": ("Succeeded", "green"), "FAILED": ("Failed", "red"), "STOPPED": ("Stopped", "yellow")}


def follow_to_end(output: Output, transport: Transport, job: dict[str, Any], *, debug: bool = False) -> int:
    """Show a job's events and what it prints until it has ended; then its result.

    Returns:
        0 for SUCCEEDED, 1 for FAILED and STOPPED, 130 after Ctrl-C, which leaves the job alone.
    """
    from synapse_sdk.clients.jobs import follow_events, get_job
    from synapse_sdk.plugins.event_encoder import EncodedEvent
    from synapse_sdk.plugins.terminal import TerminalSink

    number = job["number"]
    sink = TerminalSink(output.err, show_debug=debug)
    absence = tell_absence(output, number, paused=sink.paused)
    try:
        with _printed_meanwhile(output, transport, job, sink, absence):
            for _, event in follow_events(transport, job["id"], absence=absence):
                if event.kind == "state" and event.producer == "server":
                    _say_state(output, sink, event.body or {})
                elif event.kind != "state":
                    sink.write([EncodedEvent(event, b"")])
        sink.close()
    except KeyboardInterrupt:
        sink.close()
        output.say(f"No longer watching; job {number} goes on.")
        output.say(f"Watch it again: synapse job follow {number}   Stop it: synapse job stop {number}")
        return ExitCode.INTERRUPTED
    return _say_end(output, absence.outlast(lambda: get_job(transport, job["id"])))


def tell_absence(
    output: Output, number: object, *, paused: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Absence:
    """Return what tells, on stderr, that the server is away while a job is followed, and that it is back.

    Args:
        output: Where to.
        number: The job's.
        paused: Held while something is written, so that a live line does not get in between.
    """
    from synapse_sdk.clients.absence import Absence

    def say_away(error: ClientError) -> None:
        with paused():
            output.warn(error.message, hint=f"Job {number} goes on; trying again until the server is back.")

    def say_back() -> None:
        with paused():
            output.say(f"The server is back; following job {number} again.")

    return Absence(on_away=say_away, on_back=say_back)


@contextmanager
def _printed_meanwhile(
    output: Output, transport: Transport, job: dict[str, Any], sink: TerminalSink, absence: Absence
) -> Iterator[None]:
    """Show what the job's process prints on stdout, above the live line, until the job has ended."""
    from synapse_sdk.clients.job_logs import follow_log
    from synapse_sdk.clients.transport import Transport as OwnTransport

    problems: list[Exception] = []
    own = OwnTransport.like(transport)

    def show() -> None:
        try:
            for line in follow_log(own, job["id"], stream="stdout", absence=absence):
                with sink.paused():
                    # Under --json stdout is for the one document.
                    print(line, file=output.err if output.as_json else output.out)
                    output.out.flush()
        except Exception as error:  # noqa: BLE001 - told below, in the thread that speaks
            problems.append(error)

    thread = threading.Thread(target=show, name="job-stdout", daemon=True)
    thread.start()
    yield
    thread.join(10)
    own.close()
    for error in problems:
        output.warn(
            f"What the job printed can not be shown: {getattr(error, 'message', error)}",
            hint=f"synapse job logs {job['number']}",
        )


def _say_state(output: Output, sink: TerminalSink, body: dict[str, Any]) -> None:
    if body.get("state") == "RUNNING":
        with sink.paused():
            where = f" on {body['agent']}" if body.get("agent") else ""
            output.say(output.style(f"running{where}", bold=True))
    elif body.get("state") == "PENDING" and body.get("reason"):
        with sink.paused():
            output.say(f"waiting: {body['reason']}")


def _say_end(output: Output, document: dict[str, Any]) -> int:
    word, colour = _WORDS.get(document["state"], (document["state"], "yellow"))
    output.say(f"{output.style(word, fg=colour)}   (job {document['number']})")
    if document["state"] != "SUCCEEDED" and document.get("reason"):
        look = f"synapse job logs {document['number']} --stream stderr"
        # A job without a place has no log; the agents are what there is to look at.
        look = "synapse agent list" if document["cause"] == "placement" else look
        advice = (document.get("failure") or {}).get("hint")
        output.error(document["reason"], hint=advice or look)
        if advice:
            output.say(f"Look closer: {look}")
    if output.as_json:
        output.document(document)
    elif document["state"] == "SUCCEEDED":
        print_result(output, document.get("result"), whole=f"synapse job get {document['number']}")
    sys.stdout.flush()
    return ExitCode.DONE if document["state"] == "SUCCEEDED" else ExitCode.FAILED
