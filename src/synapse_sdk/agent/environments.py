"""Locks → interpreters with exactly their packages, in a cache keyed by digest, never half-visible.

```text
<root>/
├── <digest hex>/              whole; `environment.json` in it says of what
├── .<digest hex>.partial/     being built, or left by a build that was interrupted
└── .<digest hex>.lock         held while it is built, by the builder and by uv itself; or removed
```

The marker's time is that of the last use.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.extras import install_command, require
from synapse_sdk.agent.sdk_wheel import SdkWheel, make_sdk_wheel
from synapse_sdk.manifest.manifest import canonical_json

MARKER_FILE = "environment.json"
#: What uv may know of the agent's environment: where packages come from, and how to get there.
_UV_NAMES = frozenset({"PATH", "HOME", "TMPDIR", "USER", "LANG", "NO_PROXY", "no_proxy"})
_UV_PREFIXES = ("UV_", "PIP_", "SSL_", "XDG_", "HTTP_", "HTTPS_", "http_", "https_", "ALL_PROXY", "all_proxy")
_POLL_S = 0.1
#: Lines of what uv said that an error's sentence shows; `details` has all of it.
_SHOWN_LINES = 12


class EnvironmentBuildError(SynapseError):
    """An environment could not be built. `details["log"]` is what the installer said."""


class BuildStoppedError(SynapseError):
    """Nobody wants the environment any more."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter with its packages."""

    python: Path
    digest: str


class KeptEnvironment(NamedTuple):
    """An environment that lies in the cache."""

    path: Path
    #: Seconds since the epoch.
    last_used_s: float


