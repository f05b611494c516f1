"""A small server that speaks of projects, tasks, assignments and ground truths, as the vendor's do.

It listens on a socket of this machine, keeps what it was asked, and misbehaves as told.
"""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Record = dict[str, Any]
#: What only shapes an answer, and narrows nothing down.
_SHAPE = {"response_mode", "pagination", "ordering", "page_size", "expand", "fields", "cursor", "limit"}


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass
class LabellingServer:
    """What it has, and what it was asked."""

    storage: Path
    #: "tasks", "assignments", "ground_truth_events" → records as they are listed.
    records: dict[str, list[Record]] = field(default_factory=dict)
    #: Any other path without slashes around it → what is answered to GET; behind `POST ` or `PUT `, to these:
    #: a document, or a function that is asked for one, or for a status and a document.
    documents: dict[str, Any] = field(default_factory=dict)
    #: Name → content of `/files/<name>`.
    files: dict[str, bytes] = field(default_factory=dict)
    #: Path → statuses that it answers with first, one a request; 200 is none,
    #: 0 breaks the connection off in the middle.
    troubles: dict[str, list[int]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    #: Sessions that say how to write to a storage; without, as ours, it has `storages/<id>/` only.
    opens_sessions: bool = True
    #: What it says of its storages; a folder of this machine unless given.
    described_storage: Record | None = None
    #: Files are sent once so many are asked for at the same time, or after some seconds of waiting for that.
    files_at_once: int = 1
    file_peak: int = 0
    #: Bytes by which what is asked for from a place on begins before it.
    ranges_begin_early_by: int = 0
    _files_asked: int = 0
    _gate: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, number: int, name: str | None = None, data: Any = None, **more: Any) -> Record:
        """Add a record with a file of this name, whose content is its id."""
        entry: Record = {}
        if name is not None:
            self.files[f"{kind}-{number}"] = f"file {number}".encode()
            entry = {"url": f"{self.url}/files/{kind}-{number}?sig=s3cret", "file_name_original": name}
            entry["is_primary"] = True
        files = {"image_1": entry} if entry else {}
        content = {"n": number} if data is None else data
        record = {"id": number, "project": 1, "data": {"mode": "inline", "data": content}, **more}
        if kind == "assignments":
            record["file"] = files
        else:
            record["data_unit"] = {"files": files}
        if kind == "ground_truth_events":
            record = {**record, "pgh_id": number}
        self.records.setdefault(kind, []).append(record)
        return record

    def requests(self, path: str, method: str = "GET") -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path and asked.method == method]

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Return a status and a document."""
        kind = asked.path.removeprefix("sdk/")
        if asked.path.startswith("sdk/") and asked.method == "GET":
            return 200, self._page(kind, asked)
        if re.fullmatch(r"storages/\d+/session", asked.path) and not self.opens_sessions:
            return 404, {"detail": "no sessions"}
        if re.fullmatch(r"storages/\d+(/session)?", asked.path):
            if self.described_storage is not None:
                return 200, self.described_storage
            place = {"location": str(self.storage)}
            return 200, {"id": 1, "provider": "file_system", "configuration": place, "contract_version": 1}
        if asked.method == "GET" and asked.path in self.documents:
            return 200, self.documents[asked.path]
        if asked.method in ("PUT", "POST", "DELETE") and f"{asked.method} {asked.path}" in self.documents:
            answer = self.documents[f"{asked.method} {asked.path}"]
            found = answer(asked) if callable(answer) else answer
            return found if isinstance(found, tuple) else (200, found)
        return 404, {"detail": f"no {asked.path}"}

    def _page(self, kind: str, asked: Asked) -> Record:
        order = "pgh_id" if "pgh_id" in asked.query.get("ordering", "") else "id"
        found = [record for record in self.records.get(kind, []) if _fits(record, asked.query)]
        if "ordering" in asked.query:
            found.sort(key=lambda record: record[order], reverse=asked.query["ordering"].startswith("-"))
        start, size = int(asked.query.get("cursor", 0)), int(asked.query.get("page_size", 100))
        following = {**asked.query, "cursor": str(start + size)}
        more = f"{self.url}/{asked.path}/?{urlencode(following)}" if start + size < len(found) else None
        return {"count": len(found), "next": more, "previous": None, "results": found[start : start + size]}

    def meet(self) -> None:
        """Wait until as many files are asked for at the same time as there should be."""
        with self._lock:
            self._files_asked += 1
            self.file_peak = max(self.file_peak, self._files_asked)
            if self._files_asked >= self.files_at_once:
                self._gate.set()
        self._gate.wait(5)
        self._gate.set()
        with self._lock:
            self._files_asked -= 1

    def trouble(self, path: str) -> int | None:
        with self._lock:
            waiting = self.troubles.get(path)
            return waiting.pop(0) if waiting else None


def _fits(record: Record, query: dict[str, str]) -> bool:
    for name, wanted in query.items():
        if name in _SHAPE:
            continue
        key, _, lookup = name.partition("__")
        value = record.get(key)
        if lookup == "lt":
            good = value < int(wanted)
        elif lookup == "in" or "," in wanted:
            good = str(value) in wanted.split(",")
        else:
            good = str(value) == wanted or (isinstance(value, bool) and str(value).lower() == wanted)
        if not good:
            return False
    return True


@contextmanager
def labelling_server(storage: Path) -> Iterator[LabellingServer]:
    """Run one on a free port."""
    state = LabellingServer(storage)
    storage.mkdir(parents=True, exist_ok=True)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            is_json = headers.get("content-type") == "application/json"
            body = json.loads(content) if content and is_json else content or None
            asked = Asked(self.command, parts.path.strip("/"), query, headers, body)
            state.asked.append(asked)
            trouble = state.trouble(asked.path)
            if trouble not in (None, 0, 200):
                self._send(trouble, json.dumps({"detail": "trouble"}).encode())
            elif asked.path.startswith("files/"):
                self._send_file(asked, breaks=trouble == 0)
            else:
                status, document = state.answer(asked)
                self._send(status, json.dumps(document).encode(), breaks=trouble == 0)

        def _send_file(self, asked: Asked, *, breaks: bool) -> None:
            content = state.files.get(asked.path.removeprefix("files/"))
            if content is None:
                self._send(404, b"{}")
                return
            state.meet()
            start = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
            tag = f'"{zlib.crc32(content)}"'
            if start is None or asked.headers.get("if-range", tag) != tag:
                self._send(200, content, breaks=breaks, headers={"ETag": tag})
                return
            begin = max(int(start[1]) - state.ranges_begin_early_by, 0)
            whole = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            self._send(206, content[begin:], breaks=breaks, headers={"Content-Range": whole, "ETag": tag})

        def _send(
            self, status: int, content: bytes, *, breaks: bool = False, headers: dict[str, str] | None = None
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if breaks else content)
            if breaks:
                self.close_connection = True

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
