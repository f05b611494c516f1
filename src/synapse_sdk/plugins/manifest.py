"""`plugin.yaml`: which plugins, in which versions, belong together; and the releases that they are.

Source: interface sheet `platform.md` §6. Unlike there, all problems are told at once,
`container_config` is read, and all of a repository's releases count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pydantic
from pydantic import BaseModel, ConfigDict, Field, model_validator

from synapse_sdk.plugins.config_file import parse_config, to_plain
from synapse_sdk.plugins.errors import ConfigError, PluginError
from synapse_sdk.plugins.version import VersionResolver

__all__ = [
    "CodeServerSpec",
    "ContainerSpec",
    "HealthcheckSpec",
    "ManifestError",
    "PluginEntry",
    "PluginManifest",
    "PluginManifestContainerConfig",
    "ResolveError",
    "ResolvedPlugin",
    "ResourceSpec",
    "load_manifest",
    "resolve_entry",
    "resolve_manifest",
]

Spec = TypeVar("Spec", "ContainerSpec", "CodeServerSpec")

#: Where plugins are listed, in a folder.
MANIFEST_FILE = "plugin.yaml"


class ManifestError(PluginError):
    """A manifest does not fit; `details["problems"]` has each problem with its key."""


class ResolveError(PluginError):
    """No release is what a manifest wants."""


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ResourceSpec(_Spec):
    """What a container may use, in the platform's words: `500m`, `2Gi`."""

    cpu: str | None = None
    memory: str | None = None
    gpu: int | None = Field(default=None, ge=0)


class HealthcheckSpec(_Spec):
    """How a container is asked whether it is well."""

    path: str = "/healthz"
    #: Seconds from one question to the next.
    interval: int = Field(default=30, gt=0)
    #: Seconds until an answer is missed.
    timeout: int = Field(default=5, gt=0)
    #: Missed answers until it is not well.
    threshold: int = Field(default=3, gt=0)


class ContainerSpec(_Spec):
    """The container that plugins run in."""

    enabled: bool = False
    dockerfile: str | None = None
    build_context: str = "."
    exposed_port: int | None = Field(default=None, ge=1, le=65535)
    healthcheck: HealthcheckSpec = Field(default_factory=HealthcheckSpec)
    command: list[str] | None = None
    env: dict[str, str] = Field(default_factory=dict)
    #: Names of secrets, never their values.
    secrets: list[str] = Field(default_factory=list)
    resources: ResourceSpec = Field(default_factory=ResourceSpec)

    @model_validator(mode="after")
    def _check_dockerfile(self) -> ContainerSpec:
        return _require_dockerfile(self)


class CodeServerSpec(_Spec):
    """The container in which people edit."""

    enabled: bool = False
    dockerfile: str | None = None
    base_image: str | None = None
    exposed_port: int | None = Field(default=None, ge=1, le=65535)
    extensions: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_dockerfile(self) -> CodeServerSpec:
        return _require_dockerfile(self)


class PluginManifestContainerConfig(_Spec):
    """The containers of a manifest."""

    container: ContainerSpec = Field(default_factory=ContainerSpec)
    code_server: CodeServerSpec = Field(default_factory=CodeServerSpec)

    @model_validator(mode="after")
    def _check_dockerfiles(self) -> PluginManifestContainerConfig:
        both = (self.container.dockerfile, self.code_server.dockerfile)
        if None not in both and Path(str(both[0])) == Path(str(both[1])):
            raise ValueError(f"container and code_server have the same dockerfile, {both[0]}")
        return self


@dataclass(frozen=True, slots=True)
class PluginEntry:
    """A plugin that is wanted."""

    code: str
    #: Versions that will do, as PEP 440 writes them: `>=1.2,<2`; empty for any.
    version: str
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class PluginManifest:
    """What a manifest lists."""

    plugins: list[PluginEntry]
    container_config: PluginManifestContainerConfig | None = None

    @property
    def plugin_codes(self) -> list[str]:
        """The codes, in the order of the file."""
        return [entry.code for entry in self.plugins]


@dataclass(frozen=True, slots=True)
class ResolvedPlugin:
    """A release that was chosen."""

    code: str
    version: str
    variant: str | None = None

    @property
    def tag(self) -> str:
        """What it is tagged with: `1.2.0`, or `1.2.0+gpu` for a variant."""
        return f"{self.version}+{self.variant}" if self.variant else self.version

    @property
    def identifier(self) -> str:
        """What it is called: `yolov8@1.2.0`."""
        return f"{self.code}@{self.tag}"


class GitHubClient(Protocol):
    """What is asked of GitHub."""

    def list_releases(self, owner: str, repo: str) -> Iterable[Mapping[str, Any]]:
        """Return all releases of a repository, each with its `tag_name`."""


