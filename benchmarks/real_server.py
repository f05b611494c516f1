"""A real server to measure: `synapse server start` as a process of its own, over a folder of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYNAPSE = (sys.executable, "-P", "-m", "synapse_sdk.cli.entry")
START_TIMEOUT_S = 60.0
_INHERITED = (
    "PATH",
    "PYTHONPATH",
    "TMPDIR",
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class RealServer:
    """A server that listens."""

    process: subprocess.Popen[str]
    url: str
    data_dir: Path
    environ: Mapping[str, str]

    def run(self, *words: str | Path, stdin: str | None = None, cwd: Path | None = None) -> str:
        """Run a `synapse` command to its end; return what it printed."""
        command = [*SYNAPSE, *map(str, words)]
        done = subprocess.run(
            command, env=dict(self.environ), cwd=cwd, input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"benchmark: {' '.join(command[4:])} failed: {done.stderr}")
        return done.stdout.strip()

    def make_token(self) -> str:
        """Return a new token of the owner."""
        return self.run("server", "token", "--data-dir", self.data_dir)

    def open_api(self) -> Any:
        """Return an HTTP client with the owner's token."""
        import httpx

        headers = {"Synapse-Access-Token": f"Token {self.make_token()}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def open_console(self) -> Any:
        """Return an HTTP client that has signed in to the console, by a link as a person does."""
        import httpx

        secret = self.run("server", "link", "--data-dir", self.data_dir).rpartition("#")[2]
        client = httpx.Client(base_url=f"{self.url}/console/", timeout=60)
        field = _CSRF.search(client.get("sign-in/").text)
        assert field is not None
        form = {"csrf_token": field.group(1), "secret": secret}
        answer = client.post("sign-in/link/", data=form)
        if answer.status_code != 303 or "synapse_session" not in client.cookies:
            raise SystemExit(f"benchmark: signing in answered {answer.status_code}: {answer.text[:300]}")
        return client


@contextmanager
def real_server(scratch: Path, *options: str) -> Iterator[RealServer]:
    """Start a server over `scratch/data`, and end it.

    Args:
        scratch: Folder for its data, its log, and a private home.
        options: More of `synapse server start`, such as `--no-agent`.
    """
    data_dir, home = scratch / "data", scratch / "home"
    home.mkdir(parents=True, exist_ok=True)
    environ = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environ |= {"HOME": str(home), "SYNAPSE_HOME": str(home / ".synapse"), "LANG": "C.UTF-8"}
    command = [*SYNAPSE, "server", "start", "--data-dir", str(data_dir), "--port", "0", *options]
    with (scratch / "server.log").open("a") as log:
        process = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True
        )
    try:
        yield RealServer(
            process, _wait_for_address(process, data_dir, scratch / "server.log"), data_dir, environ
        )
    finally:
        process.terminate()
        process.wait(60)


def _wait_for_address(process: subprocess.Popen[str], data_dir: Path, log: Path) -> str:
    file, until_s = data_dir / "server.json", time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until_s and process.poll() is None:
        if file.is_file() and (facts := json.loads(file.read_bytes()))["pid"] == process.pid:
            return str(facts["url"])
        time.sleep(0.05)
    raise SystemExit(f"benchmark: the server did not start: {log.read_text()[-2000:]}")
