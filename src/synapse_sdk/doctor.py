"""Is this machine fit for Synapse? Settings with their origins; findings with the command that mends each."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from synapse_sdk._internal.machine import count_cpus, count_gpus
from synapse_sdk._internal.units import format_size
from synapse_sdk._version import __version__
from synapse_sdk.settings import Setting, Settings, SettingsError, load_config_file, load_settings

#: Below this, training runs soon fail to save their models.
FREE_SPACE_WARNING_BYTES = 1_000_000_000
#: Keys of the configuration file that hold secrets.
SECRET_KEYS = frozenset({"access_token", "user_token", "agent", "github", "environments"})

Severity = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    topic: str
    severity: Severity
    text: str
    #: A command, ready to paste, that mends it; None where nothing is to mend.
    mend: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What `synapse doctor` found."""

    settings: tuple[Setting, ...]
    findings: tuple[Finding, ...]

    @property
    def is_healthy(self) -> bool:
        """Is there no error? Warnings are allowed."""
        return all(finding.severity != "error" for finding in self.findings)


def examine(environ: Mapping[str, str] | None = None, *, folder: Path | None = None) -> Report:
    """Look at this machine, and at the plugin in `folder` if there is one. Changes nothing."""
    try:
        settings = load_settings(environ)
    except SettingsError as error:
        return Report((), (Finding("settings", "error", error.message, _mend_settings(error)),))
    findings = [
        _examine_sdk(),
        *_examine_config_file(settings),
        _examine_data_dir(settings),
        _examine_machine(),
        _examine_pytest(),
        *_examine_server(settings),
        *_examine_plugin(folder or Path.cwd()),
    ]
    return Report(settings.origins, tuple(findings))


def _mend_settings(error: SettingsError) -> str:
    if path := error.details.get("path"):
        return f"mv {shlex.quote(path)} {shlex.quote(path + '.old')}"
    if error.details.get("setting") == "home":
        return "unset SYNAPSE_HOME"
    return "export SYNAPSE_LANGUAGE=en"  # beats the file, if that is where the other value comes from


def _examine_sdk() -> Finding:
    place = Path(__file__).resolve().parent
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("sdk", "ok", f"synapse-sdk {__version__} in {place}, Python {version}")


def _examine_config_file(settings: Settings) -> Iterator[Finding]:
    file = settings.config_file
    stored = load_config_file(file)
    if not stored:
        found = "is empty" if file.exists() else "does not exist"
        yield Finding("config file", "ok", f"{file} {found}; defaults are used")
        return
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077 and SECRET_KEYS & set(stored):
        yield Finding(
            "config file",
            "error",
            f"{file} holds credentials, and others on this machine may read it (mode {mode:03o})",
            f"chmod 600 {shlex.quote(str(file))}",
        )
    else:
        yield Finding("config file", "ok", f"{file} holds {', '.join(sorted(stored))}")


def _examine_data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    is_folder = there.is_dir()
    if not is_folder or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "data folder",
            "error",
            f"{folder} can not be written ({there} is {'not yours' if is_folder else 'a file'})",
            f"export SYNAPSE_DATA_DIR={shlex.quote(str(settings.home / 'data'))}",
        )
    free_bytes = shutil.disk_usage(there).free
    if free_bytes < FREE_SPACE_WARNING_BYTES:
        return Finding(
            "data folder",
            "warning",
            f"{folder} has {format_size(free_bytes)} left; models and datasets are kept there",
            "export SYNAPSE_DATA_DIR=/a/folder/with/room",
        )
    return Finding("data folder", "ok", f"{folder}, {format_size(free_bytes)} free")


def _examine_machine() -> Finding:
    return Finding("machine", "ok", f"{count_cpus()} CPUs, {count_gpus()} NVIDIA GPUs")


def _examine_pytest() -> Finding:
    if find_spec("pytest") is None:
        return Finding(
            "pytest",
            "warning",
            "pytest is not installed; `synapse plugin test` needs it",
            f"{shlex.quote(sys.executable)} -m pip install pytest pytest-mock",
        )
    return Finding("pytest", "ok", "installed; `synapse plugin test` can run")


def _examine_server(settings: Settings) -> Iterator[Finding]:
    if settings.host is None and settings.access_token is None:
        yield Finding("server", "ok", "none; this machine works by itself (log in with `synapse login`)")
        return
    if settings.host is None or settings.access_token is None:
        missing = "its address is missing" if settings.host is None else "there is no token for it"
        yield Finding("server", "error", f"half a login: {missing}", "synapse login")
        return
    from synapse_sdk.clients.errors import AuthenticationError, ClientError
    from synapse_sdk.clients.transport import Transport, is_address

    if not is_address(settings.host):
        yield Finding("server", "error", f"{settings.host!r} is no address of a server", "synapse login")
        return
    transport = Transport(settings.host, settings.access_token.reveal(), workspace=settings.tenant)
    try:
        who = transport.get("whoami/", retries=False)
        agents = transport.get("agents/", retries=False)["results"]
    except AuthenticationError as error:
        yield Finding("server", "error", error.message, f"synapse login --host {shlex.quote(settings.host)}")
        return
    except ClientError as error:
        start = "synapse server start" if "127.0.0.1" in settings.host else None
        yield Finding("server", "error", error.message, start or "synapse login")
        return
    finally:
        transport.close()
    account = (who.get("account") or {}).get("name", who["kind"])
    yield Finding("server", "ok", f"{settings.host}, as {account} ({who['role']})")
    connected = [agent["name"] for agent in agents if agent["status"] == "connected"]
    if connected:
        yield Finding("agents", "ok", f"{', '.join(connected)} connected")
    else:
        yield Finding("agents", "warning", "no agent is connected: jobs will wait", "synapse server start")


def _examine_plugin(folder: Path) -> Iterator[Finding]:
    from synapse_sdk.plugins.config_file import load_config
    from synapse_sdk.plugins.errors import ConfigError, ConfigNotFoundError

    try:
        loaded = load_config(folder)
    except ConfigNotFoundError:
        return
    except ConfigError as error:
        problems = error.details.get("problems")  # none when the file can not even be read
        mend = _edit(problems[0], folder) if problems else f"ls -l {shlex.quote(error.details['path'])}"
        yield Finding("plugin", "error", error.message, mend)
        return
    config = loaded.config
    yield Finding("plugin", "ok", f"{config.code} {config.version} in {loaded.folder}")
    for warning in loaded.warnings:
        place = {"line": warning.place.line, "file": warning.file}
        yield Finding("plugin", "warning", str(warning), _edit(place, loaded.folder))


def _edit(place: Mapping[str, object], folder: Path) -> str:
    return f"${{EDITOR:-vi}} +{place['line']} {shlex.quote(str(folder / str(place['file'])))}"
