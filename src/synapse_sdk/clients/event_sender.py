"""A spool's events on their way to the server: in order, none skipped but those that it refuses, counted."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from synapse_sdk.clients.errors import ClientError, ServerError
from synapse_sdk.clients.event_spool import BATCH_BYTES, BATCH_LINES, SpoolReader
from synapse_sdk.clients.transport import Transport

NDJSON = "application/x-ndjson"
#: Seconds before the first and at most before any later attempt to send again.
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
#: Bodies from here on are compressed, except for this machine's own server.
GZIP_FROM_BYTES = 16 * 1024

#: The token is over, or the job gone: there is no sense in going on.
_OVER = (401, 403, 404, 410)
#: Refusals that say nothing about the events.
_TEMPORARY = (408, 425, 429)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SentEvents(NamedTuple):
    """What one sending of a spool did."""

    sent_count: int
    #: Events that the server will never take; passed over. Of this and of earlier sendings.
    refused_count: int


class EventSender:
    """Sends what a spool's reader gives. Used by one thread."""

    def __init__(self, reader: SpoolReader, transport: Transport, job: str) -> None:
        self._reader = reader
        self._transport = transport
        self._path = f"jobs/{quote(job, safe='')}/events/"
        self._may_compress = urlsplit(transport.url).hostname not in _LOOPBACK
        self.sent_count = 0
        #: The last batch was a small one: there was no more to send.
        self.is_ahead = False
        #: Why the server refused the last event that it refused.
        self.refusal: ClientError | None = None

    def send_next(self) -> bool:
        """Send the next batch; False when there is nothing to send.

        Raises:
            ClientError: It did not arrive. See `is_over` and `wait_s`. What of it did arrive is noted.
        """
        batch = self._reader.read_batch()
        self.is_ahead = batch.line_count < BATCH_LINES and len(batch.data) < BATCH_BYTES // 2
        if batch.oversized_bytes:
            self._reader.advance(batch.oversized_bytes, refused_count=1)
            self.refusal = ClientError(
                413, f"An event of {batch.oversized_bytes:,} bytes is too large to send."
            )
            return True
        if not batch.data:
            return False
        self._send(batch.data, batch.line_count)
        return True

    def _send(self, data: bytes, line_count: int) -> None:
        try:
            refused_count = _count_refused(self._post(data))
        except ClientError as error:
            if error.status_code is None or _is_temporary(error) or is_over(error):
                raise
            # Some line is not to the server's liking. Halves lead to it; the others arrive in order.
            self.refusal = error
            if line_count == 1:
                self._reader.advance(len(data), refused_count=1)
                return
            for half in _halve(data):
                self._send(half, half.count(b"\n"))
        else:
            if refused_count:
                self.refusal = ClientError(409, f"The server refused {refused_count} events of a batch.")
            self._reader.advance(len(data), refused_count=refused_count)
            self.sent_count += line_count - refused_count

    def _post(self, body: bytes) -> Any:
        headers = {"Content-Type": NDJSON}
        if self._may_compress and len(body) >= GZIP_FROM_BYTES:
            try:
                # Level 1: most of the gain, at the speed of a fast network.
                compressed = gzip.compress(body, 1)
                return self._ask(compressed, {**headers, "Content-Encoding": "gzip"})
            except ClientError as error:
                if error.status_code not in (400, 415):
                    raise
                # Perhaps a server, or what stands before it, that does not know compressed bodies.
                self._may_compress = False
        return self._ask(body, headers)

    def _ask(self, content: bytes, headers: dict[str, str]) -> Any:
        try:
            return self._transport.post(self._path, content=content, headers=headers, retries=False)
        except ValueError as error:  # says that it is JSON, and is not
            raise _not_a_server() from error


def is_over(error: ClientError) -> bool:
    """Will this server never take events with this token again?"""
    return error.status_code in _OVER


def wait_s(error: ClientError, failure_count: int) -> float:
    """Return how long to wait before sending again: what the server asks for, else longer each time."""
    asked_s = error.details.get("retry_after_s")
    if asked_s is not None:
        return float(asked_s)
    # Jitter: the workers of a cluster do not all come back in the same instant.
    longest_s = min(FIRST_WAIT_S * (1 << min(failure_count, 10)), LONGEST_WAIT_S)
    return longest_s * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def send_spool(spool: Path, *, url: str, token: str, job: str) -> SentEvents:
    """Send what the server does not have yet of a spool, to the spool's end, once.

    What is acknowledged is noted beside the spool even when an error ends this; calling again goes on there.
    A spool that is not there has no events.

    Args:
        spool: The file that a `ServerSink` wrote.
        url: The server's address.
        token: A token that may report for the job.
        job: The job's id.

    Raises:
        ClientError: The server can not be reached, can not take them now, or does not take this token.
    """
    reader, transport = SpoolReader(spool), Transport(url, token)
    sender = EventSender(reader, transport, job)
    try:
        while sender.send_next():
            pass
    finally:
        reader.close()
        transport.close()
    return SentEvents(sender.sent_count, reader.refused_count)


def _halve(data: bytes) -> tuple[bytes, bytes]:
    """Cut several lines into two parts of about as many bytes."""
    last = data.rfind(b"\n", 0, -1) + 1
    middle = min(data.index(b"\n", len(data) // 2) + 1, last)
    return data[:middle], data[middle:]


def _is_temporary(error: ClientError) -> bool:
    status = error.status_code
    return status is None or status >= 500 or status in _TEMPORARY


def _count_refused(answer: Any) -> int:
    """Return how many events of a batch the server took note of and refused.

    Raises:
        ServerError: This is not the answer of a server that has stored them: a proxy's page, say.
    """
    if not isinstance(answer, dict) or "accepted" not in answer:
        raise _not_a_server()
    refused = answer.get("refused") or 0
    return refused if isinstance(refused, int) else len(refused)


def _not_a_server() -> ServerError:
    return ServerError(502, "What answers at the server's address is not a Synapse server.")
