"""How contents leave the server: as files with ranges, and many of them as one pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from fastapi.responses import FileResponse, StreamingResponse

from synapse_sdk.storage.blobs import BlobStore
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, PackedContent, iter_pack, pack_size_bytes
from synapse_sdk.workspace.manifest import Item

#: What somebody uploaded is never run, rendered or guessed at by a browser.
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-cache",
}


def file_response(blobs: BlobStore, digest: str, filename: str) -> FileResponse:
    """Return a content as a download under `filename`; answers to Range and If-Range."""
    return FileResponse(
        blobs.get(digest),
        media_type="application/octet-stream",
        headers={
            **_HARMLESS,
            "ETag": f'"{digest}"',
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        },
    )


def pack_response(blobs: BlobStore, items: Iterable[Item], *, skip: int = 0) -> StreamingResponse:
    """Return all contents as one pack: each once, in the order of the manifest.

    Args:
        blobs: Where the contents lie.
        items: The manifest.
        skip: How many contents the reader has already, from an answer that broke off.
    """
    size_by_digest = {item.digest: item.size_bytes for item in items}
    contents = list(size_by_digest.items())[skip:]
    return StreamingResponse(
        _iter_blobs(blobs, contents),
        media_type=PACK_MEDIA_TYPE,
        headers={"Content-Length": str(pack_size_bytes(contents)), **_HARMLESS},
    )


def _iter_blobs(blobs: BlobStore, contents: Iterable[tuple[str, int]]) -> Iterator[bytes]:
    return iter_pack(PackedContent(digest, size_bytes, blobs.get(digest)) for digest, size_bytes in contents)
