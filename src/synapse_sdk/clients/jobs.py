"""Jobs of a server: submit, look, follow, stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.clients.absence import AWAY, Absence
from synapse_sdk.clients.errors import ClientError
from synapse_sdk.clients.sse import read_messages

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.wire.event import Event

#: States after which nothing happens any more.
END_STATES = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})
#: A stream is silent for at most 15 s: the server sends a comment then.
STREAM_TIMEOUT_S = 45.0


def submit_job(transport: Transport, plugin: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for a job of a published plugin; return its document. Repeated sending makes one job.

    Raises:
        NotFoundError: There is no such plugin, release or action.
        ValidationError: The params do not fit.
    """
    document: dict[str, Any] = transport.post(
        f"plugins/{quote(plugin, safe='')}/run/", json=dict(body), idempotency_key=uuid7()
    )
    return document


def get_job(transport: Transport, job: str) -> dict[str, Any]:
    """Return a job's document, by its id or its number."""
    document: dict[str, Any] = transport.get(f"jobs/{quote(job, safe='')}/")
    return document


def stop_job(transport: Transport, job: str) -> dict[str, Any]:
    """Ask a job to stop; return its document. One that has ended stays as it is."""
    document: dict[str, Any] = transport.post(f"jobs/{quote(job, safe='')}/stop/", idempotency_key=uuid7())
    return document


def iter_results(
    transport: Transport, path: str, *, params: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the items of a list, page by page."""
    page: dict[str, Any] = transport.get(path, params=dict(params or {}))
    while True:
        yield from page["results"]
        if not page.get("next"):
            return
        page = transport.get(page["next"])


def follow_events(
    transport: Transport, job: str, *, after: int = 0, absence: Absence | None = None
) -> Iterator[tuple[int, Event]]:
    """Yield (cursor, event) of a job until it has ended, each once. A broken connection is taken up again.

    Args:
        transport: The server.
        job: Id or number.
        after: Only events after this cursor.
        absence: Told when the server goes away and comes back.

    Raises:
        ClientError: The server refuses, such as for a job that is not there.
    """
    from synapse_sdk.wire.event import Event

    path = f"jobs/{quote(job, safe='')}/events/stream/"
    for cursor, data in _follow(transport, path, "after", after, absence or Absence()):
        yield cursor, Event.model_validate_json(data)


def _follow(
    transport: Transport, path: str, name: str, position: int, absence: Absence
) -> Iterator[tuple[int, str]]:
    failures = 0
    while True:
        broken: ClientError | None = None
        try:
            with transport.stream(path, params={name: position}, timeout_s=STREAM_TIMEOUT_S) as response:
                absence.note_answer()
                for message in read_messages(response.iter_lines()):
                    failures = 0
                    if message.event == "end":
                        return
                    if message.id is not None:
                        position = int(message.id)
                    yield position, message.data
        except AWAY as error:
            broken = error
        # Ended without saying so, or broken: the server went away, and may come back.
        absence.wait(failures, broken)
        failures += 1
