"""Plugin folder + config → ReleasePlan: everything that publishing would send, known before it is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from synapse_sdk._internal.digests import digest_file
from synapse_sdk.manifest import (
    KnownFiles,
    LeftOut,
    Manifest,
    ManifestError,
    ManifestFile,
    build_manifest,
    write_files,
)
from synapse_sdk.packaging.contents import PlannedFile
from synapse_sdk.packaging.named_files import check_entrypoints, check_readme, is_left_out, refuse_left_out
from synapse_sdk.packaging.release_digest import config_document, written_release_digest
from synapse_sdk.packaging.requirements import REQUIREMENTS, check_requirements
from synapse_sdk.packaging.secrets import (
    Finding,
    SecretFoundError,
    is_plainly_clean,
    scan_files,
    scan_identity,
)
from synapse_sdk.packaging.wheels import Wheel, check_wheel, find_duplicates, is_wheel
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.config_file import CONFIG_NAMES
from synapse_sdk.plugins.errors import ArchiveError, BuildError, ValidationError


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What a release would hold. Made without changing anything; the archive is written from it."""

    code: str
    version: str
    config: PluginConfig
    files: tuple[PlannedFile, ...]
    left_out: tuple[LeftOut, ...]
    wheels: tuple[Wheel, ...]
    warnings: tuple[str, ...]
    #: What looks like a secret. With any of these nothing can be published.
    secrets: tuple[Finding, ...]
    #: The same in files that the user has allowed by name.
    allowed_secrets: tuple[Finding, ...]
    #: Of files and config. A release's own adds the lock and the schemas, which are made when it is sent.
    contents_digest: str
    #: Each file as digests are made of it; of 10,000 it is worth to write them once.
    written_files: tuple[str, ...] = field(repr=False, compare=False)

    @property
    def size_bytes(self) -> int:
        """Return the size of all files together, unpacked."""
        return sum(planned.file.size_bytes for planned in self.files)

    def require_no_secrets(self) -> None:
        """Raise `SecretFoundError`, which names every finding, if there is any."""
        if self.secrets:
            raise SecretFoundError.of(self.secrets)

    def to_document(self) -> dict[str, Any]:
        """Return the plain value for `--json`."""
        return {
            "code": self.code,
            "version": self.version,
            "contents_digest": self.contents_digest,
            "size_bytes": self.size_bytes,
            "files": [planned.file.to_document() for planned in self.files],
            "left_out": [entry.to_document() for entry in self.left_out],
            "wheels": [wheel.to_document() for wheel in self.wheels],
            "warnings": list(self.warnings),
            "secrets": [finding.to_document() for finding in self.secrets],
            "allowed_secrets": [finding.to_document() for finding in self.allowed_secrets],
        }


def build_plan(
    folder: Path,
    config: PluginConfig,
    *,
    config_file: Path | None = None,
    allow_secrets: Collection[str] = (),
    cache_folder: Path | None = None,
) -> ReleasePlan:
    """Read a plugin's folder and say what a release of it would hold.

    Secrets that are found do not stop the plan, so that it can be shown; `require_no_secrets` does.

    Args:
        config_file: Where `config` was loaded from, when that is not the folder's own config.yaml. It travels
            as config.yaml, in place of the folder's.
        cache_folder: Where it is noted which files were read, so that the next plan reads only those that
            changed since. None reads every file, and notes nothing.
        allow_secrets: Paths, from the folder on, of files whose findings are no secrets.

    Raises:
        ArchiveError: Something in the folder can not travel; a file that the config names is left out; the
            folder changes while it is read; a path in `allow_secrets` has no finding.
        ActionNotFoundError: An entrypoint names a module that the plugin's own package does not have.
        BuildError, ChecksumMismatchError: A local wheel can not be used.
        ValidationError: requirements.txt has lines that no installer accepts.
    """
    known = None
    if cache_folder is not None:
        known = KnownFiles(folder, cache_folder, search=scan_identity())
    try:
        manifest = build_manifest(folder, known=known, is_clean=is_plainly_clean)
    except ManifestError as error:
        raise ArchiveError(error.message, error.details, hint=error.hint) from error
    files, config_warnings = _with_config(folder, manifest, config_file)
    by_path = {planned.file.path: planned for planned in files}
    warnings = [*manifest.warnings, *config_warnings]
    warnings += check_entrypoints(config, by_path, manifest.left_out)
    warnings += check_readme(config, by_path, manifest.left_out)
    _check_requirements(by_path, manifest.left_out)
    wheels, wheel_warnings = _check_wheels(folder, config, manifest, by_path)
    report = scan_files(_unsearched(files, manifest), allow=allow_secrets)
    if known is not None:
        for planned in report.clean:
            known.note_clean(planned.file.path, planned.file.digest)
        known.save()
    written = tuple(write_files(planned.file for planned in files))
    return ReleasePlan(
        code=config.code,
        version=config.version,
        config=config,
        files=files,
        left_out=manifest.left_out,
        wheels=wheels,
        warnings=(*warnings, *wheel_warnings, *report.warnings),
        secrets=report.findings,
        allowed_secrets=report.allowed,
        contents_digest=written_release_digest(written, config_document(config)),
        written_files=written,
    )


