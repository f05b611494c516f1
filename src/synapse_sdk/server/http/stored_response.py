"""Stored bytes as an answer to a request, with ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from synapse_sdk.storage.stored_bytes import StoredBytes

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


class StoredResponse(Response):
    """Sends a content. A file of its own answers to every kind of range; a stretch of a pack to one range.

    Of a pack, which holds small contents, several ranges at once are answered with all of it, as any server
    may.
    """

    def __init__(self, stored: StoredBytes, *, media_type: str, headers: Mapping[str, str]) -> None:
        """Get ready.

        Args:
            stored: What is sent.
            media_type: Its `Content-Type`.
            headers: More headers; an `ETag` makes `If-Range` work.
        """
        super().__init__(media_type=media_type, headers=dict(headers))
        del self.headers["content-length"]
        self.headers["accept-ranges"] = "bytes"
        self._stored = stored

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or the part of it that is asked for."""
        if self._stored.is_whole_file:
            answer: Response = FileResponse(self._stored.path, headers=self.headers)
        else:
            answer = self._answer(Headers(scope=scope))
        await answer(scope, receive, send)

    def _answer(self, asked: Headers) -> Response:
        size_bytes, headers = self._stored.size_bytes, dict(self.headers)
        match = _RANGE.fullmatch(asked.get("range", ""))
        is_current = asked.get("if-range") in (None, self.headers.get("etag"))
        if match is None or not any(match.groups()) or not is_current:
            return self._part(0, size_bytes, 200, headers)
        start, stop = _find_bounds(match[1], match[2], size_bytes)
        if start >= size_bytes or start >= stop:
            return PlainTextResponse(status_code=416, headers={"Content-Range": f"bytes */{size_bytes}"})
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size_bytes}"
        return self._part(start, stop, 206, headers)

    def _part(self, start: int, stop: int, status: int, headers: dict[str, str]) -> Response:
        headers["content-length"] = str(stop - start)
        return StreamingResponse(self._stored.iter_chunks(start, stop), status, headers)


def _find_bounds(first: str, last: str, size_bytes: int) -> tuple[int, int]:
    """Return where a range begins and the first byte behind it."""
    if not first:  # the last so many
        return max(size_bytes - int(last), 0), size_bytes
    return int(first), min(int(last) + 1, size_bytes) if last else size_bytes
