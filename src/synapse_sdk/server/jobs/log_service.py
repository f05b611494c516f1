"""Rules of logs: who appends and reads, quotas, ranges."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import ConflictError, Principal
from synapse_sdk.server.jobs import log_store, store
from synapse_sdk.server.jobs.attempt_service import require_holder
from synapse_sdk.server.jobs.job_service import require_job
from synapse_sdk.server.jobs.log_files import ANSWER_LIMIT_BYTES, Line, LogFile, LogGapError
from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.notifier import Notifier, events_topic, logs_topic
from synapse_sdk.server.jobs.states import END_STATES
from synapse_sdk.server.jobs.transitions import append_event
from synapse_sdk.wire.logs import LOG_QUOTA_BYTES

Stream = Literal["stdout", "stderr"]
STREAMS: tuple[Stream, ...] = ("stdout", "stderr")
#: Bytes that one search looks at.
SEARCH_LIMIT_BYTES = 16 * 1024 * 1024


class LogPage(NamedTuple):
    """Lines of a log."""

    attempt: int
    stream: Stream
    from_line: int
    lines: list[Line]
    #: Line that the next page, or the next search, begins at.
    next_line: int
    line_count: int
    size_bytes: int
    #: Nothing will be added any more.
    is_complete: bool


class LogPlace(NamedTuple):
    """An open log, for whoever has been let in."""

    job_key: int
    attempt: int
    file: LogFile


class LogService:
    """Logs of attempts."""

    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        folder: Path,
        *,
        quota_bytes: int = LOG_QUOTA_BYTES,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Keep logs in `folder`, at `<job>/<attempt>/<stream>.log`."""
        self._database = database
        self._notifier = notifier
        self._folder = folder
        self._quota_bytes = quota_bytes
        self._now = now
        self._files: dict[Path, LogFile] = {}
        self._files_lock = threading.Lock()

    def append(
        self, principal: Principal, lookup: str, attempt: int, stream: Stream, offset: int, data: bytes
    ) -> int:
        """Append bytes at an offset; what is there already is skipped. Returns the size from then on.

        Over the job's quota, what comes is only counted.

        Raises:
            ConflictError: They begin behind the end; `details["offset"]` says where to go on.
            ForbiddenError: The attempt was not given to this agent.
        """
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            principal.require("agents:work")
            require_holder(connection, principal, job, attempt)
            cut = log_store.find_cut(connection, job.key, attempt, stream)
        if cut is not None:
            return self._count_cut(job, attempt, stream, cut, offset, data)
        room = self._quota_bytes - self._used_bytes(job)
        file = self._file(job.id, attempt, stream)
        fresh = max(0, offset + len(data) - file.size_bytes())
        kept = data if fresh <= room else data[: max(0, len(data) - (fresh - room))]
        try:
            size_bytes = file.append(offset, kept)
        except LogGapError as gap:
            raise ConflictError(
                f"The log {stream} of job {job.number} has {gap.size_bytes:,} bytes; "
                f"what begins at {offset:,} would leave a gap.",
                {"offset": gap.size_bytes},
            ) from None
        self._notifier.notify(logs_topic(job.key))
        if len(kept) == len(data):
            return size_bytes
        return self._begin_cut(job, attempt, stream, size_bytes, offset + len(data))

    def read_lines(
        self,
        principal: Principal,
        lookup: str,
        *,
        attempt: int | None = None,
        stream: Stream = "stdout",
        from_line: int = 0,
        line_limit: int,
        tail: int | None = None,
        contains: str | None = None,
    ) -> LogPage:
        """Return lines of a log, counted from 0.

        Args:
            principal: Who asks.
            lookup: Id or number of the job.
            attempt: Which attempt; the latest unless given.
            stream: `stdout` or `stderr`.
            from_line: The first line.
            line_limit: How many at most.
            tail: So many last lines instead.
            contains: Only lines with this text. Looks at a part of a long log; `next_line` says how far.
        """
        place, is_complete = self._open(principal, lookup, attempt, stream)
        file = place.file
        line_count = file.count_lines(counts_unfinished=is_complete)
        if tail is not None:
            from_line, line_limit = max(0, line_count - tail), tail
        if contains is not None:
            lines, next_line = file.search(
                contains,
                from_line,
                line_limit=line_limit,
                with_unfinished=is_complete,
                limit_bytes=SEARCH_LIMIT_BYTES,
            )
        else:
            lines = list(_take(file, from_line, line_limit, with_unfinished=is_complete))
            next_line = lines[-1].number + 1 if lines else from_line
        return LogPage(
            place.attempt, stream, from_line, lines, next_line, line_count, file.size_bytes(), is_complete
        )

    def read_bytes(
        self,
        principal: Principal,
        lookup: str,
        *,
        attempt: int | None,
        stream: Stream,
        offset: int,
        limit_bytes: int,
    ) -> bytes:
        """Return bytes of a log from an offset on."""
        place, _ = self._open(principal, lookup, attempt, stream)
        return place.file.read(offset, min(limit_bytes, ANSWER_LIMIT_BYTES))

    def open(
        self, principal: Principal, lookup: str, *, attempt: int | None, stream: Stream, tail: int | None
    ) -> tuple[LogPlace, int]:
        """Let somebody in who follows a log; return it and the offset to begin at."""
        place, is_complete = self._open(principal, lookup, attempt, stream)
        if tail is None:
            return place, 0
        count = place.file.count_lines(counts_unfinished=is_complete)
        return place, place.file.find_offset(max(0, count - tail))

    def read_on(self, place: LogPlace, offset: int) -> tuple[list[Line], bool]:
        """Return the lines that follow an offset, and whether nothing more can come."""
        # Asked first: what was added before the end was there before we read.
        is_complete = self._is_complete(place.job_key, place.attempt)
        lines = list(
            place.file.iter_lines_at(
                offset, 0, with_unfinished=is_complete, limit_bytes=ANSWER_LIMIT_BYTES // 4
            )
        )
        return lines, is_complete and not lines

    def _open(
        self, principal: Principal, lookup: str, attempt: int | None, stream: Stream
    ) -> tuple[LogPlace, bool]:
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            number = attempt or max(job.attempt_count, 1)
            is_complete = _is_over(connection, job, number)
        return LogPlace(job.key, number, self._file(job.id, number, stream)), is_complete

    def _is_complete(self, job_key: int, attempt: int) -> bool:
        with self._database.read() as connection:
            return _is_over(connection, store.get_job(connection, job_key), attempt)

    def _file(self, job_id: str, attempt: int, stream: Stream) -> LogFile:
        path = self._folder / job_id / str(attempt) / f"{stream}.log"
        with self._files_lock:
            # One object per file, for its lock; few are in use at a time.
            if len(self._files) > 1000 and path not in self._files:
                self._files.pop(next(iter(self._files)))
            return self._files.setdefault(path, LogFile(path))

    def _used_bytes(self, job: Job) -> int:
        return sum(
            self._file(job.id, number, stream).size_bytes()
            for number in range(1, job.attempt_count + 1)
            for stream in STREAMS
        )

    def _begin_cut(self, job: Job, attempt: int, stream: Stream, kept_bytes: int, size_bytes: int) -> int:
        body: dict[str, Any] = {
            "what": f"{stream} over the quota",
            "stream": stream,
            "kept_bytes": kept_bytes,
            "quota_bytes": self._quota_bytes,
        }
        with self._database.write() as connection:
            log_store.put_cut(connection, job, attempt, stream, kept_bytes=kept_bytes, size_bytes=size_bytes)
            append_event(
                connection, job, attempt=attempt, kind="loss", body=body, level="warning", now=self._now()
            )
        self._notifier.notify(events_topic(job.key))
        return size_bytes

    def _count_cut(
        self, job: Job, attempt: int, stream: Stream, cut: tuple[int, int], offset: int, data: bytes
    ) -> int:
        kept_bytes, size_bytes = cut
        end = max(size_bytes, offset + len(data))
        if end > size_bytes:
            with self._database.write() as connection:
                log_store.put_cut(connection, job, attempt, stream, kept_bytes=kept_bytes, size_bytes=end)
        return end


def _take(file: LogFile, from_line: int, line_limit: int, *, with_unfinished: bool) -> Iterator[Line]:
    found = file.iter_lines(from_line, with_unfinished=with_unfinished, limit_bytes=ANSWER_LIMIT_BYTES)
    return islice(found, line_limit)


def _is_over(connection: sa.Connection, job: Job, number: int) -> bool:
    attempt = store.find_attempt(connection, job.key, number)
    if attempt is None:
        return job.state in END_STATES
    return attempt.phase == "ended"
