"""A server for events that misbehaves as told, in a process of its own: it can be killed and started again.

Stores lines before it answers, each identity once, as the real one does. Ends when its standard input does.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.request import Request, urlopen


@dataclass
class EventServer:
    """The process, and what it has stored."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    #: Behaviour with which it starts; see `Handler`.
    behaviour: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        self.port = self.port or free_port(self.host)
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(self.folder), self.host, str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"
        if self.behaviour:
            self.behave(**self.behaviour)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                assert pipe is not None
                pipe.close()
            self.process = None

    def behave(self, **behaviour: Any) -> None:
        """Replace its behaviour."""
        with urlopen(Request(f"{self.url}/behaviour", json.dumps(behaviour).encode())) as answer:
            answer.read()

    def stored(self) -> list[dict[str, Any]]:
        file = self.folder / "stored.jsonl"
        return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []

    def seqs(self, producer: str = "worker") -> list[int]:
        return [event["seq"] for event in self.stored() if event["producer"] == producer]

    def requests(self) -> list[dict[str, Any]]:
        file = self.folder / "requests.jsonl"
        return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []

    def wait_for_requests(self, count: int) -> None:
        wait_until(lambda: len(self.requests()) >= count)


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def wait_until(is_true: Any, *, deadline_s: float = 60.0) -> None:
    deadline = time.monotonic() + deadline_s
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Handler(BaseHTTPRequestHandler):
    """Behaviour: `answers` (statuses of the next requests), `always` (a status), `retry_after`, `hold`,
    `forget_answers` (store, then break the connection that many times), `poison` (refuse bodies with it),
    `max_bytes` (413), `html` (answer like a portal), `no_gzip` (415)."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes; the second would wait 40 ms
    behaviour: ClassVar[dict[str, Any]] = {}
    folder: Path
    known: ClassVar[set[str]] = set()
    lock = threading.Lock()
    released = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/behaviour":
            Handler.behaviour = json.loads(body)
            if not Handler.behaviour.get("hold"):
                Handler.released.set()
            return self.answer(200, {})
        is_gzip = self.headers.get("Content-Encoding") == "gzip"
        lines = (gzip.decompress(body) if is_gzip else body).splitlines(keepends=True)
        with self.lock:
            status = self.choose_status(body, lines, is_gzip=is_gzip)
            self.note(status, lines, is_gzip=is_gzip)
        if self.behaviour.get("hold"):
            self.released.wait(60)
        if self.behaviour.get("html"):
            return self.answer(200, None)
        if status != 200:
            return self.answer(status, {"detail": f"refused with {status}"})
        with self.lock:
            answer = self.store(lines)
        if self.behaviour.get("forget_answers", 0) > 0:
            self.behaviour["forget_answers"] -= 1
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self.answer(200, answer)

    def choose_status(self, body: bytes, lines: list[bytes], *, is_gzip: bool) -> int:
        if is_gzip and self.behaviour.get("no_gzip"):
            return 415
        if self.behaviour.get("answers"):
            return int(self.behaviour["answers"].pop(0))
        if self.behaviour.get("always"):
            return int(self.behaviour["always"])
        if len(body) > self.behaviour.get("max_bytes", 1 << 30):
            return 413
        if "poison" in self.behaviour and self.behaviour["poison"].encode() in b"".join(lines):
            return 422
        return 200

    def store(self, lines: list[bytes]) -> dict[str, Any]:
        accepted = duplicate = 0
        with (self.folder / "stored.jsonl").open("ab") as file:
            for line in lines:
                assert line.endswith(b"\n")
                event = json.loads(line)
                identity = json.dumps([event[name] for name in ("job", "attempt", "producer", "seq")])
                if identity in self.known:
                    duplicate += 1
                    continue
                self.known.add(identity)
                file.write(line)
                accepted += 1
            file.flush()
            os.fsync(file.fileno())
        return {"accepted": accepted, "duplicate": duplicate, "refused": 0, "last_seq": {}}

    def note(self, status: int, lines: list[bytes], *, is_gzip: bool) -> None:
        facts = {
            "at_s": time.monotonic(),
            "path": self.path,
            "token": self.headers.get("Synapse-Access-Token"),
            "type": self.headers.get("Content-Type"),
            "status": status,
            "line_count": len(lines),
            "is_gzip": is_gzip,
        }
        with (self.folder / "requests.jsonl").open("a") as file:
            file.write(json.dumps(facts) + "\n")

    def answer(self, status: int, document: Any) -> None:
        data = b"<html>Please sign in</html>" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if document is None else "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status in (429, 503) and self.behaviour.get("retry_after") is not None:
            self.send_header("Retry-After", str(self.behaviour["retry_after"]))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def main(folder: Path, host: str, port: int) -> None:
    Handler.folder = folder
    stored = folder / "stored.jsonl"
    for line in stored.read_bytes().splitlines() if stored.exists() else []:
        event = json.loads(line)
        Handler.known.add(json.dumps([event[name] for name in ("job", "attempt", "producer", "seq")]))
    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.buffer.read()  # until whoever started this ends
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
