"""Events of one attempt in a file, one line each: where they wait for the server, and outlive their process.

Any number of processes append; one at a time reads and sends. `<file>.sent` says how far the server has them.
It may lag behind: an event that is sent twice is stored once.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from synapse_sdk._internal.atomic_write import atomic_write

#: Most of one request, as the server takes it: lines, and bytes of them.
BATCH_LINES = 10_000
BATCH_BYTES = 4 * 1024 * 1024
#: Seconds that a writer waits for room on a full disk before it lets events go, and between two looks.
FULL_DISK_PATIENCE_S = 5.0
FULL_DISK_POLL_S = 0.25

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Encoded(Protocol):
    """An event that has its line; see `plugins.event_encoder.EncodedEvent`."""

    @property
    def line(self) -> bytes:
        """JSON without a line end."""


class SpoolFullError(OSError):
    """There was no room for the rest of a batch; its first `taken_event_count` events are kept."""

    def __init__(self, cause: OSError, taken_event_count: int) -> None:
        super().__init__(cause.errno, os.strerror(cause.errno or 0), cause.filename)
        self.taken_event_count = taken_event_count


class EventSpool:
    """Appends events to a file. The sink of processes that do not send: children of the one that does."""

    is_shared_with_children = True

    def __init__(self, path: Path, *, full_disk_patience_s: float = FULL_DISK_PATIENCE_S) -> None:
        """Prepare; the file is made by the first batch.

        Args:
            path: The file. Its folder must exist.
            full_disk_patience_s: How long a batch waits for room. A disk that stays full makes only the first
                batch wait; the next ones try once.
        """
        self.path = path
        self._patience_s = full_disk_patience_s
        self._is_full = False
        self._descriptor: int | None = None
        self._pid = 0

    def __reduce__(self) -> tuple[type[EventSpool], tuple[Path]]:
        return EventSpool, (self.path,)

    def write(self, batch: Sequence[Encoded]) -> None:
        """Append the line of each event, each whole or not at all.

        Raises:
            SpoolFullError: The disk was full for longer than we wait.
            OSError: The file can not be written.
        """
        lines = [event.line for event in batch]
        taken = 0
        deadline_s = time.monotonic() + (0 if self._is_full else self._patience_s)
        while True:
            try:
                taken += self._append(lines[taken:])
            except SpoolFullError as error:
                taken += error.taken_event_count
                if error.errno not in _FULL or time.monotonic() >= deadline_s:
                    self._is_full = True
                    raise SpoolFullError(error, taken) from error
                time.sleep(FULL_DISK_POLL_S)
            else:
                self._is_full = False
                return

    def close(self) -> None:
        """Nothing: each batch is in the file already."""

    def _append(self, lines: Sequence[bytes]) -> int:
        descriptor = self._open()
        with _locked(descriptor):
            start = os.fstat(descriptor).st_size
            # What a process left behind that was killed within a line gets an end of its own: the server
            # refuses it, rather than the next line with it.
            mend = b"\n" if start and os.pread(descriptor, 1, start - 1) != b"\n" else b""
            data, written = mend + b"".join(line + b"\n" for line in lines), 0
            try:
                while written < len(data):
                    written += os.write(descriptor, data[written:])
            except OSError as error:
                # Only what is behind the last line end is taken back: whole lines may have been sent by now.
                whole = data.rfind(b"\n", 0, written) + 1
                os.ftruncate(descriptor, start + whole)
                taken_event_count = max(0, data.count(b"\n", 0, whole) - len(mend))
                raise SpoolFullError(error, taken_event_count) from error
        return len(lines)

    def _open(self) -> int:
        # A forked child has its parent's descriptor, and with it the parent's lock: it opens the file anew.
        if self._descriptor is None or self._pid != os.getpid():
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o644)
            self._pid = os.getpid()
        return self._descriptor


class Batch(NamedTuple):
    """Whole lines with their ends, as they follow each other in the file."""

    data: bytes
    line_count: int
    #: Bytes of a line before these that is too long for a request, and is passed over.
    oversized_bytes: int = 0


_NOTHING = Batch(b"", 0)


class SpoolReader:
    """Reads whole lines from where the server's knowledge ends. One reader at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None
        #: Up to here the server has every event, or refused it.
        self.offset_bytes = 0
        #: Events before that offset which the server refused.
        self.refused_count = 0
        self._saved_bytes = 0
        self._load()

    def read_batch(self) -> Batch:
        """Return the next lines, none when there are none; `advance` moves on. A line without end stays."""
        if self._open() is None:
            return _NOTHING
        assert self._stream is not None
        self._stream.seek(self.offset_bytes)
        # In few calls: a loop that reports has the interpreter, and each call waits for it.
        data = self._stream.read(BATCH_BYTES)
        data = data[: data.rfind(b"\n") + 1] if data[-1:] != b"\n" else data
        if not data:
            return self._pass_over_oversized()
        line_count = data.count(b"\n")
        if line_count > BATCH_LINES:
            rest = data.split(b"\n", BATCH_LINES)[-1]
            return Batch(data[: -len(rest)], BATCH_LINES)
        return Batch(data, line_count)

    def advance(self, size_bytes: int, *, refused_count: int = 0) -> None:
        """Note that the server has, or refused, the next bytes."""
        self.offset_bytes += size_bytes
        self.refused_count += refused_count

    def save(self) -> None:
        """Write down how far the server has it. Where there is no room, whoever is next sends more again."""
        if self._saved_bytes == self.offset_bytes:
            return
        note = {"offset_bytes": self.offset_bytes, "refused_count": self.refused_count}
        with suppress(
            OSError
        ):  # a hint only: nothing is lost without it, and the spool itself tells of full disks
            atomic_write(_note_of(self._path), json.dumps(note).encode() + b"\n")
            self._saved_bytes = self.offset_bytes

    def count_left(self) -> tuple[int, int]:
        """Return how many events the server lacks, and how many bytes of them. Any thread may ask."""
        count, size_bytes = 0, 0
        with suppress(FileNotFoundError), self._path.open("rb") as stream:
            stream.seek(self.offset_bytes)
            while chunk := stream.read(1024 * 1024):
                count += chunk.count(b"\n")
                size_bytes += len(chunk)
        return count, size_bytes

    def close(self) -> None:
        """Save and close the file."""
        self.save()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self) -> BinaryIO | None:
        if self._stream is None:
            with suppress(FileNotFoundError):  # nothing was reported yet
                self._stream = self._path.open("rb")
        return self._stream

    def _pass_over_oversized(self) -> Batch:
        """Return how long the line is that no request can hold; nothing while it has no end."""
        assert self._stream is not None
        self._stream.seek(self.offset_bytes)
        size_bytes = 0
        while piece := self._stream.readline(BATCH_BYTES):
            size_bytes += len(piece)
            if piece.endswith(b"\n"):
                return Batch(b"", 0, oversized_bytes=size_bytes)
        return _NOTHING

    def _load(self) -> None:
        try:
            note = json.loads(_note_of(self._path).read_bytes())
            offset_bytes, refused_count = int(note["offset_bytes"]), int(note["refused_count"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return  # none, or a damaged one: from the start, which is harmless
        # A note about another file, or about bytes that a power cut took, is none.
        if self._open() is not None and self._is_line_start(offset_bytes):
            self.offset_bytes = self._saved_bytes = offset_bytes
            self.refused_count = refused_count

    def _is_line_start(self, offset_bytes: int) -> bool:
        assert self._stream is not None
        if offset_bytes <= 0:
            return False
        self._stream.seek(offset_bytes - 1)
        return self._stream.read(1) == b"\n"


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sent")


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
