"""A small server of files, which may ask for a header, break off, or answer something else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What it has, and how it misbehaves."""

    files: dict[str, bytes] = field(default_factory=dict)
    #: Header that every request must have.
    asks_for: tuple[str, str] | None = None
    #: Path → status that it answers with.
    troubles: dict[str, int] = field(default_factory=dict)
    breaks_off: set[str] = field(default_factory=set)
    has_head: bool = True
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Run one on a free port."""
    state = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, *, with_body: bool) -> None:
            state.asked.append(f"{self.command} {self.path}")
            name, status = self.path.removeprefix("/files/"), 200
            if state.asks_for and self.headers.get(state.asks_for[0]) != state.asks_for[1]:
                status = 401
            elif not with_body and not state.has_head:
                status = 405
            elif self.path in state.troubles:
                status = state.troubles[self.path]
            elif name not in state.files:
                status = 404
            content = state.files.get(name, b"") if status == 200 else b""
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{state.url}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if with_body:
                self.wfile.write(content[:-1] if name in state.breaks_off else content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
