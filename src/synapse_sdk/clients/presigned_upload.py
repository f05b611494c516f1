"""Files straight to the storage behind a server, by addresses that it has signed.

Source: interface sheet `actions.md` §7.3; `platform.md` §3.2. Unlike there, a file that did not arrive does
not make the others travel again.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from synapse_sdk.clients.errors import ClientError, is_passing_status
from synapse_sdk.clients.patience import RETRY_WAITS_S
from synapse_sdk.clients.transport import wait_before_repeating

if TYPE_CHECKING:
    import httpx

_BLOCK_BYTES = 1024**2
#: An address is good for so long.
EXPIRATION_S = 3600
_TIMEOUT_S = 300.0

Document = dict[str, Any]
Post = Callable[[str, Mapping[str, Any]], Document]


class BulkUpload(NamedTuple):
    """What became of one file."""

    path: Path
    checksum: str | None
    data_file_id: int | None
    #: Why it did not arrive; None when it did.
    error: str | None


def upload_presigned(
    post: Post, paths: Iterable[Path], *, max_workers: int, batch_size: int, max_retries: int
) -> Iterator[BulkUpload]:
    """Upload files in batches; yield what became of each.

    Args:
        post: Sends a JSON document to a path of the server and returns the answer.
        paths: The files.
        max_workers: Files that travel at once.
        batch_size: Files that addresses are asked for at once.
        max_retries: How often a file is sent again.

    Raises:
        ClientError: The server gives no addresses.
    """
    import httpx

    left = iter(paths)
    with httpx.Client(timeout=_TIMEOUT_S) as storage, ThreadPoolExecutor(max_workers) as pool:
        while batch := list(islice(left, batch_size)):
            yield from _upload_batch(post, batch, storage, pool, max_retries)


def _upload_batch(
    post: Post, batch: Sequence[Path], storage: httpx.Client, pool: ThreadPoolExecutor, max_retries: int
) -> Iterator[BulkUpload]:
    asked, there = [], []
    for path in batch:
        try:
            size_bytes = path.stat().st_size
        except OSError as error:
            yield BulkUpload(path, None, None, f"it can not be read: {error.strerror}")
            continue
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        asked.append({"filename": path.name, "size": size_bytes, "content_type": kind})
        there.append(path)
    if not there:
        return
    answer = post("data_files/presigned_upload/upload/", {"files": asked, "expiration": EXPIRATION_S})
    # Several files of a batch may have one name; the place in the answer tells them apart.
    offered = answer.get("files", [])
    if len(offered) != len(there):
        raise ClientError(None, f"The server gave {len(offered)} addresses for {len(there)} files.")

    def send(path: Path, offer: Document) -> Document | str:
        try:
            return _send(storage, path, offer, max_retries)
        except (ClientError, OSError) as error:
            return str(error)

    sent = list(pool.map(send, there, offered))
    arrived = [document for document in sent if isinstance(document, dict)]
    confirmed = post("data_files/presigned_upload/confirm_upload/", {"files": arrived}) if arrived else {}
    by_key = {result["file_key"]: result for result in confirmed.get("results", [])}
    for path, document in zip(there, sent, strict=True):
        if isinstance(document, str):
            yield BulkUpload(path, None, None, document)
        else:
            yield _read_result(path, document, by_key.get(document["file_key"]))


def _read_result(path: Path, sent: Document, result: Document | None) -> BulkUpload:
    if result is None or not result.get("success"):
        reason = (result or {}).get("error") or "the server did not confirm it"
        return BulkUpload(path, None, None, str(reason))
    return BulkUpload(path, sent["checksum"], result.get("data_file_id"), None)


def _send(storage: httpx.Client, path: Path, offer: Document, max_retries: int) -> Document:
    size_bytes, digest = path.stat().st_size, hashlib.sha1(usedforsecurity=False)
    document: Document = {"file_key": offer["file_key"]}
    if (parts := offer.get("multipart")) is None:
        _put(storage, offer["presigned_url"], path, 0, size_bytes, max_retries)
    else:
        size, tags = int(parts["part_size"]), []
        for part in parts["parts"]:
            number = int(part["part_number"])
            start = (number - 1) * size
            count = min(size, size_bytes - start)
            tag = _put(storage, part["presigned_url"], path, start, count, max_retries)
            tags.append({"part_number": number, "etag": tag})
        document["multipart"] = {"upload_id": parts["upload_id"], "parts": tags}
    for block in _read(path, 0, size_bytes):
        digest.update(block)
    return {**document, "checksum": digest.hexdigest(), "size": size_bytes}


def _put(storage: httpx.Client, url: str, path: Path, start: int, count: int, max_retries: int) -> str | None:
    import httpx

    failures = 0
    while True:
        try:
            # The token is not for the storage; the address holds its own.
            response = storage.put(
                url, content=_read(path, start, count), headers={"Content-Length": str(count)}
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            reason, is_passing = f"the storage {_host(url)} can not be reached ({type(error).__name__})", True
        else:
            if response.is_success:
                tag: str | None = response.headers.get("etag")
                return tag
            status = response.status_code
            reason = f"the storage {_host(url)} answered {status}"
            is_passing = is_passing_status(status)
        failure = ClientError(None, reason)
        if not is_passing or failures >= max_retries:
            raise failure
        wait_before_repeating(failure, min(failures, len(RETRY_WAITS_S) - 1))
        failures += 1


def _host(url: str) -> str:
    return urlsplit(url).hostname or "at an address without a host"


def _read(path: Path, start: int, count: int) -> Iterator[bytes]:
    with path.open("rb") as stream:
        stream.seek(start)
        while count > 0 and (block := stream.read(min(_BLOCK_BYTES, count))):
            count -= len(block)
            yield block
