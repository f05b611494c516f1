"""A plugin as an archive, or as a wheel, into a storage. `synapse plugin publish` makes releases, this files.

Source: interface sheet `platform.md` §2.6. Unlike there, an archive holds what a release would and no
secrets, wheels in `dist/` stay, a wheel gets a build tag and keeps its version, nothing temporary is left.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from synapse_sdk.packaging import build_plan, write_archive
from synapse_sdk.packaging.lock import find_uv
from synapse_sdk.plugins.config_file import load_config
from synapse_sdk.plugins.errors import BuildError, PluginUploadError
from synapse_sdk.utils.file.archive import list_archive_contents
from synapse_sdk.utils.file.checksum import calculate_checksum
from synapse_sdk.utils.file.io import evict_temp_files, get_temp_path, protect_temp_files
from synapse_sdk.utils.file.retry import streaming_download
from synapse_sdk.utils.redaction import redact_text
from synapse_sdk.utils.storage import get_storage


class PackageManager(StrEnum):
    """Who builds a wheel."""

    UV = "uv"
    POETRY = "poetry"
    PIP = "pip"


class UploadStage(StrEnum):
    """How far it is."""

    ARCHIVING = "archiving"
    CHECKSUMMING = "checksumming"
    BUILDING = "building"
    UPLOADING = "uploading"
    VERIFYING = "verifying"


#: Told as a stage begins, with 0 and 1, and as it ends, with 1 and 1.
UploadProgressCallback = Callable[[UploadStage, int, int], None]


class ArchivedPlugin(NamedTuple):
    """A written archive."""

    path: Path
    #: MD5, as hexadecimal digits.
    checksum: str


@dataclass(frozen=True, slots=True)
class UploadResult:
    """A file in a storage."""

    url: str
    #: MD5, as hexadecimal digits.
    checksum: str
    filename: str
    #: Bytes.
    size: int
    #: Was it there already?
    is_cached: bool = False


@dataclass(frozen=True, slots=True)
class BuildConfig:
    """How a wheel is built."""

    package_manager: PackageManager = PackageManager.UV
    #: The Python that builds; this process's own unless given.
    python_path: Path | None = None
    #: More arguments of the builder.
    extra_args: list[str] = field(default_factory=list)


class Storage(Protocol):
    """What is asked of a storage: `utils.storage.StorageProtocol` and more is one."""

    def upload(self, source: Path, target: str) -> str:
        """Put a file at `target`; return its address."""

    def exists(self, target: str) -> bool:
        """Is there a file at `target`?"""

    def get_url(self, target: str) -> str:
        """Return the address of `target`."""


def archive_plugin(
    source_path: str | Path,
    archive_path: str | Path | None = None,
    *,
    use_git: bool = True,
    progress_callback: UploadProgressCallback | None = None,
) -> ArchivedPlugin:
    """Write what a release of a plugin would hold into a zip file: the same files, the same bytes.

    Args:
        source_path: The plugin's folder.
        archive_path: The file; unless given, one in Synapse's folder of temporary files, where the oldest
            make room for new ones.
        use_git: Without effect: what ignore files name stays behind in any case, and git need not be there.
        progress_callback: Told of `archiving` and `checksumming`.

    Raises:
        ConfigNotFoundError, ConfigError: The folder is no plugin.
        SecretFoundError: A file holds what looks like a secret.
        ArchiveError: As `build_plan` and `write_archive`.
    """
    loaded = load_config(Path(source_path))
    with _told(progress_callback, UploadStage.ARCHIVING):
        plan = build_plan(loaded.folder, loaded.config)
        plan.require_no_secrets()
        if archive_path is None:
            target = (
                get_temp_path("archives") / f"{plan.code}-{plan.contents_digest.rpartition(':')[2][:16]}.zip"
            )
        else:
            target = Path(archive_path)
            target.parent.mkdir(parents=True, exist_ok=True)
        write_archive(plan, target)
    if archive_path is None:
        with protect_temp_files([target]):
            evict_temp_files(target.parent)
    with _told(progress_callback, UploadStage.CHECKSUMMING):
        checksum = calculate_checksum(target)
    return ArchivedPlugin(target, checksum)


def archive_and_upload(
    source_path: str | Path,
    storage: Storage | dict[str, Any],
    *,
    target_prefix: str = "",
    use_git: bool = True,
    skip_existing: bool = True,
    progress_callback: UploadProgressCallback | None = None,
) -> UploadResult:
    """Put a plugin's archive into a storage, as `dev-<checksum>.zip`.

    Args:
        source_path: The plugin's folder.
        storage: Where to; or what `utils.storage.get_storage` makes one of.
        target_prefix: Folder in the storage.
        use_git: As for `archive_plugin`.
        skip_existing: Send nothing where the same archive is there already.
        progress_callback: Told of each stage.

    Raises:
        StorageError: What is described is no storage.
        PluginUploadError: The storage refuses, or does not have the file afterwards.
        PluginError: As `archive_plugin`.
    """
    with tempfile.TemporaryDirectory(prefix="synapse-") as folder:
        archive = archive_plugin(
            source_path, Path(folder) / "plugin.zip", use_git=use_git, progress_callback=progress_callback
        )
        name = f"dev-{archive.checksum}.zip"
        return _put(
            archive.path, name, storage, target_prefix, skip_existing, progress_callback, archive.checksum
        )


def download_and_upload(
    source_url: str,
    storage: Storage | dict[str, Any],
    *,
    target_prefix: str = "",
    skip_existing: bool = True,
    progress_callback: UploadProgressCallback | None = None,
) -> UploadResult:
    """Put an archive that lies at an address into a storage, as `dev-<checksum>.zip`. As
    `archive_and_upload`.

    Raises:
        ClientError: The archive can not be had.
        ArchiveError: It is no zip file.
        PluginUploadError: As `archive_and_upload`.
    """
    with tempfile.TemporaryDirectory(prefix="synapse-") as folder:
        name = Path(urlsplit(source_url).path).name or "plugin.zip"
        with _told(progress_callback, UploadStage.ARCHIVING):
            path = streaming_download(source_url, Path(folder) / name)
            list_archive_contents(path)
        with _told(progress_callback, UploadStage.CHECKSUMMING):
            checksum = calculate_checksum(path)
        return _put(
            path, f"dev-{checksum}.zip", storage, target_prefix, skip_existing, progress_callback, checksum
        )


def build_and_upload(
    source_path: str | Path,
    storage: Storage | dict[str, Any],
    *,
    build_config: BuildConfig | None = None,
    target_prefix: str = "",
    skip_existing: bool = True,
    progress_callback: UploadProgressCallback | None = None,
) -> UploadResult:
    """Build a wheel of a folder with a `pyproject.toml`, and put it into a storage.

    Its build tag is the checksum of what was built, so that each content has a name of its own. What lies in
    the folder's `dist/` stays.

    Args:
        source_path: The folder.
        storage, target_prefix, skip_existing, progress_callback: As for `archive_and_upload`.
        build_config: How it is built; with uv unless given.

    Raises:
        BuildError: There is no pyproject.toml or no such builder, or it fails; the message has its last
            lines.
        PluginUploadError: As `archive_and_upload`.
    """
    source = Path(source_path)
    if not (source / "pyproject.toml").is_file():
        raise BuildError(f"There is no pyproject.toml in {source}.", {"path": str(source)})
    with tempfile.TemporaryDirectory(prefix="synapse-") as folder:
        with _told(progress_callback, UploadStage.BUILDING):
            wheel = _build(source, Path(folder), build_config or BuildConfig())
        with _told(progress_callback, UploadStage.CHECKSUMMING):
            checksum = calculate_checksum(wheel)
        tagged = modify_wheel_build_tag(wheel, checksum)
        return _put(tagged, tagged.name, storage, target_prefix, skip_existing, progress_callback, checksum)


def modify_wheel_build_tag(wheel_path: str | Path, build_tag: str) -> Path:
    """Give a wheel's file another build tag; return its new path. The wheel's version and contents stay.

    Args:
        wheel_path: The wheel; a tag that it has is replaced.
        build_tag: Letters and digits; a 0 is put before one that does not begin with a digit, as it has to.

    Raises:
        BuildError: It is no wheel by its name, or no tag.
        FileExistsError: There is a wheel of that name.

    Source: Packaging user guide, "Binary distribution format", "File name convention".
    """
    path = Path(wheel_path)
    try:
        parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise BuildError(f"{path.name!r} is no name of a wheel.", {"path": str(path)}) from error
    if not build_tag.isalnum() or not build_tag.isascii():
        raise BuildError(f"{build_tag!r} is no build tag: letters and digits are.", {"build_tag": build_tag})
    name, version, *_, python, abi, platform = path.name.split("-")
    tag = build_tag if build_tag[0].isdigit() else f"0{build_tag}"
    target = path.with_name(f"{name}-{version}-{tag}-{python}-{abi}-{platform}")
    if target == path:
        return path
    if target.exists():
        raise FileExistsError(f"There is a wheel {target.name} already.")
    return path.rename(target)


def _build(source: Path, folder: Path, config: BuildConfig) -> Path:
    python = str(config.python_path or sys.executable)
    out = folder / "dist"
    commands = {
        PackageManager.UV: lambda: [find_uv(), "build", "--wheel", "--python", python, "--out-dir", str(out)],
        PackageManager.POETRY: lambda: [_find("poetry"), "build", "--format", "wheel", "--output", str(out)],
        PackageManager.PIP: lambda: [python, "-m", "build", "--wheel", "--outdir", str(out)],
    }
    command = [*commands[PackageManager(config.package_manager)](), *config.extra_args]
    finished = subprocess.run(
        command, cwd=source, capture_output=True, text=True, errors="replace", check=False
    )
    if finished.returncode:
        told = redact_text("\n".join((finished.stderr or finished.stdout).strip().splitlines()[-15:]))
        raise BuildError(
            f"{config.package_manager} can not build a wheel of {source}:\n{told}",
            {"path": str(source), "exit_code": finished.returncode},
        )
    wheels = list(out.glob("*.whl"))
    if len(wheels) != 1:
        raise BuildError(
            f"{config.package_manager} built {len(wheels)} wheels of {source}, and one was wanted."
        )
    return wheels[0]


def _find(program: str) -> str:
    if (found := shutil.which(program)) is None:
        raise BuildError(f"{program} is not installed.", hint=f"Install {program}, or build with uv.")
    return found


def _put(
    path: Path,
    name: str,
    storage: Storage | dict[str, Any],
    prefix: str,
    skip_existing: bool,
    progress: UploadProgressCallback | None,
    checksum: str,
) -> UploadResult:
    place: Storage = get_storage(storage) if isinstance(storage, Mapping) else storage
    target = f"{prefix.strip('/')}/{name}".lstrip("/")
    size_bytes = path.stat().st_size
    try:
        if skip_existing and place.exists(target):
            return UploadResult(place.get_url(target), checksum, name, size_bytes, is_cached=True)
        with _told(progress, UploadStage.UPLOADING):
            url = place.upload(path, target)
        with _told(progress, UploadStage.VERIFYING):
            is_there = place.exists(target)
    except PluginUploadError:
        raise
    except Exception as error:  # border of whoever wrote the storage
        raise PluginUploadError(
            f"{target} did not reach the storage: {redact_text(str(error)) or type(error).__name__}",
            {"target": target},
        ) from error
    if not is_there:
        raise PluginUploadError(f"The storage took {target}, and does not have it.", {"target": target})
    return UploadResult(url, checksum, name, size_bytes)


@contextmanager
def _told(progress: UploadProgressCallback | None, stage: UploadStage) -> Iterator[None]:
    if progress is not None:
        progress(stage, 0, 1)
    yield
    if progress is not None:
        progress(stage, 1, 1)
