"""The second half of `make demo`: a server of its own, and the same plugin run by it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

#: A cold start on a slow machine.
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


class Terminal(Protocol):
    """What `demo.Terminal` offers."""

    synapse: Path
    cwd: Path
    env: Mapping[str, str]

    def heading(self, text: str) -> None: ...
    def show(self, typed: str) -> None: ...
    def run(self, *words: str) -> None: ...


class DemoServer:
    """`synapse server start` on a data folder of the demo's own and a free port of loopback."""

    def __init__(self, terminal: Terminal, data_dir: Path) -> None:
        self._terminal = terminal
        self._data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        words = ["server", "start", "--port", "0", "--data-dir", str(self._data_dir)]
        self._terminal.show(shlex.join(["synapse", *words]) + " &")
        self._process = subprocess.Popen(
            [self._terminal.synapse, *words],
            cwd=self._terminal.cwd,
            env=dict(self._terminal.env),
            # Ctrl-C is for the demo, which then ends the server.
            start_new_session=True,
        )
        file = self._data_dir / "server.json"
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready(file):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(0.1)
        self.url = json.loads(file.read_bytes())["url"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STOP_TIMEOUT_S)

    def log_in(self) -> None:
        """Make the owner's token and hand it to `login`, without it ever being shown or in an argument."""
        make = ["server", "token", "--data-dir", str(self._data_dir)]
        keep = ["login", "--host", self.url, "--token-file", "-"]
        self._terminal.show(f"{shlex.join(['synapse', *make])} | {shlex.join(['synapse', *keep])}")
        made = self._call(make, stdin=None, keeps_stdout=True)
        self._call(keep, stdin=made, keeps_stdout=False)

    def answer(self, *words: str) -> Any:
        """Return what a command answers under `--json`."""
        return json.loads(self._call([*words, "--json"], stdin=None, keeps_stdout=True))

    def wait_for_ctrl_c(self) -> None:
        """Serve on, until somebody presses Ctrl-C or the server ends."""
        assert self._process is not None
        try:
            self._process.wait()
        except KeyboardInterrupt:
            print("\nThe server is stopped.")

    def _is_ready(self, file: Path) -> bool:
        assert self._process is not None
        return file.is_file() and json.loads(file.read_bytes())["pid"] == self._process.pid

    def _call(self, words: list[str], *, stdin: bytes | None, keeps_stdout: bool) -> bytes:
        answer = subprocess.run(
            [self._terminal.synapse, *words],
            cwd=self._terminal.cwd,
            env=dict(self._terminal.env),
            input=stdin,
            stdout=subprocess.PIPE if keeps_stdout else None,
            check=True,
        )
        return answer.stdout or b""


def run_on_the_server(
    terminal: Terminal, server: DemoServer, *, dataset: Path, outputs: Path, read: Callable[[Path], float]
) -> float:
    """Publish, train and infer on the server.

    Args:
        terminal: Shows and runs commands, in the plugin's folder.
        server: Where.
        dataset: Folder of the digits.
        outputs: Where the predictions are downloaded to.
        read: Scores a file of predictions.

    Returns:
        Share of the unseen digits that were read right.
    """
    server.log_in()
    terminal.heading("7  The digits as a dataset of the server, the plugin as a release")
    terminal.run("dataset", "register", os.path.relpath(dataset, terminal.cwd), "--name", "digits")
    terminal.run("plugin", "publish", "--yes")
    terminal.heading("8  Trained there, in an isolated environment made from the release's lock")
    train = ("plugin", "run", "train", "--mode", "remote", "--follow", "--params")
    terminal.run(*train, '{"dataset": 1, "epochs": 12}')
    terminal.run("job", "metrics", "1", "--step", "validation")
    terminal.run("model", "list")
    terminal.heading("9  Put to work there; the predictions come back as a file")
    terminal.run(
        "plugin", "run", "inference", "--mode", "remote", "--follow", "--params", '{"model": 1, "dataset": 1}'
    )
    terminal.run("job", "download", "2", "--to", os.path.relpath(outputs, terminal.cwd))
    return read(outputs / "predictions.csv")
