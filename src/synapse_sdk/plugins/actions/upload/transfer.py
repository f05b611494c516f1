"""Files' bytes → the server: each content once, what is there already not at all, a failure alone.

Source: interface sheet `actions.md` §7.3. Unlike there, one file that does not arrive leaves the others
alone, and equal contents are found.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from synapse_sdk.clients.errors import ClientError, HTTPError, is_passing_status
from synapse_sdk.plugins.actions.upload.discovery import Problem
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.retries import wait_before_retry
from synapse_sdk.plugins.actions.upload.thread_pool import open_pool

_BLOCK_BYTES = 1024**2
#: A server without an endpoint answers so.
_ABSENT = frozenset({404, 405, 501})
#: Who is asked does not know us: every file would be refused.
_NOT_ADMITTED = frozenset({401, 403})

#: Called each time that a file is done.
OnDone = Callable[[], None]


class Checksums(NamedTuple):
    """SHA-1 of files, which the server knows them by; and files that could not be read."""

    found: dict[Path, str]
    problems: dict[Path, Problem]


def compute_checksums(paths: Iterable[Path], *, max_workers: int, on_done: OnDone) -> Checksums:
    """Read files and compute their checksums."""
    found: dict[Path, str] = {}
    problems: dict[Path, Problem] = {}
    with open_pool(max_workers) as pool:
        futures = {pool.submit(_compute_checksum, path): path for path in paths}
        for future in as_completed(futures):
            path = futures[future]
            try:
                found[path] = future.result()
            except OSError as error:
                code = ImportFailureCode.FILE_LOCKED
                problems[path] = Problem(code, f"it can not be read: {error.strerror}")
            on_done()
    return Checksums(found, problems)


def _compute_checksum(path: Path) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True)
class FileTransfer:
    """Sends contents to one server."""

    client: Any
    max_workers: int
    max_retries: int
    batch_size: int
    checksum_batch_size: int
    #: Larger files travel in chunks.
    chunked_above_bytes: int
    read_timeout_s: float
    use_presigned: bool
    #: Called with a sentence when files go another way than they should.
    tell: Callable[[str], None]

    def find_existing(self, checksums: Iterable[str]) -> set[str]:
        """Return those that the server has already; none where it can not say."""
        asked, found = list(dict.fromkeys(checksums)), set[str]()
        for start in range(0, len(asked), self.checksum_batch_size):
            batch = asked[start : start + self.checksum_batch_size]
            try:
                answer = self.client.verify_data_files_checksums(batch)
            except HTTPError as error:
                if error.status_code in _ABSENT:
                    return set()
                raise
            found.update(answer.get("existing_checksums", []))
        return found

    def send(self, checksums: Mapping[Path, str], *, on_done: OnDone) -> dict[Path, Problem]:
        """Send files by their checksums, each content once; return those that did not arrive.

        Raises:
            ClientError: The server can not be asked at all.
        """
        paths_of: dict[str, list[Path]] = defaultdict(list)
        for path, checksum in checksums.items():
            paths_of[checksum].append(path)
        problems: dict[Path, Problem] = {}
        firsts = {paths[0]: checksum for checksum, paths in paths_of.items()}
        with closing(self._send_each(firsts)) as sent:
            for path, reason in sent:
                for same in paths_of[checksums[path]]:
                    if reason is not None:
                        problems[same] = Problem(ImportFailureCode.UPLOAD_FAILED, reason)
                    on_done()
        return problems

    def _send_each(self, checksums: Mapping[Path, str]) -> Generator[tuple[Path, str | None], None, None]:
        left = list(checksums)
        if self.use_presigned:
            left = yield from self._send_to_storage(left, checksums)
        with open_pool(self.max_workers) as pool:
            futures: dict[Future[str | None], Path] = {
                pool.submit(self._send_through, path, checksums[path]): path for path in left
            }
            for future in as_completed(futures):
                yield futures[future], future.result()

    def _send_to_storage(
        self, paths: Sequence[Path], checksums: Mapping[Path, str]
    ) -> Generator[tuple[Path, str | None], None, list[Path]]:
        """Yield what arrived by signed addresses; return what is left for the way through the server."""
        left = dict.fromkeys(paths)
        try:
            for result in self.client.upload_files_bulk(
                paths, self.max_workers, self.batch_size, self.max_retries
            ):
                if result.error is None:
                    del left[result.path]
                    yield result.path, _compare(result.checksum, checksums[result.path])
        except ClientError as error:
            if error.status_code in _NOT_ADMITTED:
                raise
            if error.status_code not in _ABSENT:
                self.tell(f"{len(left)} files go through the server, for its storage takes none: {error}")
        return list(left)

    def _send_through(self, path: Path, checksum: str) -> str | None:
        for failures in range(self.max_retries + 1):
            try:
                is_large = path.stat().st_size > self.chunked_above_bytes
                answer = self.client.create_data_file(path, is_large, self.read_timeout_s)
            except ClientError as error:
                if failures == self.max_retries or not is_passing_status(error.status_code):
                    return str(error)
                wait_before_retry(error, failures)
            except OSError as error:
                return f"it can not be read: {error.strerror}"
            else:
                return _compare(answer.get("checksum"), checksum)
        raise AssertionError("unreachable")


def _compare(found: str | None, checksum: str) -> str | None:
    return None if found in (None, checksum) else "it changed while it was sent"
