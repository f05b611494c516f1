"""The sink of an attempt that reports to a server: a file first, the network afterwards.

```text
EventStream ──write──▶ spool file ──one daemon thread──▶ POST jobs/<job>/events/
```

The file is the queue: no limit but the disk's, the same cost whether the server is fast, slow or away, and it
outlives this process, so that what it could not send is sent by the agent.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.units import format_size
from synapse_sdk.clients.errors import ClientError
from synapse_sdk.clients.event_sender import EventSender, SentEvents, is_over, send_spool, wait_s
from synapse_sdk.clients.event_spool import FULL_DISK_PATIENCE_S, Encoded, EventSpool, SpoolReader
from synapse_sdk.clients.server_address import ServerAddress
from synapse_sdk.clients.transport import Transport

__all__ = ["EventsRefusedError", "SentEvents", "ServerSink", "send_spool"]

#: Seconds between two looks for lines of child processes, which can not wake the sender.
POLL_S = 0.5
#: Seconds between two requests while there is little to send: soon enough for whoever watches, and few enough
#: not to take the interpreter from the loop that reports.
PACE_S = 0.25
#: New events that are no longer little: they are sent at once.
MUCH = 1_000
#: Seconds between two notes of how far the server has it.
SAVE_EVERY_S = 1.0
#: Seconds that the end of an attempt waits for the server, and the longest pause between tries then.
CLOSE_TIMEOUT_S = 10.0
LAST_PAUSE_S = 1.0


class EventsRefusedError(SynapseError):
    """The server refused events for what they are. `details`: lost_event_count, spool, status_code."""

    def __init__(self, lost_event_count: int, spool: Path, refusal: ClientError | None) -> None:
        reason = f": {refusal.message}" if refusal else "."
        super().__init__(
            f"The server refused {lost_event_count} events{reason}",
            {
                "lost_event_count": lost_event_count,
                "spool": str(spool),
                "status_code": refusal.status_code if refusal else None,
            },
            hint=f"They are still in {spool}.",
        )

    @property
    def lost_event_count(self) -> int:
        """Events that the server will never have."""
        return int(self.details["lost_event_count"])


class ServerSink:
    """Appends events to a spool; a thread of the process that made it sends them.

    The first batch starts the thread. Children, forked or handed this sink by pickling, append to the same
    spool and send nothing. The token is kept in memory only.
    """

    is_shared_with_children = True

    def __init__(
        self,
        spool: Path,
        *,
        url: str | ServerAddress,
        token: str,
        job: str,
        say: Callable[[str], None] | None = None,
        full_disk_patience_s: float = FULL_DISK_PATIENCE_S,
    ) -> None:
        """Prepare; nothing is made or started before the first batch.

        Args:
            spool: The file to append to. One that is there already is gone on with.
            url: The server's address.
            token: A token that may report for the job.
            job: The job's id.
            say: Takes sentences for a person; standard error unless given.
            full_disk_patience_s: How long a batch waits for room before it is lost.
        """
        self.spool = spool
        self._url, self._token, self._job = url, token, job
        self._say = say or _say_on_stderr
        self._file = EventSpool(spool, full_disk_patience_s=full_disk_patience_s)
        self._owner = os.getpid()
        self._thread: threading.Thread | None = None
        self._reader: SpoolReader | None = None
        self._wake = threading.Event()
        self._closing = threading.Event()
        #: Ends the pause between two requests: much has come, or the end.
        self._hurry = threading.Event()
        self._new_count = 0
        self._deadline_s = 0.0
        #: Events that the server refused for what they are.
        self.lost_event_count = 0
        self._refusal: ClientError | None = None
        #: Why nothing is sent any more, when the token is over.
        self.stopped_by: ClientError | None = None

    def __repr__(self) -> str:
        return f"ServerSink({str(self.spool)!r}, url={str(self._url)!r}, job={self._job!r})"

    def __reduce__(self) -> tuple[type[EventSpool], tuple[Path]]:
        return EventSpool, (self.spool,)  # without the token: only the process that made this one sends

    def write(self, batch: Sequence[Encoded]) -> None:
        """Append the line of each event. The network is never waited for.

        Raises:
            OSError: The spool can not be written, or there was no room for longer than we wait; its
                `taken_event_count` says how many events of the batch are kept.
        """
        try:
            self._file.write(batch)
        finally:  # the first events of a batch that did not fit whole are to be sent too
            if self._owner == os.getpid():
                self._new_count += len(batch)
                self._wake_sender()

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Wait until the server has everything, but not longer than `timeout_s`.

        What it does not have by then stays in the spool, is not lost, and is told with its count.

        Raises:
            EventsRefusedError: The server refused events for what they are.
        """
        if self._owner != os.getpid() or self._closing.is_set():
            return
        self._deadline_s = time.monotonic() + timeout_s
        self._closing.set()
        self._hurry.set()
        self._wake.set()
        if self._thread is not None:
            # A request under way is not torn: its thread may go on for as long as this process does.
            self._thread.join(timeout_s + 0.5)
        if self._reader is not None:
            self._reader.save()
            self._tell_what_is_left(self._reader)
        if self.lost_event_count:
            raise EventsRefusedError(self.lost_event_count, self.spool, self._refusal)

    def _wake_sender(self) -> None:
        if self._thread is None:
            self._reader = SpoolReader(self.spool)
            self._thread = threading.Thread(
                target=self._run, args=(self._reader,), name="synapse-sender", daemon=True
            )
            self._thread.start()
        self._wake.set()
        if self._new_count >= MUCH:
            self._hurry.set()

    def _run(self, reader: SpoolReader) -> None:
        transport = Transport(self._url, self._token)
        try:
            self._send_all(reader, EventSender(reader, transport, self._job))
        finally:
            reader.close()
            transport.close()

    def _send_all(self, reader: SpoolReader, sender: EventSender) -> None:
        failure_count, saved_s = 0, time.monotonic()
        while self.stopped_by is None and not self._is_late():
            self._hurry.clear()
            self._new_count = 0
            # Asked before the file is read: whoever closes has written everything before.
            is_closing = self._closing.is_set()
            self._wake.clear()
            try:
                has_sent = sender.send_next()
            except ClientError as error:
                self._note_failure(error, failure_count)
                failure_count += 1
            else:
                failure_count = 0
                if not has_sent and is_closing:
                    return
                if has_sent and sender.is_ahead and not is_closing:
                    self._hurry.wait(PACE_S)
                elif not has_sent:
                    self._wake.wait(POLL_S)
            self._note_refusals(reader, sender)
            if time.monotonic() - saved_s >= SAVE_EVERY_S:
                reader.save()
                saved_s = time.monotonic()

    def _note_failure(self, error: ClientError, failure_count: int) -> None:
        if not is_over(error):
            self._pause(wait_s(error, failure_count))
            return
        self.stopped_by = error
        self._say(
            f"The server takes no more events of this job ({error.message}). "
            f"They go on being kept in {self.spool}."
        )

    def _pause(self, seconds: float) -> None:
        # The beginning of the end cuts a long pause short, to use what time is left.
        if self._closing.is_set() or self._closing.wait(seconds):
            time.sleep(max(0.0, min(seconds, LAST_PAUSE_S, self._deadline_s - time.monotonic())))

    def _is_late(self) -> bool:
        return self._closing.is_set() and time.monotonic() >= self._deadline_s

    def _note_refusals(self, reader: SpoolReader, sender: EventSender) -> None:
        if reader.refused_count and not self.lost_event_count:
            reason = f" ({sender.refusal.message})" if sender.refusal else ""
            self._say(f"The server refuses events of this job{reason}. They stay in {self.spool}.")
        self.lost_event_count, self._refusal = reader.refused_count, sender.refusal

    def _tell_what_is_left(self, reader: SpoolReader) -> None:
        count, size_bytes = reader.count_left()
        if count and self.stopped_by is None:
            self._say(
                f"{count} events ({format_size(size_bytes)}) are not with the server yet; "
                f"they are kept in {self.spool}."
            )


def _say_on_stderr(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - the log of the attempt is where an author looks
