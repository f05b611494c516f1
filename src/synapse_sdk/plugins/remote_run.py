"""An action as a job on a server, waited for: `run_plugin(..., mode="remote")`.

```text
params ──submit──▶ job ──events──▶ sinks
                    └────end────▶ result, or ExecutionError
```
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.plugins.errors import ActionNotFoundError, ExecutionError, ParamsError
from synapse_sdk.plugins.event_encoder import EncodedEvent

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.plugins.events import Sink

JobDocument = dict[str, Any]


def run_remotely(
    code: str, action: str, params: Mapping[str, Any], *, language: str, sinks: Sequence[Sink]
) -> Any:
    """Run an action of a plugin's newest release on the server of this machine's login; return its result.

    Waits until the job has ended, also while the server is away. What interrupts the waiting leaves the job
    alone.

    Args:
        code: The plugin's code on the server.
        action: Name of the action.
        params: Its params.
        language: Language of messages written in several.
        sinks: Get the action's events as they arrive, and are closed.

    Raises:
        NotLoggedInError: There is no address or no token of a server.
        ActionNotFoundError, ParamsError: The release has no such action, or its params do not fit.
        ExecutionError: The job failed or was stopped. `details`: job, number, state, cause, failure.
        ClientError: The server can not be reached, or refuses.
    """
    from synapse_sdk.clients.login import open_transport

    transport = open_transport()
    try:
        job = _submit(transport, code, {"action": action, "params": dict(params), "language": language})
        try:
            return _take_result(_follow(transport, job, sinks))
        finally:
            for sink in sinks:
                sink.close()
    finally:
        transport.close()


def _submit(transport: Transport, code: str, body: Mapping[str, Any]) -> JobDocument:
    from synapse_sdk.clients.errors import NotFoundError, ValidationError
    from synapse_sdk.clients.jobs import submit_job

    try:
        return submit_job(transport, code, body)
    except ValidationError as error:
        problem = error.details.get("problem", {})
        if "errors" not in problem:
            raise
        raise ParamsError(
            f"The params of {body['action']} do not fit: {error.message}",
            {"problems": problem["errors"]},
            hint=error.hint,
        ) from error
    except NotFoundError as error:
        problem = error.details.get("problem", {})
        if "available" not in problem:
            raise
        details = {"action": body["action"], "available": problem["available"]}
        raise ActionNotFoundError(error.message, details, hint=error.hint) from error


def _follow(transport: Transport, job: JobDocument, sinks: Sequence[Sink]) -> JobDocument:
    """Hand the events of a job to the sinks until it has ended; return its document."""
    from synapse_sdk.clients.absence import Absence
    from synapse_sdk.clients.jobs import follow_events, get_job

    absence = Absence(on_away=lambda error: _warn(f"{error.message} Job {job['number']} is waited for."))
    hearing = list(sinks)
    for _, event in follow_events(transport, job["id"], absence=absence):
        if event.producer == "server":
            continue  # what becomes of the job is no event of the action
        encoded = EncodedEvent(event, event.model_dump_json(exclude_none=True).encode())
        for sink in list(hearing):
            try:
                sink.write([encoded])
            except Exception as error:  # noqa: BLE001 - a sink that fails loses its own events, not the result
                hearing.remove(sink)
                _warn(f"{type(sink).__name__} gets no more events of job {job['number']}: {error}")
    return absence.outlast(lambda: get_job(transport, job["id"]))


def _take_result(job: JobDocument) -> Any:
    if job["state"] == "SUCCEEDED":
        return job.get("result")
    reason = job.get("reason") or f"Job {job['number']} ended as {job['state']}."
    facts = {"job": job["id"], **{name: job.get(name) for name in ("number", "state", "cause", "failure")}}
    look = f"synapse job logs {job['number']} --stream stderr"
    advice = (job.get("failure") or {}).get("hint")
    raise ExecutionError(reason, facts, hint=f"{advice} Look closer: {look}" if advice else look)


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def refuse_local_options(*, env: Mapping[str, Any] | None, rehearse: bool) -> None:
    """Refuse what only a run of this process can have.

    Raises:
        SynapseError: It is asked for.
    """
    if rehearse:
        raise SynapseError(
            "rehearse: a remote run is never rehearsed.", hint='Leave mode="remote" out to rehearse here.'
        )
    if env:
        raise SynapseError(
            "env: a remote run has the variables of its release and its agent, none of this process.",
            {"env": sorted(env)},
            hint="Write them under `env:` in config.yaml, and publish.",
        )
