"""How contents of releases leave the server: one file, or all as one pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from fastapi.responses import FileResponse, StreamingResponse

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.storage.blobs import BlobStore
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, PackedContent, iter_pack, pack_size_bytes

#: What somebody uploaded is never run, rendered or guessed at by a browser.
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-cache",
}
#: What is looked at to tell a text.
_LOOKED_AT_BYTES = 8192


def file_response(path: Path, *, digest: str, filename: str) -> FileResponse:
    """Return a content as a download under `filename`; answers to Range and If-Range."""
    return FileResponse(
        path,
        media_type="text/plain; charset=utf-8" if _is_text(path) else "application/octet-stream",
        headers={
            **_HARMLESS,
            "ETag": f'"{digest}"',
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        },
    )


def pack_response(blobs: BlobStore, files: Iterable[ManifestFile], *, skip: int = 0) -> StreamingResponse:
    """Return all contents as one pack: each once, in the order of the manifest.

    Args:
        blobs: Where the contents lie.
        files: The manifest.
        skip: How many contents the reader has already, from an answer that broke off.
    """
    size_by_digest = {file.digest: file.size_bytes for file in files}
    contents = list(size_by_digest.items())[skip:]
    return StreamingResponse(
        _iter_blobs(blobs, contents),
        media_type=PACK_MEDIA_TYPE,
        headers={"Content-Length": str(pack_size_bytes(contents)), **_HARMLESS},
    )


def _iter_blobs(blobs: BlobStore, contents: Iterable[tuple[str, int]]) -> Iterator[bytes]:
    return iter_pack(PackedContent(digest, size_bytes, blobs.get(digest)) for digest, size_bytes in contents)


def _is_text(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(_LOOKED_AT_BYTES)
    if b"\0" in head:
        return False
    # A letter that is cut at the end is still a letter.
    return "�" not in head.decode("utf-8", "replace")[:-1]
