"""From a `JobLogger`'s events to the two calls of a job's client, in batches. Runs in the stream's thread.

Source: interface sheet `core.md` §4.4.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from synapse_sdk.plugins.event_encoder import EncodedEvent
from synapse_sdk.wire.event import Event

#: Entries that may wait while the client fails.
WAITING_LIMIT = 10_000
#: Seconds between two tries while no more entries may wait.
_RETRY_S = 0.2
_log = logging.getLogger("synapse_sdk.loggers")


class JobClient(Protocol):
    """What a `JobLogger` needs of a client."""

    def create_logs(self, data: list[dict[str, Any]]) -> Any:
        """Take entries."""

    def update_job(self, pk: Any, data: dict[str, Any]) -> Any:
        """Take records."""


class JobClientSink:
    """Sends what comes; keeps what the client does not take, for the next time."""

    def __init__(
        self,
        client: JobClient,
        job_id: str,
        *,
        write_records: Callable[[set[str]], dict[str, Any]],
        batch_size: int,
        wait_limit_s: float,
    ) -> None:
        """Send to `client`.

        Args:
            client: Who takes it.
            job_id: Of what.
            write_records: The newest records of the kinds "progress" and "metric".
            batch_size: Most entries of one call.
            wait_limit_s: Seconds to wait for a failing client when no more entries may wait.
        """
        self._client = client
        self._job_id = job_id
        self._write_records = write_records
        self._batch_size = batch_size
        self._wait_limit_s = wait_limit_s
        self._waiting: deque[dict[str, Any]] = deque()
        self._changed: set[str] = set()
        self._has_warned = False
        self.dropped = 0
        self.unconfirmed = 0
        self.waits = 0
        self.wait_s = 0.0
        self.wait_timeouts = 0

    @property
    def unsent_count(self) -> int:
        """Entries that still wait."""
        return len(self._waiting)

    def write(self, batch: Sequence[EncodedEvent]) -> None:
        """Send a round."""
        for encoded in batch:
            if encoded.event.kind in ("progress", "metric"):
                self._changed.add(encoded.event.kind)
            else:
                self._waiting.append(_write_entry(encoded.event, self._job_id))
        self._send()
        if len(self._waiting) > WAITING_LIMIT:
            self._wait_for_client()

    def close(self) -> None:
        """Send what is left, once more."""
        self._changed.add("progress")
        self._send()

    def _send(self) -> bool:
        try:
            for entries in self._take_batches():
                self._client.create_logs(entries)
                for _ in entries:
                    self._waiting.popleft()
            if self._changed and (records := self._write_records(self._changed)):
                self._client.update_job(self._job_id, records)
            self._changed.clear()
        except Exception as error:  # noqa: BLE001 - border of foreign code: training goes on, the loss report tells
            self.unconfirmed += isinstance(error, TimeoutError) or "Timeout" in type(error).__name__
            self._warn(error)
            return False
        self._has_warned = False
        return True

    def _take_batches(self) -> Iterator[list[dict[str, Any]]]:
        # An entry with a file travels alone.
        while self._waiting:
            batch: list[dict[str, Any]] = []
            for entry in self._waiting:
                if batch and ("file" in entry or "file" in batch[0] or len(batch) >= self._batch_size):
                    break
                batch.append(entry)
            yield batch

    def _wait_for_client(self) -> None:
        self.waits += 1
        began = time.monotonic()
        while len(self._waiting) > WAITING_LIMIT and time.monotonic() - began < self._wait_limit_s:
            time.sleep(_RETRY_S)
            self._send()
        self.wait_s += time.monotonic() - began
        if len(self._waiting) > WAITING_LIMIT:
            self.wait_timeouts += 1
        while len(self._waiting) > WAITING_LIMIT:
            self._waiting.popleft()
            self.dropped += 1

    def _warn(self, error: Exception) -> None:
        if not self._has_warned:  # once for each time that the client stops answering
            self._has_warned = True
            _log.warning(
                "The log of job %s could not be sent (%s); it is kept.", self._job_id, type(error).__name__
            )


def _write_entry(event: Event, job_id: str) -> dict[str, Any]:
    body = dict(event.body or {})
    if event.kind != "log":  # what the stream itself says: events that were lost, texts that were cut
        body = {"data": body}
    entry = {
        "event": event.name or event.kind,
        "data": body.get("data", {}),
        "datetime": event.at.isoformat(),
        "job": job_id,
    }
    facts = {"step": event.step, "level": event.level, "file": body.get("file")}
    return entry | {name: value for name, value in facts.items() if value is not None}
