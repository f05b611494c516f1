"""Raw request bodies, read only as far as they may be long."""

from __future__ import annotations

from fastapi import Request

from synapse_sdk.server.http import InvalidError, TooLargeError
from synapse_sdk.server.jobs.event_batch import decompress


async def read_body(request: Request, *, limit_bytes: int) -> bytes:
    """Return a body, unpacked if it is gzip.

    Raises:
        TooLargeError: It is longer than `limit_bytes`.
        InvalidError: It is packed in another way, or torn.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise InvalidError(f"Content-Encoding is {encoding!r}; gzip is understood, and none.")
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes > limit_bytes:
            raise TooLargeError(
                f"The body has more than {limit_bytes:,} bytes.", {"limit_bytes": limit_bytes}
            )
        chunks.append(chunk)
    return decompress(chunks) if encoding == "gzip" else b"".join(chunks)
