"""A server whose disk is full: what it tells its clients, what it keeps, and that it recovers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from synapse_sdk._internal.digests import digest_file
from synapse_sdk.clients.errors import ServerError
from synapse_sdk.clients.models import create_model
from synapse_sdk.clients.transport import Transport
from synapse_sdk.workspace.manifest import Item
from tests.cli_process import Synapse
from tests.journeys.platform import Platform, counted, write_plugin_at
from tests.server_process import ServerProcess, wait_until

DISK_BYTES = 24 * 1024 * 1024
STEPS = 400


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, too small for what is to come."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"mounting a small file system is not permitted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def cramped(synapse: Synapse, small_disk: Path, tmp_path: Path) -> Iterator[Platform]:
    """A server on the small disk; its agent, which runs alone, has room."""
    server = ServerProcess(synapse, small_disk / "data", options=("--no-agent",))
    server.log = tmp_path / "server.log"
    server.start()
    agent = None
    try:
        platform = Platform(synapse, server, write_plugin_at(tmp_path / "plugin"), server.log_in())
        platform.publish()
        made = platform.ask("POST", "tokens/", json={"name": "agent", "kind": "agent"}).json()
        token_file = tmp_path / "agent-token"
        token_file.write_text(made["token"])
        words = ["--server", server.url, "--token-file", token_file, "--folder", tmp_path / "agent"]
        with (tmp_path / "agent.log").open("w") as log:
            agent = subprocess.Popen(
                [sys.executable, "-m", "synapse_sdk.agent", *map(str, words)],
                env=synapse.env(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        yield platform
    finally:
        if agent is not None:
            agent.terminate()
            agent.wait(30)
        server.stop()


def fill(disk: Path) -> Path:
    """Leave no room at all; return what has to be removed to have it back."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError:
                continue
    return ballast


def test_a_full_disk_is_told_loses_nothing_and_is_got_over(
    cramped: Platform, small_disk: Path, tmp_path: Path
):
    platform = cramped
    model = tmp_path / "model.bin"
    model.write_bytes(bytes(range(256)) * 4096 * 4)
    job = platform.submit("count", epochs=STEPS)
    platform.wait_for_line(job, 10)
    known = counted(platform.events(job, "metric"))
    assert known

    ballast = fill(small_disk)
    items = [Item(path=model.name, size_bytes=model.stat().st_size, digest=digest_file(model)[0])]
    transport = Transport(platform.server.url, platform.token)
    with pytest.raises(ServerError, match="no room left on its disk"):
        create_model(transport, model, items, name="too large for now")
    refused = platform.ask("POST", "tokens/", json={"name": "x" * 100})
    assert refused.status_code == 503, refused.text
    assert "no room left" in refused.json()["detail"]
    # What was acknowledged is there, and can be read; the job goes on to its end.
    assert counted(platform.events(job, "metric"))[: len(known)] == known
    exit_file = tmp_path / "agent/attempts" / platform.job(job)["id"] / "1/exit.json"
    wait_until(exit_file.exists, "the job ends, whatever becomes of its events", timeout_s=120)
    assert json.loads(exit_file.read_text())["exit_code"] == 0
    assert platform.job(job)["state"] == "RUNNING"
    assert len(platform.events(job, "metric")) < STEPS

    ballast.unlink()

    document = platform.wait_for_end(job, timeout_s=60)
    assert document["state"] == "SUCCEEDED", document
    assert counted(platform.events(job, "metric")) == list(range(STEPS))
    assert platform.events(job, "loss") == []
    assert platform.log(job)[1:] == [f"line {index}" for index in range(STEPS)]
    made = create_model(transport, model, items, name="fits now")
    transport.close()
    models = platform.synapse("model", "list", "--json").json()["models"]
    assert [(item["name"], item["size_bytes"]) for item in models] == [("fits now", made.size_bytes)]
