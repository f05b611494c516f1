"""How contents leave the server: as files with ranges, and many of them as one pack."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from synapse_sdk.server.contents.content_files import ContentFiles
from synapse_sdk.server.http.stored_response import StoredResponse
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, pack_size_bytes
from synapse_sdk.workspace.manifest import Item

#: What somebody uploaded is never run, rendered or guessed at by a browser.
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-cache",
}


def file_response(files: ContentFiles, digest: str, filename: str) -> StoredResponse:
    """Return a content as a download under `filename`; answers to Range and If-Range."""
    return StoredResponse(
        files.get(digest),
        media_type="application/octet-stream",
        headers={
            **_HARMLESS,
            "ETag": f'"{digest}"',
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        },
    )


def pack_response(files: ContentFiles, items: Iterable[Item], *, skip: int = 0) -> StreamingResponse:
    """Return all contents as one pack: each once, in the order of the manifest.

    Args:
        files: Where the contents lie.
        items: The manifest.
        skip: How many contents the reader has already, from an answer that broke off.
    """
    size_by_digest = {item.digest: item.size_bytes for item in items}
    contents = list(size_by_digest.items())[skip:]
    return StreamingResponse(
        files.iter_packed(contents),
        media_type=PACK_MEDIA_TYPE,
        headers={"Content-Length": str(pack_size_bytes(contents)), **_HARMLESS},
    )
