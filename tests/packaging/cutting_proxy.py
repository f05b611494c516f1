"""A way to a server that breaks after so many bytes, as a bad line does."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class CuttingProxy:
    """Passes bytes on in both directions until `cut_after_bytes` came from the client.

    Then the client's connection is reset, while the server sees the end of what was passed on to it.
    """

    def __init__(self, url: str, *, cut_after_bytes: int) -> None:
        parts = urlsplit(url)
        self._server = (str(parts.hostname), int(parts.port or 0))
        self._left_bytes = cut_after_bytes
        self._lock = threading.Lock()
        self._clients: list[socket.socket] = []
        self._servers: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            with self._lock:
                self._clients.append(client)
                self._servers.append(server)
            threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_from_client: bool) -> None:
        try:
            while data := source.recv(16_384):
                if is_from_client and not self._take(len(data)):
                    target.sendall(data[: max(self._left_bytes, 0)])
                    self._cut()
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def _take(self, size_bytes: int) -> bool:
        with self._lock:
            if size_bytes > self._left_bytes:
                return False
            self._left_bytes -= size_bytes
            return True

    def _cut(self) -> None:
        for client in self._clients:
            with suppress(OSError):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for opened in [self._listener, *self._servers, *self._clients]:
            with suppress(OSError):  # closed before
                opened.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for it, which closing alone does not
            opened.close()
