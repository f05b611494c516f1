"""Log files → the server, by offset: sent as they grow, nothing twice, nothing left out.

Of what a server keeps no more, it is told how much there was; its disk is given back here once it was told.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.agent.disk_holes import release_range
from synapse_sdk.wire.logs import LOG_QUOTA_BYTES

#: Bytes sent at once.
PIECE_BYTES = 1024 * 1024
#: Bytes whose disk is given back at once. A file system does it by the block.
RELEASED_BYTES = 64 * 1024 * 1024

#: (stream, offset, bytes) → how many bytes of that stream the server has now.
Append = Callable[[str, int, bytes], int]


class LogShippingError(SynapseError):
    """The server takes nothing more of a log, and does not say why."""


class LogShipper:
    """Sends what is new in the log files of one attempt. Goes on where the last one stopped."""

    def __init__(
        self,
        files: dict[str, Path],
        state_file: Path,
        append: Append,
        *,
        kept_bytes: int = LOG_QUOTA_BYTES,
    ) -> None:
        """Prepare.

        Args:
            files: The log files, by the stream's name. They need not exist yet.
            state_file: Where it is kept how much was acknowledged.
            append: Sends a piece.
            kept_bytes: What a server keeps of a log at most. The disk of what comes after that is given back
                once the server has heard of it.
        """
        self._files = files
        self._state_file = state_file
        self._append = append
        self._offsets = self._load_offsets()
        #: By stream: where the disk begins that can be given back, up to what was acknowledged.
        self._released = dict.fromkeys(files, kept_bytes)

    def ship(self) -> int:
        """Send all that is there now; return how many bytes that were.

        Raises:
            SynapseError: Whatever `append` raises; what was acknowledged before is remembered.
            LogShippingError: The server acknowledges nothing of what it is sent.
        """
        before = sum(self._offsets.values())
        try:
            for stream in self._files:
                self._ship_stream(stream)
        finally:
            sent = sum(self._offsets.values()) - before
            if sent:
                atomic_write(self._state_file, json.dumps(self._offsets).encode() + b"\n")
        return sent

    def _ship_stream(self, stream: str) -> None:
        try:
            log = self._files[stream].open("rb")
        except FileNotFoundError:
            return
        with log:
            stuck_at = -1
            while True:
                offset = self._offsets[stream]
                log.seek(offset)
                data = log.read(PIECE_BYTES)
                if not data:
                    return
                has_bytes = self._append(stream, offset, data)
                if has_bytes == offset == stuck_at:
                    raise LogShippingError(
                        f"The server takes nothing more of {stream} at byte {offset:,}.",
                        {"stream": stream, "offset": offset},
                    )
                stuck_at = offset
                self._offsets[stream] = has_bytes
                if has_bytes - self._released[stream] >= RELEASED_BYTES:
                    self._release(stream, has_bytes)

    def _release(self, stream: str, until: int) -> None:
        """Give back the disk below what the server has heard of and keeps no more."""
        start = self._released[stream]
        end = until - until % RELEASED_BYTES
        if end <= start:
            return
        descriptor = os.open(self._files[stream], os.O_RDWR | os.O_CLOEXEC)
        try:
            is_released = release_range(descriptor, start, end)
        finally:
            os.close(descriptor)
        # Where the file system can not, it is not asked again.
        self._released[stream] = end if is_released else sys.maxsize

    def _load_offsets(self) -> dict[str, int]:
        offsets = dict.fromkeys(self._files, 0)
        if self._state_file.exists():
            offsets.update(json.loads(self._state_file.read_bytes()))
        return offsets
