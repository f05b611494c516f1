"""Stored contents on their way to a browser: never run, rendered or guessed at, but for small pictures."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from fastapi.responses import FileResponse, Response, StreamingResponse

from synapse_sdk.storage.stored_bytes import StoredBytes

_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-cache",
}
#: Larger pictures are downloads, not thumbnails.
PICTURE_MAX_BYTES = 1_000_000
_PICTURE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def find_picture_type(path: str, size_bytes: int) -> str | None:
    """Return the media type of a file that pages show as a thumbnail, None for all others."""
    return _PICTURE_TYPES.get(Path(path).suffix.lower()) if size_bytes <= PICTURE_MAX_BYTES else None


def download(stored: StoredBytes, filename: str) -> Response:
    """Return a file to be saved under `filename`."""
    headers = _HARMLESS | {"Content-Disposition": _attachment(filename)}
    return _send(stored, "application/octet-stream", headers)


def show_picture(stored: StoredBytes, media_type: str) -> Response:
    """Return a picture to be shown. A digest names it, so it never changes under its address."""
    return _send(stored, media_type, _HARMLESS | {"Cache-Control": "private, max-age=3600"})


def download_zip(files: Iterable[tuple[str, StoredBytes]], filename: str) -> StreamingResponse:
    """Return many files as one zip, written while it is sent; nothing is compressed."""
    return StreamingResponse(
        _iter_zip(files),
        media_type="application/zip",
        headers=_HARMLESS | {"Content-Disposition": _attachment(filename)},
    )


def download_stream(parts: Iterable[bytes], filename: str) -> StreamingResponse:
    """Return what comes in parts, to be saved under `filename`."""
    return StreamingResponse(
        parts,
        media_type="application/octet-stream",
        headers=_HARMLESS | {"Content-Disposition": _attachment(filename)},
    )


def _send(stored: StoredBytes, media_type: str, headers: dict[str, str]) -> Response:
    if stored.is_whole_file:  # which can be taken up again where it broke off
        return FileResponse(stored.path, media_type=media_type, headers=headers)
    headers["Content-Length"] = str(stored.size_bytes)
    return StreamingResponse(stored.iter_chunks(), media_type=media_type, headers=headers)


def _attachment(filename: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}"


class _Pipe(io.RawIOBase):
    """A file that can only be written, and hands out what was written since it was last asked."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        part = bytes(data)  # type: ignore[call-overload]  # any buffer, as RawIOBase has it
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def _iter_zip(files: Iterable[tuple[str, StoredBytes]]) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for name, stored in files:
            # A fixed time: the same contents are the same zip.
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(entry, "w", force_zip64=True) as target:
                for chunk in stored.iter_chunks():
                    target.write(chunk)
                    yield pipe.take()
    yield pipe.take()
