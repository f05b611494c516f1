"""Environments built by the real uv."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from synapse_sdk._internal.errors import MissingExtraError
from synapse_sdk._version import __version__
from synapse_sdk.agent.environments import (
    BuildStoppedError,
    Environment,
    EnvironmentBuildError,
    EnvironmentCache,
    _try_lock,
)
from tests.agent.small_server import SmallServer, wait_for
from tests.packaging.make_wheel import make_wheel

#: Builds in a process of its own: ROOT LOCK CODE.
BUILD = """
import sys
from pathlib import Path
from synapse_sdk.agent.environments import EnvironmentCache
EnvironmentCache(Path(sys.argv[1])).ensure(sys.argv[2], code=Path(sys.argv[3]))
"""
TINY = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A plugin's folder with a local wheel, and with a uv.toml that uv would stumble over."""
    folder = tmp_path / "code"
    (folder / "wheels").mkdir(parents=True)
    (folder / "wheels" / TINY).write_bytes(make_wheel())
    (folder / "uv.toml").write_text("index-url = 3\n")
    return folder


@pytest.fixture
def lock() -> str:
    return f"tiny @ wheels/{TINY} \\\n    --hash=sha256:{hashlib.sha256(make_wheel()).hexdigest()}\n"


def say(environment: Environment, source: str) -> str:
    argv = [str(environment.python), "-P", "-c", textwrap.dedent(source)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def names_in(root: Path) -> list[str]:
    return [path.name for path in root.iterdir() if not path.name.endswith(".lock") and path.name != ".sdk"]


def test_an_environment_has_this_sdk_and_its_light_core_only(environments: Path):
    environment = EnvironmentCache(environments).ensure(None)

    told = say(
        environment,
        """
        import importlib.util, sys
        import synapse_sdk, synapse_sdk.plugins, synapse_sdk.clients.transport
        print(synapse_sdk.__file__.startswith(sys.prefix), importlib.util.find_spec("fastapi"))
        from importlib.metadata import version
        print(version("synapse-sdk"))
        """,
    )

    assert told.splitlines() == ["True None", __version__]


def test_a_lock_brings_exactly_what_it_names(tmp_path: Path, code: Path, lock: str):
    environment = EnvironmentCache(tmp_path / "envs").ensure(lock, code=code)

    told = say(
        environment,
        """
        import tiny
        from importlib.metadata import distributions
        print(tiny.ANSWER, *sorted(found.name for found in distributions()))
        """,
    )

    assert told == "42 synapse-sdk tiny"
    assert names_in(tmp_path / "envs") == [environment.digest.removeprefix("sha256:")]


def test_an_environment_is_built_once(tmp_path: Path, code: Path, lock: str):
    first = EnvironmentCache(tmp_path / "envs").ensure(lock, code=code)
    made_at = first.python.parent.stat().st_ctime_ns

    second = EnvironmentCache(tmp_path / "envs", environ={}).ensure(lock, code=code)

    assert second == first
    assert second.python.parent.stat().st_ctime_ns == made_at


def test_another_lock_is_another_environment(tmp_path: Path, code: Path, lock: str):
    cache = EnvironmentCache(tmp_path / "envs")

    assert cache.ensure(lock, code=code).digest != cache.ensure(f"# other\n{lock}", code=code).digest


def test_of_builders_at_once_one_builds(tmp_path: Path, code: Path, lock: str):
    found: list[tuple[Environment, int]] = []

    def build() -> None:
        environment = EnvironmentCache(tmp_path / "envs").ensure(lock, code=code)
        found.append((environment, environment.python.parent.stat().st_ino))

    threads = [threading.Thread(target=build) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 3
    assert len(set(found)) == 1


def test_other_bytes_than_the_lock_promises_are_refused(tmp_path: Path, code: Path, lock: str):
    (code / "wheels" / TINY).write_bytes(make_wheel(members={"more.py": b""}))

    with pytest.raises(EnvironmentBuildError, match=r"(?i)hash mismatch"):
        EnvironmentCache(tmp_path / "envs").ensure(lock, code=code)

    assert names_in(tmp_path / "envs") == []


def test_a_wheel_beside_the_config_is_found(tmp_path: Path, code: Path, lock: str):
    (code / "wheels" / TINY).rename(code / TINY)

    environment = EnvironmentCache(tmp_path / "envs").ensure(lock.replace("wheels/", "./"), code=code)

    assert say(environment, "import tiny; print(tiny.__name__)") == "tiny"


def test_the_installers_reason_is_in_the_error(tmp_path: Path, code: Path):
    with pytest.raises(EnvironmentBuildError, match=r"absent-2\.0") as caught:
        EnvironmentCache(tmp_path / "envs").ensure("absent @ wheels/absent-2.0-py3-none-any.whl\n", code=code)

    assert "absent-2.0" in caught.value.details["log"]
    assert names_in(tmp_path / "envs") == []


def test_a_build_that_nobody_wants_any_more_ends(tmp_path: Path, code: Path, lock: str):
    with pytest.raises(BuildStoppedError):
        EnvironmentCache(tmp_path / "envs").ensure(lock, code=code, should_stop=lambda: True)

    assert names_in(tmp_path / "envs") == []


def test_a_build_that_was_killed_leaves_nothing_visible(tmp_path: Path, code: Path, lock: str):
    root = tmp_path / "envs"
    builder = subprocess.Popen([sys.executable, "-c", BUILD, str(root), lock, str(code)])
    wait_for(lambda: any(root.glob(".*.partial")))
    builder.send_signal(signal.SIGKILL)
    assert builder.wait() == -signal.SIGKILL
    partials = list(root.glob(".*.partial"))
    assert len(partials) == 1
    assert [name for name in names_in(root) if not name.startswith(".")] == []

    environment = EnvironmentCache(root).ensure(lock, code=code)

    assert say(environment, "import tiny; print(tiny.ANSWER)") == "42"
    assert names_in(root) == [environment.digest.removeprefix("sha256:")]


def test_nobody_builds_where_the_uv_of_a_killed_builder_still_works(tmp_path: Path, server: SmallServer):
    root = tmp_path / "envs"
    argv = [sys.executable, "-c", BUILD, str(root), f"slow @ {server.url}/slow/slow-1.0-py3-none-any.whl\n"]
    builder = subprocess.Popen([*argv, str(tmp_path)])
    wait_for(lambda: server.asked_slow)

    builder.kill()
    builder.wait()

    (lock_file,) = root.glob(".*.lock")
    with lock_file.open() as file:
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        server.gives_slow.set()
        wait_for(lambda: _try_lock(file.fileno()))
    EnvironmentCache(root).remove_interrupted()
    assert names_in(root) == []


def test_leftovers_are_removed_but_not_what_is_being_built(tmp_path: Path):
    left, busy = tmp_path / ".aa.partial", tmp_path / ".bb.partial"
    left.mkdir()
    busy.mkdir()
    held = os.open(tmp_path / ".bb.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)

    EnvironmentCache(tmp_path).remove_interrupted()

    os.close(held)
    assert not left.exists()
    assert busy.exists()


def test_an_environment_whose_interpreter_is_gone_is_built_anew(tmp_path: Path, code: Path, lock: str):
    first = EnvironmentCache(tmp_path / "envs").ensure(lock, code=code)
    first.python.unlink()
    first.python.symlink_to(tmp_path / "removed")

    second = EnvironmentCache(tmp_path / "envs").ensure(lock, code=code)

    assert say(second, "import tiny; print(tiny.ANSWER)") == "42"


def test_without_uv_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "uv", None)

    with pytest.raises(MissingExtraError) as caught:
        EnvironmentCache(tmp_path / "envs").ensure(None)

    assert "[isolated]" in (caught.value.hint or "")
