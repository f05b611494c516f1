"""A request's body, read as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from synapse_sdk.server.http import TooLargeError

#: Pieces are so large, in bytes: worth the way to a worker thread.
_PIECE_BYTES = 4 * 1024**2
#: What is read of a body whose request is refused anyway, so that the client hears why instead of finding a
#: broken connection.
_DRAINED_BYTES = 64 * 1024**2


class Body:
    """The bytes of one request."""

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield it in pieces of about four mebibytes; see `batches`."""
        async for batch in self.batches():
            yield b"".join(batch)

    async def batches(self) -> AsyncIterator[list[bytes]]:
        """Yield it as it comes, some chunks at once, together about four mebibytes. They are not joined.

        Raises:
            ClientDisconnect: The connection broke. Everything that came before was yielded.
        """
        chunks: list[bytes] = []
        size_bytes = 0
        try:
            async for chunk in self._stream:
                chunks.append(chunk)
                size_bytes += len(chunk)
                if size_bytes >= _PIECE_BYTES:
                    yield chunks
                    chunks, size_bytes = [], 0
        except ClientDisconnect:
            if size_bytes:
                yield chunks
            raise
        if size_bytes:
            yield chunks

    async def read(self, *, limit_bytes: int) -> bytes:
        """Return all of it.

        Raises:
            TooLargeError: It is longer than `limit_bytes`.
        """
        body = bytearray()
        async for chunk in self._stream:
            body += chunk
            if len(body) > limit_bytes:
                await self.drain()
                raise TooLargeError(
                    f"The body of this request has up to {limit_bytes:,} bytes.", {"limit_bytes": limit_bytes}
                )
        return bytes(body)

    async def drain(self) -> None:
        """Read what is left, up to some bound, and forget it."""
        size_bytes = 0
        async for chunk in self._stream:
            size_bytes += len(chunk)
            if size_bytes > _DRAINED_BYTES:
                return
