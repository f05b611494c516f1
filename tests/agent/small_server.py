"""A server as agents see it: HTTP on a free port of 127.0.0.1, everything else in memory."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

AGENT_TOKEN = "agent-token"
JOB_TOKEN = "job-token-5d41402abc4b2a76"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class Release:
    """What is served of a release."""

    manifest: list[dict[str, Any]]
    contents: list[bytes]
    lock: str | None = None

    @classmethod
    def of(cls, files: Mapping[str, str], *, lock: str | None = None) -> Release:
        manifest = [
            {
                "path": path,
                "mode": "644",
                "size_bytes": len(text.encode()),
                "digest": digest_of(text.encode()),
            }
            for path, text in sorted(files.items())
        ]
        return cls(manifest, [text.encode() for _, text in sorted(files.items())], lock)

    @property
    def archive(self) -> bytes:
        return b"".join(
            f"{hashlib.sha256(content).hexdigest()} {len(content)}\n".encode() + content
            for content in self.contents
        )


@dataclass
class Told:
    """What agents and workers told of one attempt."""

    started: int = 0
    end: dict[str, Any] | None = None
    end_count: int = 0
    logs: dict[str, bytearray] = field(default_factory=lambda: {"stdout": bytearray(), "stderr": bytearray()})
    #: Raw lines by identity, and how often any came.
    events: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    is_out_of_step: bool = False

    @property
    def stdout(self) -> str:
        return self.logs["stdout"].decode()

    @property
    def stderr(self) -> str:
        return self.logs["stderr"].decode()

    @property
    def state(self) -> str | None:
        outcome = (self.end or {}).get("outcome")
        return outcome["state"] if outcome else None

    @property
    def exit(self) -> dict[str, Any]:
        assert self.end is not None
        return dict(self.end["exit"])


class SmallServer:
    """Hands out assignments, takes what comes back. `go_away` and `come_back` keep port and memory."""

    def __init__(self) -> None:
        self.port = free_port()
        self.changed = threading.Condition()
        self.waiting: list[dict[str, Any]] = []
        self.releases: dict[int, Release] = {}
        self.told: dict[tuple[str, int], Told] = {}
        self.directives: dict[tuple[str, int], tuple[str, str | None]] = {}
        self.heartbeats: list[list[dict[str, Any]]] = []
        self.registered: list[dict[str, Any]] = []
        #: While it is clear, archives are asked for and do not come.
        self.gives_archives = threading.Event()
        self.gives_archives.set()
        self.asked_archives = 0
        #: The same for anything below `slow/`.
        self.gives_slow = threading.Event()
        self.asked_slow = 0
        #: Tokens that it does not know any more.
        self.refused_tokens: set[str] = set()
        self.come_back()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def come_back(self) -> None:
        handler = type("Handler", (_Handler,), {"server_state": self})
        self._http = _Http(("127.0.0.1", self.port), handler)
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        self.is_away = False

    def go_away(self) -> None:
        self.is_away = True
        with self.changed:
            self.changed.notify_all()
        self._http.shutdown()
        self._http.server_close()

    def assign(self, job: str, release: Release, *, attempt: int = 1, **more: Any) -> Told:
        """Let the next claim have an attempt at the action `train` of a release."""
        number = len(self.releases) + 1
        self.releases[number] = release
        envelope = {
            "job": job,
            "attempt": attempt,
            "workspace": "default",
            "mode": "remote",
            "plugin": {"code": "demo", "version": "0.1.0", "release_digest": "sha256:00"},
            "action": "train",
            "entrypoint": "plugin.train:Action",
            "params": more.pop("params", {}),
            "environment": {"interpreter": "cpython", "platform": "linux", "sdk_version": "0"},
            "created_at": "2026-01-01T00:00:00.000000Z",
        }
        assignment = {
            "job": job,
            "number": number,
            "attempt": attempt,
            "envelope": envelope,
            "release": {
                "release_id": number,
                "digest": "sha256:00",
                "archive_url": f"plugin_releases/{number}/archive/",
                "files_url": f"plugin_releases/{number}/files/",
                "lock_url": f"plugin_releases/{number}/lock/" if release.lock is not None else None,
            },
            "job_token": JOB_TOKEN,
            "lease_s": 30.0,
            **more,
        }
        told = self.told[job, attempt] = Told()
        with self.changed:
            self.waiting.append(assignment)
            self.changed.notify_all()
        return told

    def wait_until(self, is_so: Any, *, timeout_s: float = 90.0) -> None:
        """Wait until `is_so()`; everything that arrives is a reason to look again."""
        with self.changed:
            assert self.changed.wait_for(is_so, timeout_s), "waited in vain"


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # agents are killed here
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server_state: SmallServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self._route()

    def do_HEAD(self) -> None:
        self._route()

    def do_POST(self) -> None:
        self._route()

    def do_PUT(self) -> None:
        self._route()

    def _route(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.headers.get("Transfer-Encoding") == "chunked":
            raise AssertionError("not needed here")
        body = self.rfile.read(length)
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        if self.server_state.is_away:
            self.close_connection = True
            return
        _, _, token = (self.headers["Synapse-Access-Token"] or "").partition(" ")
        if token in self.server_state.refused_tokens:
            self._answer(401, {"detail": "This token is not known."})
            return
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        for method, pattern, name in _ROUTES:
            match = re.fullmatch(pattern, address.path)
            if match and method == self.command:
                status, answer = getattr(self, name)(*match.groups(), body=body, query=query)
                break
        else:
            status, answer = 404, {"detail": f"no {self.command} {address.path}"}
        self._answer(status, answer)
        with self.server_state.changed:
            self.server_state.changed.notify_all()

    def _answer(self, status: int, answer: Any) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = "application/octet-stream" if isinstance(answer, bytes) else "application/json"
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except ConnectionError:
            self.close_connection = True

    def _told(self, job: str, attempt: str) -> Told:
        return self.server_state.told[job, int(attempt)]

    def register(self, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        assert self.headers["Synapse-Access-Token"] == f"Token {AGENT_TOKEN}"
        self.server_state.registered.append(json.loads(body))
        return 200, {"id": 7}

    def claim(self, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        state, wanted = self.server_state, json.loads(body)
        with state.changed:
            state.changed.wait_for(lambda: state.waiting or state.is_away, wanted["wait_s"])
            count = 0 if state.is_away else wanted["free_slots"]
            given, state.waiting[:] = state.waiting[:count], state.waiting[count:]
        return 200, {"assignments": given}

    def heartbeat(self, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        reports = json.loads(body)["attempts"]
        self.server_state.heartbeats.append(reports)
        directives = []
        for report in reports:
            action, reason = self.server_state.directives.get(
                (report["job"], report["attempt"]), ("keep", None)
            )
            directives.append(
                {"job": report["job"], "attempt": report["attempt"], "action": action, "reason": reason}
            )
        return 200, {"directives": directives}

    def started(self, job: str, attempt: str, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        self._told(job, attempt).started += 1
        return 200, {}

    def append_log(
        self, job: str, attempt: str, stream: str, *, body: bytes, query: dict[str, str]
    ) -> tuple[int, Any]:
        log, offset = self._told(job, attempt).logs[stream], int(query["offset"])
        if offset > len(log):
            return 409, {"detail": "a gap", "offset": len(log)}
        log += body[len(log) - offset :]
        return 200, {"size_bytes": len(log)}

    def events(self, job: str, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        assert self.headers["Synapse-Access-Token"] == f"Token {JOB_TOKEN}"
        accepted = duplicate = 0
        for line in body.splitlines():
            event = json.loads(line)
            known = self.server_state.told[job, event["attempt"]].events
            key = (event["producer"], event["seq"])
            duplicate += key in known
            accepted += key not in known
            known.setdefault(key, event)
        return 200, {"accepted": accepted, "duplicate": duplicate, "refused": 0, "last_seq": {}}

    def end(self, job: str, attempt: str, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        told = self._told(job, attempt)
        told.end = json.loads(body)
        told.end_count += 1
        return 200, {}

    def files(self, number: str, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        # Two to a page, so that pages are followed.
        rows, after = self.server_state.releases[int(number)].manifest, int(query.get("after", 0))
        path = f"{self.server_state.url}/plugin_releases/{number}/files/?after={after + 2}"
        return 200, {"results": rows[after : after + 2], "next": path if after + 2 < len(rows) else None}

    def slow(self, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        self.server_state.asked_slow += 1
        self.server_state.gives_slow.wait(60)
        return 404, {}

    def archive(self, number: str, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        self.server_state.asked_archives += 1
        self.server_state.gives_archives.wait(60)
        return 200, self.server_state.releases[int(number)].archive

    def lock(self, number: str, *, body: bytes, query: dict[str, str]) -> tuple[int, Any]:
        return 200, (self.server_state.releases[int(number)].lock or "").encode()


_ROUTES = [
    ("POST", r"/agents/register/", "register"),
    ("POST", r"/agents/7/claim/", "claim"),
    ("POST", r"/agents/7/heartbeat/", "heartbeat"),
    ("POST", r"/jobs/([^/]+)/attempts/(\d+)/started/", "started"),
    ("POST", r"/jobs/([^/]+)/attempts/(\d+)/exit/", "end"),
    ("PUT", r"/jobs/([^/]+)/attempts/(\d+)/logs/(stdout|stderr)/", "append_log"),
    ("POST", r"/jobs/([^/]+)/events/", "events"),
    ("GET", r"/plugin_releases/(\d+)/files/", "files"),
    ("GET", r"/slow/.*", "slow"),
    ("HEAD", r"/slow/.*", "slow"),
    ("GET", r"/plugin_releases/(\d+)/archive/", "archive"),
    ("GET", r"/plugin_releases/(\d+)/lock/", "lock"),
]


def wait_for(is_so: Any, *, timeout_s: float = 60.0, what: str = "") -> None:
    """Wait for something that nobody announces."""
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited in vain {what}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
