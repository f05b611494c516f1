"""A way to a server that breaks: a TCP proxy that cuts connections after so many bytes from the client."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_CHUNK_BYTES = 16 * 1024
_ENDLESS = 2**62
#: Closing with this sends a reset, as a broken line does, and no orderly end.
_RESET = struct.pack("ii", 1, 0)


class CuttingProxy:
    """Leads to `url`, and resets connections whose client has sent too much.

    Args:
        url: Where to.
        budget_bytes: Of each connection; None for no end.
        limit_bytes: Of all connections together; what comes after is cut at once. May be changed.
    """

    def __init__(self, url: str, *, budget_bytes: int | None = None, limit_bytes: int | None = None) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._budget_bytes = budget_bytes
        #: What got through, over all connections.
        self.passed_bytes = 0
        self.limit_bytes = limit_bytes
        self.cut_count = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            is_cut = self._copy_within_budget(client, server)
            if is_cut:
                for end in (client, server):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            _end_sending(server)
            if is_cut:
                _end_sending(client)
            back.join(30)

    def _copy_within_budget(self, source: socket.socket, target: socket.socket) -> bool:
        """Copy until the source ends, or the budget: then True."""
        left = _ENDLESS if self._budget_bytes is None else self._budget_bytes
        if self.limit_bytes is not None:
            left = max(0, min(left, self.limit_bytes - self.passed_bytes))
        with suppress(OSError):  # the other direction has ended
            while data := source.recv(_CHUNK_BYTES):
                target.sendall(data[:left])
                with self._lock:
                    self.passed_bytes += len(data[:left])
                    self.cut_count += len(data) > left
                if len(data) > left:
                    return True
                left -= len(data)
        return False


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # the other direction was cut
        while data := source.recv(_CHUNK_BYTES):
            target.sendall(data)
    _end_sending(target)


def _end_sending(end: socket.socket) -> None:
    with suppress(OSError):  # it has ended already
        end.shutdown(socket.SHUT_WR)
