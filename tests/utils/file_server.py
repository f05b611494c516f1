"""A server of files on this machine that can break off, refuse and lead elsewhere."""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class FileServer:
    """Answers `/PATH` with `files[PATH]`. What went wrong before may be asked of `requests`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        #: Path → statuses to answer with first.
        self.refusals: dict[str, list[int]] = {}
        #: Path → after how many bytes of an answer to break off, for each of the next answers.
        self.breaks: dict[str, list[int]] = {}
        #: Path → where to.
        self.redirects: dict[str, str] = {}
        #: Every request: path with query, and its headers.
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.counts: Counter[str] = Counter()
        self.etag = "one"
        #: Headers that are sent instead of the etag.
        self.version_headers: dict[str, str] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0].lstrip("/")
        self.requests.append((request.path, {key.lower(): value for key, value in request.headers.items()}))
        self.counts[path] += 1
        if refusals := self.refusals.get(path):
            self._send_head(request, refusals.pop(0), 0)
        elif path in self.redirects:
            request.send_response(302)
            request.send_header("Location", self.redirects[path])
            request.send_header("Content-Length", "0")
            request.end_headers()
        elif path not in self.files:
            self._send_head(request, 404, 0)
        else:
            self._send_file(request, path)

    def _send_file(self, request: BaseHTTPRequestHandler, path: str) -> None:
        data, wanted = self.files[path], request.headers.get("Range", "")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        versions = {"ETag": f'"{self.etag}"'} if self.version_headers is None else self.version_headers
        if start and request.headers.get("If-Range") not in (None, *versions.values()):
            start = 0
        body = data[start:]
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        for header, value in versions.items():
            request.send_header(header, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if breaks := self.breaks.get(path):
            request.wfile.write(body[: breaks.pop(0)])
            request.close_connection = True
            return
        request.wfile.write(body)

    def _send_head(self, request: BaseHTTPRequestHandler, status: int, length: int) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(length))
        request.end_headers()