def _unsearched(files: Iterable[PlannedFile], manifest: Manifest) -> list[PlannedFile]:
    # A config from elsewhere may travel under the name of a file that was searched.
    clean = manifest.clean
    return [planned for planned in files if planned.elsewhere or planned.file.path not in clean]


def _with_config(
    folder: Path, manifest: Manifest, config_file: Path | None
) -> tuple[tuple[PlannedFile, ...], list[str]]:
    files = tuple(PlannedFile(file, folder) for file in manifest.files)
    own = [name for name in CONFIG_NAMES if (folder / name).is_file()]
    if config_file is None or (own and config_file.resolve() == (folder / own[0]).resolve()):
        name = own[0] if own else CONFIG_NAMES[0]
        if all(planned.file.path != name for planned in files):
            raise refuse_left_out(name, "the plugin's config", manifest.left_out)
        return files, []
    by_path = {planned.file.path: planned for planned in files}
    name = CONFIG_NAMES[0]
    try:
        digest, size_bytes = digest_file(config_file)
    except OSError as error:
        raise ArchiveError(
            f"{config_file} can not be read: {error.strerror}.", {"path": str(config_file)}
        ) from error
    warning = f"{config_file.name} travels as {name}"
    if own:
        warning += f", in place of the folder's own {own[0]}"
        by_path.pop(own[0], None)
    by_path[name] = PlannedFile(ManifestFile(name, 0o644, size_bytes, digest), folder, config_file)
    return tuple(by_path[path] for path in sorted(by_path)), [warning]


def _check_requirements(by_path: Mapping[str, PlannedFile], left_out: Collection[LeftOut]) -> None:
    if REQUIREMENTS not in by_path and is_left_out(REQUIREMENTS, left_out):
        raise refuse_left_out(REQUIREMENTS, "what the plugin needs installed", left_out)
    problems = check_requirements(by_path)
    if problems:
        many = f"{len(problems)} lines of requirements can not be installed:\n  "
        raise ValidationError(
            (many if len(problems) > 1 else "") + "\n  ".join(map(str, problems)),
            {
                "problems": [
                    {"file": problem.path, "line": problem.line, "problem": problem.text}
                    for problem in problems
                ]
            },
        )


def _check_wheels(
    folder: Path, config: PluginConfig, manifest: Manifest, by_path: Mapping[str, PlannedFile]
) -> tuple[tuple[Wheel, ...], list[str]]:
    wheels_dir = PurePosixPath(config.wheels_dir)
    if wheels_dir.is_absolute() or ".." in wheels_dir.parts:
        raise BuildError(
            f"wheels_dir: {config.wheels_dir!r} leads out of the plugin folder.",
            {"wheels_dir": config.wheels_dir},
            hint="Name a folder inside it, such as wheels.",
        )
    name = wheels_dir.as_posix()
    wheels = tuple(check_wheel(planned) for path, planned in by_path.items() if is_wheel(path, name))
    warnings = find_duplicates(wheels)
    if "wheels_dir" in config.model_fields_set and not (folder / name).is_dir():
        warnings.append(f"wheels_dir: there is no folder {name}")
    warnings += [
        f"{entry.path} is left out by {entry.rule} ({entry.reason}) and will not be installed; "
        f"add !{entry.path} to .synapseignore if it should be"
        for entry in manifest.left_out
        if is_wheel(entry.path, name) or (entry.is_folder and entry.path == name)
    ]
    return wheels, warnings