def load_manifest(path: Path) -> PluginManifest:
    """Read a manifest, a file or the `plugin.yaml` in a folder.

    Raises:
        ManifestError: It can not be read, or does not fit; the message has every problem with its key.
    """
    file = Path(path)
    file = file / MANIFEST_FILE if file.is_dir() else file
    try:
        text = file.read_text(encoding="utf-8-sig")
        document = to_plain(parse_config(text, file=file.name, begins_with="plugins"), file.name)
    except FileNotFoundError as error:
        raise ManifestError(f"There is no manifest {file}.", {"path": str(file)}) from error
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        raise ManifestError(f"{file} can not be read: {error}", {"path": str(file)}) from error
    problems: list[str] = []
    entries = _read_entries(document.get("plugins"), problems)
    containers = _read_containers(document.get("container_config"), problems)
    problems += [
        f"{key}: there is no such key" for key in document if key not in ("plugins", "container_config")
    ]
    if problems:
        raise ManifestError(
            f"{file.name} does not fit:\n  " + "\n  ".join(problems),
            {"path": str(file), "problems": problems},
        )
    return PluginManifest(entries, containers)


def resolve_entry(entry: PluginEntry, github_client: GitHubClient, org: str) -> ResolvedPlugin:
    """Choose the newest release of a plugin's repository that is in its range.

    Args:
        entry: The plugin. Without a variant, releases of variants do not count; with one, only its own.
        github_client: Asked for the releases of the repository that is called as the plugin's code.
        org: Whose repository it is.

    Raises:
        ResolveError: No release is in the range; the message names those that there are.
    """
    tags = [str(release["tag_name"]) for release in github_client.list_releases(org, entry.code)]
    parted = [(tag, *tag.partition("+")[::2]) for tag in tags]
    versions = [version for _, version, variant in parted if variant == (entry.variant or "")]
    best = VersionResolver.find_best(versions, entry.version)
    if best is None:
        wanted = f"{entry.code} {entry.version or 'of any version'}"
        variant = f", variant {entry.variant}" if entry.variant else ""
        raise ResolveError(
            f"No release of {org}/{entry.code} is {wanted}{variant}; there are {', '.join(tags) or 'none'}.",
            {"code": entry.code, "version": entry.version, "variant": entry.variant, "available": tags},
        )
    return ResolvedPlugin(entry.code, best, entry.variant)


def resolve_manifest(manifest: PluginManifest, github_client: GitHubClient, org: str) -> list[ResolvedPlugin]:
    """Choose a release for each plugin of a manifest, in its order.

    Raises:
        ResolveError: Of some there is none; the message names all of them.
    """
    found, problems = [], []
    for entry in manifest.plugins:
        try:
            found.append(resolve_entry(entry, github_client, org))
        except ResolveError as error:
            problems.append(error)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ResolveError(
            "Of several plugins there is no release:\n  " + "\n  ".join(error.message for error in problems),
            {"problems": [error.details for error in problems]},
        )
    return found


def _read_entries(listed: Any, problems: list[str]) -> list[PluginEntry]:
    if not isinstance(listed, dict) or not listed:
        problems.append("plugins: a mapping from codes to versions is needed")
        return []
    entries = []
    for code, value in listed.items():
        known = value if isinstance(value, dict) else {"version": value}
        if unknown := [key for key in known if key not in ("version", "variant")]:
            problems.append(f"plugins.{code}: there is no key {', '.join(map(str, unknown))}")
        version, variant = known.get("version"), known.get("variant")
        if isinstance(version, float | int) and not isinstance(version, bool):
            # `1.10` without quotes is the number 1.1: what was meant is not known any more.
            problems.append(f"plugins.{code}: the version {version} is a number; write it in quotes")
        elif not isinstance(version, str) or not VersionResolver.is_valid_specifier(version):
            problems.append(f"plugins.{code}: {version!r} is no range of versions, such as '>=1.2,<2'")
        elif variant is not None and not (isinstance(variant, str) and variant):
            problems.append(f"plugins.{code}: {variant!r} is no name of a variant")
        else:
            entries.append(PluginEntry(str(code), version, variant))
    return entries


def _read_containers(given: Any, problems: list[str]) -> PluginManifestContainerConfig | None:
    if given is None:
        return None
    try:
        return PluginManifestContainerConfig.model_validate(given)
    except pydantic.ValidationError as error:
        for item in error.errors(include_url=False):
            place = ".".join(map(str, ("container_config", *item["loc"])))
            problems.append(f"{place}: {item['msg'].removeprefix('Value error, ')}")
        return None


def _require_dockerfile(spec: Spec) -> Spec:
    if spec.enabled and not spec.dockerfile:
        raise ValueError("dockerfile is needed where enabled is true")
    return spec
