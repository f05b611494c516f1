"""Contents on their way from a server, each checked as it arrives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from synapse_sdk.clients.errors import ClientResponseIncompleteError, ServerError
from synapse_sdk.clients.transport import Transport
from synapse_sdk.storage.copying import copy_file
from synapse_sdk.storage.errors import StorageError
from synapse_sdk.storage.pack import ArrivingContent, PackError, read_pack
from synapse_sdk.workspace.manifest import Item

#: How often a stream that broke off is taken up again without anything new having come.
_FRUITLESS = 3

#: Called with the bytes that are done and the bytes that there are.
OnProgress = Callable[[int, int], None]


def download_files(
    transport: Transport,
    archive: str,
    items: Sequence[Item],
    folder: Path,
    *,
    on_progress: OnProgress | None = None,
) -> None:
    """Write a manifest's files below `folder`, read-only, each checked against its digest.

    Args:
        transport: The server.
        archive: Path of the pack with all contents, each once, in the order of the manifest.
        items: The manifest.
        folder: Must exist and be empty. What is in it after an error is of no use.
        on_progress: Told as bytes arrive.

    Raises:
        StorageError: A path leads out of the folder, or the server sent something else.
        ClientError: The server can not be reached, or refuses.
    """
    arrival = _Arrival(folder, items, on_progress)
    fruitless = 0
    while not arrival.is_complete:
        before = arrival.count
        try:
            with transport.stream(archive, params={"skip": before}) as response:
                arrival.receive(response.iter_bytes())
        except (ClientResponseIncompleteError, PackError, ServerError):
            fruitless = fruitless + 1 if arrival.count == before else 0
            if fruitless > _FRUITLESS:
                raise


class _Arrival:
    """The files of a manifest, as far as they are here."""

    def __init__(self, folder: Path, items: Iterable[Item], on_progress: OnProgress | None) -> None:
        self._paths_by_digest: dict[str, list[Path]] = {}
        size_by_digest: dict[str, int] = {}
        for item in items:
            self._paths_by_digest.setdefault(item.digest, []).append(path_inside(folder, item.path))
            size_by_digest[item.digest] = item.size_bytes
        self._total_bytes = sum(size_by_digest.values())
        self._done_bytes = 0
        self._on_progress = on_progress
        #: Contents that are whole.
        self.count = 0

    @property
    def is_complete(self) -> bool:
        return self.count == len(self._paths_by_digest)

    def receive(self, stream: Iterable[bytes]) -> None:
        """Write what comes, which begins after the contents that are whole."""
        for content in read_pack(stream):
            if content.digest not in self._paths_by_digest:
                raise StorageError(f"The server sent {content.digest}, which the manifest does not have.")
            self._write(content)
            self.count += 1
        if not self.is_complete:
            raise StorageError(f"The server sent {self.count} of {len(self._paths_by_digest)} contents.")

    def _write(self, content: ArrivingContent) -> None:
        first, *others = self._paths_by_digest[content.digest]
        first.parent.mkdir(parents=True, exist_ok=True)
        first.unlink(missing_ok=True)  # half of it, from a stream that broke off
        before = self._done_bytes
        try:
            with open(os.open(first, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as target:
                for chunk in content.chunks:
                    target.write(chunk)
                    self._tell(len(chunk))
        except BaseException:
            self._done_bytes = before
            raise
        for other in others:
            other.parent.mkdir(parents=True, exist_ok=True)
            # Not a link: whoever changes one of them shall not change the others.
            copy_file(first, other, mode=0o444)

    def _tell(self, size_bytes: int) -> None:
        self._done_bytes += size_bytes
        if self._on_progress is not None:
            self._on_progress(min(self._done_bytes, self._total_bytes), self._total_bytes)


def path_inside(folder: Path, path: str) -> Path:
    """Return where a path that a server named lies below `folder`.

    Raises:
        StorageError: It would lie elsewhere.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise StorageError(f"The server names a file {path!r}, which would lie elsewhere.", {"path": path})
    return folder.joinpath(*parts)
