"""A server with its agent and one plugin of bad manners: what the stories of bad days are told on."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from synapse_sdk.agent.processes import Process, find_descendants, find_process
from tests.cli_process import Synapse
from tests.journeys.small_plugins import action_source, config_of
from tests.server_process import ServerProcess, wait_until

END_STATES = ("SUCCEEDED", "FAILED", "STOPPED")
#: The first job on an agent waits for its environment, which is built from the cache of packages.
ENVIRONMENT_TIMEOUT_S = 180.0

_COUNT = action_source("""
    print(os.getpid(), flush=True)
    for index in range(self.params.epochs):
        self.set_metrics({"index": index}, step="count")
        print(f"line {index}")
        time.sleep(0.05)
    return {"counted": self.params.epochs}
""")
_RAISE = action_source(
    """
    print("about to fail", flush=True)
    open_the_gate({"epochs": self.params.epochs})
""",
    before="""
    def open_the_gate(given):
        raise RuntimeError(f"the gate is stuck at {given['epochs']}")
""",
)
#: Ignores SIGTERM, and so do its child in a session of its own and that one's child in yet another.
_STUBBORN = action_source(
    """
    child = subprocess.Popen([sys.executable, "-c", CHILD, CHILD, "2"], start_new_session=True,
        stdout=subprocess.PIPE, text=True)
    pids = [child.stdout.readline(), child.stdout.readline()]
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(os.getpid(), *map(str.strip, pids), flush=True)
    while True:  # a signal that comes just before a sleep is seen after it
        time.sleep(0.2)
""",
    before='''
    CHILD = """
    import os, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(os.getpid(), flush=True)
    if sys.argv[2] == "2":
        subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[1], "1"], start_new_session=True)
    time.sleep(600)
    """
''',
)
_WAIT = action_source("""
    print(os.getpid(), flush=True)
    print("begun", flush=True)
    while True:  # a signal that comes just before a sleep is seen after it
        time.sleep(0.2)
""")
#: Asks the server, as the job that it is, and tells what it heard; with a name, only once `../go` is there.
_ASK = action_source(
    """
    index = 0
    print(os.getpid(), flush=True)
    while self.params.name != "x" and not os.path.exists("../go"):
        self.set_metrics({"index": index}, step="wait")
        index += 1
        time.sleep(0.05)
    client = self.ctx.client
    with open("weights.bin", "wb") as file:
        file.write(b"weights")
    model = client.create_model({"name": "from a job"}, "weights.bin")
    return {
        "number": client.get_job(self.ctx.job_id)["number"],
        "model": model["id"],
        "is_same": client is self.ctx.client,
        "refused": [said(client.list_jobs), said(client.get_plugin, "demo")],
        "variables": {key: value for key, value in os.environ.items() if key.startswith("SYNAPSE_")},
    }
""",
    before="""
    from synapse_sdk.exceptions import AuthorizationError

    def said(ask, *args):
        try:
            return str(ask(*args))
        except AuthorizationError as error:
            return str(error)
