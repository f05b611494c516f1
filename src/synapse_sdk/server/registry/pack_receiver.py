"""A pack on its way in: each content that comes whole is kept, whatever happens to the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from synapse_sdk._internal.units import format_size
from synapse_sdk.server.http import InvalidError, TooLargeError
from synapse_sdk.storage.pack import ContentEnds, PackDecoder, PackError
from synapse_sdk.storage.pack_folder import NewPack

PACK_LIMIT_BYTES = 64 * 1024**2
PACK_LIMIT_COUNT = 10_000


class PackReceiver:
    """Takes a pack piece by piece. `finish` or `keep` must be called at its end."""

    def __init__(self, pack: NewPack, keep: Callable[[NewPack, Sequence[ContentEnds]], None]) -> None:
        """Get ready.

        Args:
            pack: Where it goes as it comes.
            keep: Makes contents that came whole durable, and known.
        """
        self._pack = pack
        self._keep = keep
        self._ended: list[ContentEnds] = []
        self._decoder = PackDecoder(max_content_bytes=PACK_LIMIT_BYTES)
        self._size_bytes = 0

    def feed(self, chunks: Sequence[bytes]) -> None:
        """Take what comes next.

        Raises:
            InvalidError: This is no pack, or a content is not what its header says.
            TooLargeError: It is longer, or holds more contents, than a pack may.
        """
        for data in chunks:
            self._feed(data)

    def finish(self) -> int:
        """Keep everything; return how many contents came.

        Raises:
            InvalidError: The pack ends within a content. Those before it are kept all the same.
        """
        count = self.keep()
        try:
            self._decoder.finish()
        except PackError as error:
            raise _refuse(error) from error
        return count

    def keep(self) -> int:
        """Make durable and known what came whole so far; return how many contents that are."""
        with self._pack:
            if self._ended:
                self._keep(self._pack, self._ended)
        return len(self._ended)

    def _feed(self, data: bytes) -> None:
        self._size_bytes += len(data)
        if self._size_bytes > PACK_LIMIT_BYTES:
            raise TooLargeError(
                f"A pack has up to {format_size(PACK_LIMIT_BYTES)}.",
                {"limit_bytes": PACK_LIMIT_BYTES},
                hint="Send several; large contents alone, by PUT blobs/<digest>/.",
            )
        self._pack.write(data)
        try:
            for content in self._decoder.check(data):
                if len(self._ended) == PACK_LIMIT_COUNT:
                    raise TooLargeError(
                        f"A pack holds up to {PACK_LIMIT_COUNT} contents.", {"limit_count": PACK_LIMIT_COUNT}
                    )
                self._ended.append(content)
        except PackError as error:
            raise _refuse(error) from error


def _refuse(error: PackError) -> InvalidError:
    return InvalidError(
        error.message, error.details, hint="Contents that came whole before are kept; send the others again."
    )
