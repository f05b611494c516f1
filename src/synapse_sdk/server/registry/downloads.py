"""How contents of releases leave the server: one file, or all as one pack."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.server.contents.content_files import ContentFiles
from synapse_sdk.server.http.stored_response import StoredResponse
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, pack_size_bytes
from synapse_sdk.storage.stored_bytes import StoredBytes

#: What somebody uploaded is never run, rendered or guessed at by a browser.
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-cache",
}
#: What is looked at to tell a text.
_LOOKED_AT_BYTES = 8192


def file_response(stored: StoredBytes, *, digest: str, filename: str) -> StoredResponse:
    """Return a content as a download under `filename`; answers to Range and If-Range."""
    return StoredResponse(
        stored,
        media_type="text/plain; charset=utf-8" if _is_text(stored) else "application/octet-stream",
        headers={
            **_HARMLESS,
            "ETag": f'"{digest}"',
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        },
    )


def pack_response(
    files: ContentFiles, manifest: Iterable[ManifestFile], *, skip: int = 0
) -> StreamingResponse:
    """Return all contents as one pack: each once, in the order of the manifest.

    Args:
        files: Where the contents lie.
        manifest: What the release holds.
        skip: How many contents the reader has already, from an answer that broke off.
    """
    size_by_digest = {file.digest: file.size_bytes for file in manifest}
    contents = list(size_by_digest.items())[skip:]
    return StreamingResponse(
        files.iter_packed(contents),
        media_type=PACK_MEDIA_TYPE,
        headers={"Content-Length": str(pack_size_bytes(contents)), **_HARMLESS},
    )


def _is_text(stored: StoredBytes) -> bool:
    head = stored.read_bytes(_LOOKED_AT_BYTES)
    if b"\0" in head:
        return False
    # A letter that is cut at the end is still a letter.
    return "�" not in head.decode("utf-8", "replace")[:-1]