""",
)
#: Has a rule that no form can express.
_CHOOSY = action_source(
    "return {}",
    before="""
    from pydantic import field_validator

    class Choosy(BaseModel):
        sizes: list[int] = [2]

        @field_validator("sizes")
        @classmethod
        def check(cls, sizes):
            if sum(sizes) % 2:
                raise ValueError("their sum has to be even")
            return sizes
    """,
).replace("Action(BaseTrainAction[Params])", "Action(BaseAction[Choosy])")
_ADVISE = action_source(
    'raise ExecutionError("There is no water in the tank", hint="Fill it.")',
    before="from synapse_sdk.plugins import ExecutionError",
)
_NEEDY = action_source("pass", before="import a_library_that_nobody_has")
ACTIONS = {
    "advise": _ADVISE,
    "ask": _ASK,
    "choosy": _CHOOSY,
    "count": _COUNT,
    "needy": _NEEDY,
    "raise": _RAISE,
    "stubborn": _STUBBORN,
    "wait": _WAIT,
}
CONFIG = config_of({name: f"plugin.{name}_action:Action" for name in ACTIONS})


def write_plugin_at(folder: Path, *, config: str = CONFIG, requirements: str | None = None) -> Path:
    """Write the plugin of these stories."""
    files = {f"plugin/{name}_action.py": source for name, source in ACTIONS.items()}
    files |= {"plugin/__init__.py": "", "config.yaml": config, "README.md": "# Demo\n"}
    if requirements is not None:
        files["requirements.txt"] = requirements
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


@dataclass
class Platform:
    """A server, its agent, and the owner's command line; `demo` is published there."""

    synapse: Synapse
    server: ServerProcess
    plugin: Path
    token: str

    @classmethod
    def open(cls, folder: Path, *, options: tuple[str, ...] = ()) -> Platform:
        """Start it below `folder`; the caller stops the server."""
        home, plugin = folder / "home", folder / "plugin"
        home.mkdir(parents=True)
        synapse = Synapse(home, folder)
        server = ServerProcess(synapse, folder / "data", options=options)
        server.start()
        try:
            platform = cls(synapse, server, write_plugin_at(plugin), server.log_in())
            platform.publish()
        except BaseException:
            server.stop()
            raise
        return platform

    @property
    def agent_folder(self) -> Path:
        """Work folder of the embedded agent."""
        return self.server.data_dir / "agent"

    def publish(self) -> None:
        """Publish the plugin."""
        answer = self.synapse("plugin", "publish", "--yes", cwd=self.plugin, timeout_s=180)
        assert answer.returncode == 0, answer

    def submit(self, action: str, **params: Any) -> str:
        """Submit a job; return its number."""
        words = [f"{name}={value}" for name, value in params.items()]
        asked = self.synapse(*self.run_words(action, *words), "--json", cwd=self.plugin)
        assert asked.returncode == 0, asked
        return str(asked.json()["number"])

    @staticmethod
    def run_words(action: str, *assignments: str) -> list[str]:
        """Return the command line of a remote run."""
        words = ["plugin", "run", action, "--mode", "remote"]
        for assignment in assignments:
            words += ["--set", assignment]
        return words

    def job(self, number: str) -> dict[str, Any]:
        """Return the job's document, as `job get` shows it."""
        return self._document("job", "get", number)

    def events(self, number: str, kind: str) -> list[dict[str, Any]]:
        """Return its events of one kind, in the order of their arrival."""
        found = self._document("job", "events", number)["events"]
        return [event for event in found if event["kind"] == kind]

    def log(self, number: str, stream: str = "stdout") -> list[str]:
        """Return the lines of a stream."""
        return [item["line"] for item in self._document("job", "logs", number, "--stream", stream)["lines"]]

    def wait_for_line(self, number: str, line: int = 0) -> str:
        """Return a line of the job's stdout as soon as the server has it."""
        lines = wait_until(
            lambda: self._lines_so_far(number, line),
            f"job {number} prints its line {line}",
            timeout_s=ENVIRONMENT_TIMEOUT_S,
        )
        return str(lines[line])

    def wait_for_end(self, number: str, *, timeout_s: float = 60.0) -> dict[str, Any]:
        """Return the job's document as soon as it has ended."""
        return wait_until(
            lambda: document if (document := self.job(number))["state"] in END_STATES else None,
            f"job {number} ends",
            timeout_s=timeout_s,
        )

    def attempt_folder(self, number: str) -> Path:
        """Return what the agent keeps of the job's first attempt."""
        return self.agent_folder / "attempts" / str(self.job(number)["id"]) / "1"

    def find_agent(self) -> Process | None:
        """Return the embedded agent's process."""
        assert self.server.process is not None
        for process in find_descendants(self.server.process.pid):
            if b"synapse_sdk.agent" in command_of(process.pid).split(b"\0"):
                return process
        return None

    def ask(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        """Send a request as somebody with `token` would; the owner unless told."""
        headers = {"Synapse-Access-Token": f"Token {token or self.token}", **options.pop("headers", {})}
        return httpx.request(method, f"{self.server.url}/{path}", headers=headers, timeout=30, **options)

    def refusals(self) -> list[dict[str, Any]]:
        """Return what the server's audit log says of refusals, newest first."""
        answer = self.ask("GET", "audit/")
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    def _lines_so_far(self, number: str, line: int) -> list[str] | None:
        document = self.job(number)
        assert document["state"] not in END_STATES or line < len(self.log(number)), document
        lines = self.log(number) if document["state"] != "PENDING" else []
        return lines if line < len(lines) else None

    def _document(self, *words: str) -> Any:
        answer = self.synapse(*words, "--json")
        assert answer.returncode == 0, answer
        return answer.json()


def command_of(pid: int) -> bytes:
    """Return a process's command line as the kernel keeps it; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_alive(pid: int) -> bool:
    """Does a process of this number run?"""
    process = find_process(pid)
    return process is not None and process.state != "Z"


def kill(pid: int) -> None:
    """End a process as the system does when memory runs out."""
    os.kill(pid, 9)


def counted(events: Sequence[dict[str, Any]]) -> list[int]:
    """Return the indexes that `count` reported, in the order of their arrival."""
    return [int(event["values"]["index"]) for event in events]
