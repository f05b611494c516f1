"""Contents on their way to a server: those that it lacks, many small ones at once, large ones resumable."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.clients.errors import HTTPError, ValidationError
from synapse_sdk.clients.patience import RETRY_WAITS_S
from synapse_sdk.clients.transport import (
    BROKEN,
    Transport,
    is_worth_repeating,
    wait_before_repeating,
)
from synapse_sdk.storage.errors import StorageError
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, iter_blocks, pack_size_bytes

#: Contents up to this size travel in packs.
SMALL_BYTES = 1024**2
PACK_BYTES = 32 * 1024**2
PACK_COUNT = 5000
CHUNK_BYTES = 8 * 1024**2
#: Digests that are asked for at once.
_ASKED = 5000
#: A chunk is written and synced before the server answers.
_CHUNK_TIMEOUT_S = 120.0
#: How often a large content may be found to be somewhere else than thought: once for each other writer.
_MOVES = 20

#: Called with the bytes that are done and the bytes that there are.
OnProgress = Callable[[int, int], None]


class Content(NamedTuple):
    """Bytes to upload, and the file that they lie in."""

    digest: str
    size_bytes: int
    path: Path | str


class Upload(NamedTuple):
    """What an upload came to."""

    sent_count: int
    sent_bytes: int


def upload_contents(
    transport: Transport,
    contents: Iterable[Content],
    *,
    are_new: bool = False,
    on_progress: OnProgress | None = None,
) -> Upload:
    """Upload the contents that the server lacks. A line that breaks is taken up where the server is.

    It gives up when nothing gets through any more; call it again to go on.

    Args:
        transport: The server.
        contents: Of equal ones, one is sent.
        are_new: The server had none of them a while ago: they are sent without asking.
        on_progress: What the server has already counts as done.

    Raises:
        StorageError: A file changed since its digest was taken.
        ClientError: The server can not be reached, or refuses.
    """
    by_digest = {content.digest: content for content in contents}
    count = _Count(sum(content.size_bytes for content in by_digest.values()), on_progress)
    if are_new:
        missing = [_Missing(content, 0) for content in by_digest.values()]
    else:
        missing = _find_missing(transport, list(by_digest.values()))
    sent_count, failures = len(missing), 0
    there_bytes = count.note_missing(missing)
    while missing:
        try:
            _send_all(transport, missing, count)
            break
        except BROKEN as error:
            if failures == len(RETRY_WAITS_S) or not is_worth_repeating(error):
                raise
            wait_before_repeating(error, failures)
        # What arrived before it broke is there, and with every byte of it the patience is new.
        missing = _find_missing(transport, [item.content for item in missing])
        there_before, there_bytes = there_bytes, count.note_missing(missing)
        failures = 0 if there_bytes > there_before else failures + 1
    return Upload(sent_count, count.sent_bytes)


class _Missing(NamedTuple):
    """A content that the server lacks, and how much of it is there from an interrupted upload."""

    content: Content
    offset: int


def _send_all(transport: Transport, missing: Sequence[_Missing], count: _Count) -> None:
    small = [content for content, _ in missing if content.size_bytes <= SMALL_BYTES]
    for content, offset in missing:
        if content.size_bytes > SMALL_BYTES:
            _send_large(transport, content, offset, count)
    for batch in _batches(small):
        _send_pack(transport, batch, count)
        count.add(sum(content.size_bytes for content in batch))


class _Count:
    def __init__(self, total_bytes: int, on_progress: OnProgress | None) -> None:
        self.sent_bytes = 0
        self._done_bytes = 0
        self._flying_bytes = 0
        self._total_bytes = total_bytes
        self._on_progress = on_progress

    def note_missing(self, missing: Sequence[_Missing]) -> int:
        """Begin anew from what the server said that it lacks; return the bytes that it has."""
        left_bytes = sum(content.size_bytes - offset for content, offset in missing)
        self._done_bytes = self._total_bytes - left_bytes
        self.add(0)
        return self._done_bytes

    def add(self, size_bytes: int) -> None:
        """Count bytes that the server has said it has, in place of those that were on their way."""
        self._done_bytes += size_bytes
        self.sent_bytes += size_bytes
        self._flying_bytes = 0
        self._tell()

    def fly(self, size_bytes: int) -> None:
        """Count bytes that are on their way, until the server says what became of them."""
        self._flying_bytes += size_bytes
        self._tell()

    def _tell(self) -> None:
        if self._on_progress is not None:
            done_bytes = self._done_bytes + self._flying_bytes
            self._on_progress(min(done_bytes, self._total_bytes), self._total_bytes)


def _find_missing(transport: Transport, contents: Sequence[Content]) -> list[_Missing]:
    found = []
    for start in range(0, len(contents), _ASKED):
        asked = contents[start : start + _ASKED]
        body = [{"digest": content.digest, "size_bytes": content.size_bytes} for content in asked]
        # Asking changes nothing, so it may be asked again.
        answer: dict[str, Any] = transport.post(
            "blobs/missing/", json={"blobs": body}, idempotency_key=uuid7()
        )
        missing, offsets = set(answer["missing"]), answer.get("offsets", {})
        found += [
            _Missing(content, offsets.get(content.digest, 0))
            for content in asked
            if content.digest in missing
        ]
    return found


def _batches(contents: Iterable[Content]) -> Iterator[list[Content]]:
    batch: list[Content] = []
    size_bytes = 0
    for content in contents:
        if batch and (size_bytes + content.size_bytes > PACK_BYTES or len(batch) >= PACK_COUNT):
            yield batch
            batch, size_bytes = [], 0
        batch.append(content)
        size_bytes += content.size_bytes
    if batch:
        yield batch


def _send_pack(transport: Transport, batch: Sequence[Content], count: _Count) -> None:
    size_bytes = pack_size_bytes((content.digest, content.size_bytes) for content in batch)
    try:
        transport.post(
            "blobs/pack/",
            # In blocks: memory for a whole pack would be asked for, cleared and given back for each.
            content=iter_blocks(_read_all(batch, count)),
            headers={"Content-Type": PACK_MEDIA_TYPE, "Content-Length": str(size_bytes)},
            timeout_s=_CHUNK_TIMEOUT_S,
        )
    except ValidationError:
        # The server computes every digest anyway. Only when it says that one is wrong are they computed here.
        for content in batch:
            if digest_bytes(_read_small(content)) != content.digest:
                raise _changed(content) from None
        raise


def _send_large(transport: Transport, content: Content, offset: int, count: _Count) -> None:
    total, moves = content.size_bytes, 0
    with Path(content.path).open("rb") as stream:
        while True:
            # All of it may be there, and only its end was not heard: any byte of it asks for that again.
            first, limit = (offset, CHUNK_BYTES) if offset < total else (0, 1)
            stream.seek(first)
            data = stream.read(min(limit, total - first))
            if not data:
                raise _changed(content)
            try:
                answer: dict[str, Any] = transport.put(
                    f"blobs/{content.digest}/",
                    content=data,
                    headers={
                        "Content-Type": "application/octet-stream",
                        "Content-Range": f"bytes {first}-{first + len(data) - 1}/{total}",
                    },
                    retries=False,  # it would begin where the server no longer is
                    timeout_s=_CHUNK_TIMEOUT_S,
                )
            except HTTPError as error:
                right = error.details.get("problem", {}).get("offset")
                if error.status_code != 409 or not isinstance(right, int) or moves >= _MOVES:
                    raise
                # Another upload of the same content, or an answer that was lost: go on where the server is.
                moves, offset = moves + 1, right
                continue
            count.add(len(data))
            offset = answer["offset"]
            if answer["is_complete"]:
                return


def _read_all(batch: Iterable[Content], count: _Count) -> Iterator[tuple[str, bytes]]:
    for content in batch:
        data = _read_small(content)
        yield content.digest, data
        count.fly(len(data))


def _read_small(content: Content) -> bytes:
    descriptor = os.open(content.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, content.size_bytes + 1)
    finally:
        os.close(descriptor)
    if len(data) != content.size_bytes:
        raise _changed(content)
    return data


def _changed(content: Content) -> StorageError:
    return StorageError(
        f"{content.path} changed while it was uploaded.",
        {"path": str(content.path), "digest": content.digest},
        hint="Wait until nothing writes to it, then try again.",
    )
