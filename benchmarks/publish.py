"""What publishing costs: 10,000 files, 200 MB, to a server on this machine; and the same after one change.

`measure` starts this file as the server and as the client, and Python's zipfile as the floor. CPU times are
of client and server together. Run alone it prints the parts as well: `python benchmarks/publish.py`.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from figures import Figure

FILES = 10_000
TOTAL_BYTES = 200_000_000
#: Every other file is text, which deflate shrinks to a quarter; the others are images, which it does not.
CONFIG = """\
name: Many files
code: many-files
version: {version}
category: custom
actions:
  noop:
    entrypoint: plugin.noop:Noop
"""

#: Floor: what an upload as one zip costs before any of it is sent.
ZIP = """
import sys, zipfile
from pathlib import Path
folder = Path(sys.argv[1])
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            archive.write(file, file.relative_to(folder))
"""


def measure(*, rounds: int = 3) -> list[Figure]:
    """Measure with the environment that runs this, which has the server's extra.

    Args:
        rounds: Counted publishes, each to a fresh server.
    """
    from figures import Figure

    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as scratch:
        for _ in range(rounds):
            for name, value in run_once(Path(scratch)).items():
                found.setdefault(name, []).append(value)
    return [
        Figure("publish 10,000 files, 200 MB (CPU) / zipfile level 6", found["first"], found["zip"], 0.4),
        Figure("publish after one change (time) / the first", found["again time"], found["first time"], 0.05),
        Figure(
            "publish after one change (bytes) / the first", found["again sent"], found["first sent"], 0.01
        ),
    ]


def run_once(scratch: Path) -> dict[str, float]:
    """Publish to a fresh server, change a file, publish again; return times in microseconds, and bytes."""
    # The last round's data stay: after thousands of files were removed, ext4 takes longer to make new ones.
    folder, data = scratch / "plugin", Path(tempfile.mkdtemp(prefix="data-", dir=scratch)) / "data"
    # The first publish of a folder knows nothing of it.
    shutil.rmtree(scratch / "cache", ignore_errors=True)
    write_plugin(folder)
    server = subprocess.Popen([sys.executable, __file__, "serve", data], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url, token = server.stdout.readline().split()
        # It loads some of itself behind that line, which is no part of publishing.
        urllib.request.urlopen(f"{url}/health/").close()
        first = publish(server.pid, url, token, folder)
        (folder / "plugin/noop.py").write_text("class Noop: changed = True\n")
        (folder / "config.yaml").write_text(CONFIG.format(version="0.2.0"))
        again = publish(server.pid, url, token, folder)
    finally:
        server.kill()
        server.wait()
    zipped = cpu_of([sys.executable, "-c", ZIP, folder, scratch / "plugin.zip"])
    return {
        "first": first["cpu"],
        "zip": zipped,
        **{f"first {name}": value for name, value in first.items()},
        **{f"again {name}": value for name, value in again.items()},
    }


def publish(server_pid: int, url: str, token: str, folder: Path) -> dict[str, Any]:
    """Publish in a process of its own; return what it and the server took, in microseconds."""
    before = _cpu_us(server_pid)
    command = [sys.executable, __file__, "publish", url, folder]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    answer, _ = client.communicate(token)
    assert client.returncode == 0
    facts = json.loads(answer)
    facts["server cpu"] = _cpu_us(server_pid) - before
    facts["cpu"] = facts["client cpu"] + facts["server cpu"]
    return facts


def cpu_of(command: list[str | Path]) -> float:
    """Run a command to its end; return its CPU time in microseconds."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return (usage.ru_utime + usage.ru_stime) * 1e6


def write_plugin(folder: Path) -> None:
    """Write the plugin, the same bytes each time."""
    chance = random.Random(1)
    words = [chance.randbytes(chance.randint(1, 5)).hex() for _ in range(5_000)]
    size_bytes = TOTAL_BYTES // FILES
    for number in range(FILES):
        file = folder / f"data/{number // 100:03}/{number:05}.{'txt' if number % 2 else 'png'}"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = " ".join(chance.choices(words, k=size_bytes // 6)) if number % 2 else ""
        file.write_bytes(text.encode()[:size_bytes] if number % 2 else chance.randbytes(size_bytes))
    (folder / "plugin").mkdir(exist_ok=True)
    for name, text in {
        "plugin/__init__.py": "",
        "plugin/noop.py": "class Noop: ...\n",
        "README.md": "# Many files\n",
        "config.yaml": CONFIG.format(version="0.1.0"),
    }.items():
        (folder / name).write_text(text)


def serve(data: Path) -> None:
    """Serve as `synapse server start --no-agent` does, until killed; say address and token of a publisher."""
    from synapse_sdk.server import process
    from synapse_sdk.server.app import Services

    tokens = []

    def add_publisher(_: object, services: Services) -> None:
        account = services.accounts.ensure_account("bench", role="publisher")
        token = services.accounts.create_token(
            workspace_id=1, kind="user", name="bench", account_id=account.id, role="publisher"
        )
        tokens.append(token.text)

    process.serve(
        process.ServerConfig(data_dir=data, port=0, has_agent=False),
        on_ready=lambda url: print(url, *tokens, flush=True),
        extend=add_publisher,
    )


def publish_here(url: str, token: str, folder: Path) -> dict[str, float]:
    """Plan and publish; the lock is not part of it, because it asks an index that is elsewhere."""
    # As the other modules, though they are loaded late: the clock measures publishing, not Python's imports.
    import httpcore  # noqa: F401
    import ruamel.yaml  # noqa: F401

    from synapse_sdk._internal.http_library import load_httpx
    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.packaging import build_plan
    from synapse_sdk.packaging.publish import publish as send
    from synapse_sdk.plugins.config_file import load_config

    load_httpx()
    gc.freeze()  # as the command does
    started, cpu = time.perf_counter(), time.process_time()
    plan = build_plan(folder, load_config(folder).config, cache_folder=folder.parent / "cache")
    planned, planned_cpu = time.perf_counter(), time.process_time()
    transport = Transport(url, token)
    release = send(plan, transport, lock=None, schemas=None, cache_folder=folder.parent / "cache")
    transport.close()
    ended, ended_cpu = time.perf_counter(), time.process_time()
    return {
        "plan time": (planned - started) * 1e6,
        "plan cpu": (planned_cpu - cpu) * 1e6,
        "send time": (ended - planned) * 1e6,
        "send cpu": (ended_cpu - planned_cpu) * 1e6,
        "time": (ended - started) * 1e6,
        "client cpu": time.process_time() * 1e6,  # with Python's start and imports
        "sent": float(release.sent_bytes),
    }


def _cpu_us(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1e6


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", data]:
            serve(Path(data))
        case ["publish", url, folder]:
            print(json.dumps(publish_here(url, sys.stdin.read(), Path(folder))))
        case _:
            with tempfile.TemporaryDirectory(prefix="synapse-bench-") as scratch:
                for name, value in run_once(Path(scratch)).items():
                    unit = f"{value:,.0f} bytes" if name.endswith("sent") else f"{value / 1e6:.2f} s"
                    print(f"{name:20} {unit}")