class EnvironmentCache:
    """Environments of this machine for this interpreter and this SDK."""

    def __init__(self, root: Path, *, environ: Mapping[str, str] | None = None) -> None:
        """Use the environments in `root`; `environ` instead of this process's variables."""
        self._root = root
        self._environ = os.environ if environ is None else environ

    @cached_property
    def _wheel(self) -> SdkWheel:
        return make_sdk_wheel(self._wheels)

    @property
    def _wheels(self) -> Path:
        return self._root / ".sdk"

    def ensure(
        self,
        lock: str | None,
        *,
        code: Path | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Environment:
        """Return the environment of a lock, building it if there is none. Of several builders, one builds.

        Args:
            lock: Pinned requirements, the SDK's own among them; None for the SDK's core alone.
            code: The plugin's folder, which holds the local wheels that the lock names.
            should_stop: Asked while waiting and building.

        Raises:
            EnvironmentBuildError: It can not be built; the message has the installer's reason.
            BuildStoppedError: `should_stop` said so.
            MissingExtraError: uv is not installed.
            OSError: There is no room.
        """
        digest = self._digest(lock)
        final = self._root / digest.removeprefix("sha256:")
        self._root.mkdir(parents=True, exist_ok=True)
        # Together with others who use it, but not with who removes it.
        with self._locked(final.name, should_stop, fcntl.LOCK_SH):
            found = _use(final, digest)
        if found is not None:
            return found
        with self._locked(final.name, should_stop) as held:
            found = _use(final, digest)
            if found is None:
                self._build(final, digest, lock, code, held, should_stop)
                found = Environment(final / "bin" / "python", digest)
        return found

    def remove_interrupted(self) -> None:
        """Remove what interrupted builds left; what is being built stays."""
        for partial in self._root.glob(".*.partial"):
            lock = partial.with_suffix(".lock")
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(partial)
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)

    def list_kept(self) -> list[KeptEnvironment]:
        """Return the environments that are there, whole."""
        markers = [path / MARKER_FILE for path in self._root.glob("[!.]*")]
        return [
            KeptEnvironment(marker.parent, marker.stat().st_mtime) for marker in markers if marker.exists()
        ]

    def list_other_wheels(self) -> list[Path]:
        """Return the wheels that are there, but for the one that this cache builds with."""
        own: SdkWheel | None = vars(self).get("_wheel")  # not made for this question
        return [path for path in self._wheels.glob("*/*.whl") if own is None or path != own.path]

    def remove_unused_since(self, path: Path, last_used_s: float) -> bool:
        """Remove an environment, unless it was used since or is being used now; False then."""
        descriptor = os.open(self._root / f".{path.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _try_lock(descriptor) or (path / MARKER_FILE).stat().st_mtime > last_used_s:
                return False
            # Gone under its name at once; what is left if this process is killed is told from what is whole.
            partial = path.with_name(f".{path.name}.partial")
            path.rename(partial)
            shutil.rmtree(partial)
            return True
        finally:
            os.close(descriptor)

    def _digest(self, lock: str | None) -> str:
        facts = {
            "lock": None if lock is None else digest_bytes(lock.encode()),
            "interpreter": f"{sys.implementation.name} {platform.python_version()}",
            "platform": f"{sys.platform}-{platform.machine()}",
            "sdk": self._wheel.digest,
        }
        return digest_bytes(canonical_json(facts))

    @contextmanager
    def _locked(self, name: str, should_stop: Callable[[], bool], kind: int = fcntl.LOCK_EX) -> Iterator[int]:
        descriptor = os.open(self._root / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _try_lock(descriptor, kind):
                _stop_if(should_stop)
                time.sleep(_POLL_S)
            yield descriptor
        finally:
            os.close(descriptor)

    def _build(
        self,
        final: Path,
        digest: str,
        lock: str | None,
        code: Path | None,
        held: int,
        should_stop: Callable[[], bool],
    ) -> None:
        partial = final.with_name(f".{final.name}.partial")
        for leftover in (partial, final):
            if leftover.exists():  # of an interrupted build; or its interpreter is gone
                shutil.rmtree(leftover)
        try:
            # Relocatable, for it is renamed when it is whole.
            self._uv(
                ["venv", "--relocatable", "--no-project", "--python", sys.executable, str(partial)],
                cwd=self._root,
                held=held,
                should_stop=should_stop,
            )
            install = ["pip", "install", "--compile-bytecode", "--python", str(partial / "bin" / "python")]
            sources = _link_sources(partial / "sources", code)
            if lock is not None:
                (partial / "lock.txt").write_text(lock, encoding="utf-8")
                locked = [*install, "--no-deps", "--requirement", str(partial / "lock.txt")]
                self._uv(locked, cwd=sources, held=held, should_stop=should_stop)
                install.append("--no-deps")
            self._uv([*install, str(self._wheel.path)], cwd=sources, held=held, should_stop=should_stop)
            shutil.rmtree(sources)
            atomic_write(partial / MARKER_FILE, json.dumps({"digest": digest}).encode() + b"\n")
            partial.rename(final)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise

    def _uv(self, arguments: list[str], *, cwd: Path, held: int, should_stop: Callable[[], bool]) -> None:
        environ = {
            name: value
            for name, value in self._environ.items()
            if name in _UV_NAMES or name.startswith(_UV_PREFIXES)
        }
        process = subprocess.Popen(
            [_find_uv(), *arguments],
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # uv holds the lock too: if this process is killed, nobody builds here before uv has ended.
            pass_fds=(held,),
            # Ctrl-C is meant for the agent, which stops a build in its own way; uv's end is no failed build.
            process_group=0,
        )
        said = _communicate(process, should_stop)
        if process.returncode != 0:
            tail = "\n".join(said.splitlines()[-_SHOWN_LINES:])
            raise EnvironmentBuildError(
                f"The environment could not be built: {tail or f'uv ended with {process.returncode}'}",
                {"log": said, "exit_code": process.returncode},
                hint="Was the lock made for this platform, and can the agent reach the package index?",
            )


def _find(final: Path, digest: str) -> Environment | None:
    try:
        marker = json.loads((final / MARKER_FILE).read_bytes())
    except FileNotFoundError:
        return None
    python = final / "bin" / "python"
    # The interpreter that it was made with may have been removed since.
    return Environment(python, digest) if marker["digest"] == digest and python.exists() else None


def _use(final: Path, digest: str) -> Environment | None:
    """Return an environment that is there, and stamp it as used now."""
    found = _find(final, digest)
    if found is not None:
        os.utime(final / MARKER_FILE)
    return found


def _find_uv() -> str:
    uv = require("uv", install=install_command("isolated"), why="build environments")
    return str(uv.find_uv_bin())


def _link_sources(folder: Path, code: Path | None) -> Path:
    """Make a folder where a lock's local wheels are found, and no uv.toml or pyproject.toml of the plugin.

    Those could point uv at an index that the lock was not made with.
    """
    folder.mkdir()
    for entry in [] if code is None else code.iterdir():
        if entry.is_dir() or entry.suffix == ".whl":
            (folder / entry.name).symlink_to(entry.absolute(), target_is_directory=entry.is_dir())
    return folder


def _communicate(process: subprocess.Popen[bytes], should_stop: Callable[[], bool]) -> str:
    while True:
        try:
            output, _ = process.communicate(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            if should_stop():
                process.terminate()
                process.communicate()
                _stop_if(should_stop)
        else:
            return output.decode(errors="replace").strip()


def _stop_if(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise BuildStoppedError("The attempt was stopped while its environment was being prepared.")


def _try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
