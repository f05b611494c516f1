"""Settings of this machine: flags beat environment, environment beats file, file beats default.

Resolved once at the rim into one frozen object whose every value knows its origin; below that, code receives
values and never looks around for them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.secret import Secret

#: Languages that texts for people exist in.
LANGUAGES = ("en", "ko")


class SettingsError(SynapseError):
    """A setting can not be used; the message says which and where it came from."""


class Setting(NamedTuple):
    """One resolved value and where it came from."""

    name: str
    value: str
    origin: str  # "default", "environment SYNAPSE_HOME", "file /…/config.json"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How Synapse behaves on this machine."""

    #: Folder of the user's own files; `config.json` lies in it. `SYNAPSE_HOME`
    home: Path
    #: Language of messages that an action writes in several: one of `LANGUAGES`. `SYNAPSE_LANGUAGE`
    language: str
    #: Address of the server that commands speak to; None without one. `SYNAPSE_HOST`
    host: str | None
    #: Token for that server; None without one. `SYNAPSE_ACCESS_TOKEN`
    access_token: Secret | None
    #: Workspace on that server, unless the token's own. `SYNAPSE_PLUGIN_RUN_TENANT`
    tenant: str | None
    #: What was set, with its origin; the default of `data_dir` is worked out only when somebody asks.
    chosen: tuple[Setting, ...]

    @cached_property
    def data_dir(self) -> Path:
        """Folder of the local workspace: datasets and models. `SYNAPSE_DATA_DIR`"""
        return Path(self._data_dir_setting.value).expanduser().absolute()

    @property
    def origins(self) -> tuple[Setting, ...]:
        """Every value with its origin."""
        return tuple(self._data_dir_setting if item.name == "data_dir" else item for item in self.chosen)

    @property
    def config_file(self) -> Path:
        """The user's configuration file; it need not exist."""
        return self.home / "config.json"

    @property
    def server_data_dir(self) -> Path:
        """Where a server that is started here keeps everything, unless it is told another folder."""
        return self.data_dir / "server"

    @property
    def local_workspace_dir(self) -> Path:
        """Where the local workspace keeps its records and blobs."""
        return self.data_dir / "workspaces" / "local"

    @cached_property
    def cache_dir(self) -> Path:
        """What can be had again is kept here: notes on files that were read, copies of a server's models."""
        if self.chosen[0].origin != "default":
            return self.home / "cache"  # as `data_dir`: one variable moves everything
        from platformdirs import user_cache_path

        return user_cache_path("synapse", appauthor=False)

    @cached_property
    def _data_dir_setting(self) -> Setting:
        home, data_dir = self.chosen[0], self.chosen[1]
        if data_dir.value:
            return data_dir
        if home.origin != "default":
            # One variable moves everything, so that a demo or a test leaves the user's own files alone.
            return Setting("data_dir", str(self.home / "data"), "default, below home")
        from platformdirs import user_data_path

        return Setting("data_dir", str(user_data_path("synapse", appauthor=False)), "default")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Resolve the settings from the environment and the user's configuration file.

    Args:
        environ: The environment to read; this process's own unless given.

    Raises:
        SettingsError: A value is not usable, or the file can not be read.
    """
    environ = os.environ if environ is None else environ
    home, home_origin = _resolve_home(environ)
    file = home / "config.json"
    stored = load_config_file(file)

    def pick(name: str, variable: str, default: str) -> Setting:
        if environ.get(variable):
            return Setting(name, environ[variable], f"environment {variable}")
        if (value := stored.get(name)) is not None:
            if not isinstance(value, str):
                raise SettingsError(
                    f"{name} is {json.dumps(value)} (file {file}), which is not a text.",
                    {"setting": name, "value": value, "path": str(file)},
                    hint="Correct it, or move the file away; Synapse works without it.",
                )
            return Setting(name, value, f"file {file}")
        return Setting(name, default, "default")

    language = pick("language", "SYNAPSE_LANGUAGE", "en")
    if language.value not in LANGUAGES:
        raise SettingsError(
            f"language is {language.value!r} ({language.origin}); allowed are {', '.join(LANGUAGES)}.",
            {"setting": "language", "value": language.value, "allowed": list(LANGUAGES)},
            hint="Set SYNAPSE_LANGUAGE=en, or correct the file.",
        )
    data_dir = pick("data_dir", "SYNAPSE_DATA_DIR", "")
    host = pick("host", "SYNAPSE_HOST", "")
    # The vendor's other pair of variables says the same; its workspace is called a tenant.
    token = pick("access_token", "SYNAPSE_ACCESS_TOKEN", "")
    if not token.value:
        user_token = pick("user_token", "SYNAPSE_PLUGIN_RUN_USER_TOKEN", "")
        token = Setting("access_token", user_token.value, user_token.origin)
    if token.origin == f"file {file}" and not is_login_for(host.value, stored):
        token = Setting(
            "access_token", "", f"none for {host.value}; {token.origin} has one for {stored['host']}"
        )
    tenant = pick("tenant", "SYNAPSE_PLUGIN_RUN_TENANT", "")
    shown_token = Setting("access_token", "***" if token.value else "", token.origin)
    return Settings(
        home=home,
        language=language.value,
        host=host.value or None,
        access_token=Secret(token.value) if token.value else None,
        tenant=tenant.value or None,
        chosen=(Setting("home", str(home), home_origin), data_dir, language, host, shown_token, tenant),
    )


def is_login_for(host: str | None, stored: Mapping[str, Any]) -> bool:
    """Is a login that is stored one for this server? What it holds is sent to no other one.

    Args:
        host: The server that applies, as the environment or the login names it.
        stored: The user's configuration file; one that names no server has tokens for any.
    """
    kept = stored.get("host")
    return not isinstance(kept, str) or not host or kept.rstrip("/").lower() == host.rstrip("/").lower()


def load_config_file(path: Path) -> dict[str, Any]:
    """Read the user's configuration file; an absent one is empty.

    Raises:
        SettingsError: It is there but not a JSON object, or can not be read.
    """
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise SettingsError(
            f"{path} can not be read as JSON: {exc}.",
            {"path": str(path)},
            hint="Correct it, or move it away; Synapse works without it.",
        ) from exc
    if not isinstance(document, dict):
        raise SettingsError(
            f"{path} holds a {type(document).__name__}, not a JSON object.", {"path": str(path)}
        )
    return document


def update_config_file(path: Path, changes: Mapping[str, Any]) -> None:
    """Change keys of the user's configuration file and keep the others. None takes a key out.

    The file is readable by its user only, from its creation on.

    Raises:
        SettingsError: The file that is there can not be read; it stays as it is.
    """
    stored = load_config_file(path) | dict(changes)
    kept = {name: value for name, value in stored.items() if value is not None}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    atomic_write(path, json.dumps(kept, indent=2, ensure_ascii=False).encode() + b"\n", mode=0o600)


def _resolve_home(environ: Mapping[str, str]) -> tuple[Path, str]:
    if environ.get("SYNAPSE_HOME"):
        home = environ["SYNAPSE_HOME"]
        try:
            return Path(home).expanduser().absolute(), "environment SYNAPSE_HOME"
        except RuntimeError as exc:  # ~somebody, who has no home here
            raise SettingsError(
                f"SYNAPSE_HOME is {home!r}, which names no folder: {exc}",
                {"setting": "home", "value": home},
                hint="Give the folder's full path.",
            ) from exc
    # Not platformdirs: plugins and tools of both dialects look for exactly ~/.synapse/config.json.
    return Path("~/.synapse").expanduser(), "default"
