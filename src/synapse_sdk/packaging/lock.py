"""A plugin's requirements → its lock: every package of its environment, by version and digest.

Resolved by uv for one interpreter and platform, together with what this SDK itself needs. The SDK is not in
it: whoever builds the environment adds its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk._internal.extras import install_command, require
from synapse_sdk._version import __version__
from synapse_sdk.packaging.lock_failures import explain_failure
from synapse_sdk.packaging.lock_options import parse_options
from synapse_sdk.packaging.lock_wheels import choose_wheels, list_wheels
from synapse_sdk.packaging.requirement_lines import (
    RequirementLine,
    find_folder,
    find_source,
    list_requirements,
)
from synapse_sdk.plugins.errors import BuildError, ValidationError

if TYPE_CHECKING:
    from synapse_sdk.plugins.config import PluginConfig

#: Our names of platforms (`sysconfig.get_platform()`, without a macOS version) → the resolver's.
TARGETS = {
    "linux-x86_64": "x86_64-unknown-linux-gnu",
    "linux-aarch64": "aarch64-unknown-linux-gnu",
    "macosx-x86_64": "x86_64-apple-darwin",
    "macosx-arm64": "aarch64-apple-darwin",
    "win-amd64": "x86_64-pc-windows-msvc",
}

_SDK = "synapse-sdk"


class Lock(NamedTuple):
    """A requirements file with exact versions and hashes; no index addresses, no paths of this machine.

    A wheel that travels with the plugin stands there as `name @ wheels/<file>`, from the plugin's folder on.
    """

    text: str
    digest: str
    package_count: int


def make_lock(
    folder: Path,
    config: PluginConfig,
    *,
    python_version: str | None = None,
    platform: str | None = None,
    wheels: Sequence[str] | None = None,
) -> Lock:
    """Resolve what a plugin needs: requirements.txt (else pyproject.toml), its local wheels, this SDK's core.

    The same input and the same index give the same text. A plugin without requirements has a lock as well.

    Args:
        folder: The plugin's.
        config: Its `wheels_dir` and `package_manager_options` count.
        python_version: Such as "3.11"; this interpreter's unless given.
        platform: Such as "linux-x86_64", or a target as uv names it; this machine's unless given.
        wheels: Paths, from the folder on, of the local wheels that travel; all in `wheels_dir` unless given.

    Raises:
        ValidationError: Requirements can not be resolved; says which line, and the resolver's reason.
        BuildError: They can not be locked: a folder of sources, a wheel that does not fit the target.
        IndexNotReachableError: The package index does not answer.
        MissingExtraError: uv is not installed.
    """
    python_version = python_version or f"{sys.version_info.major}.{sys.version_info.minor}"
    declared = list_requirements(folder)
    _check_sdk(declared, python_version)
    _refuse_folders(declared, folder)
    paths = list_wheels(folder, config.wheels_dir) if wheels is None else wheels
    local = choose_wheels(paths, python_version, platform)
    local.pop(_SDK, None)
    options = parse_options(config.package_manager_options, folder)
    with tempfile.TemporaryDirectory(prefix="synapse-lock-") as scratch:
        inputs = _write_inputs(Path(scratch), folder, local, options.lines)
        source = find_source(folder)
        text = _resolve(
            [*options.arguments, *_target(python_version, platform), *([source] if source else []), *inputs],
            folder,
            declared,
        )
    text = _without_places(text, folder, local, declared)
    return Lock(text, digest_bytes(text.encode()), sum(_is_package(line) for line in text.splitlines()))


def find_uv() -> str:
    """Return where uv is.

    Raises:
        MissingExtraError: It is not installed.
    """
    uv = require("uv", install=install_command("isolated"), why="lock what a plugin needs")
    return str(uv.find_uv_bin())


def list_core_requirements() -> list[str]:
    """Return what this SDK needs without any extra."""
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    found = map(Requirement, requires(_SDK) or [])
    return [str(each) for each in found if each.marker is None or "extra" not in str(each.marker)]


def _write_inputs(
    scratch: Path, folder: Path, local: dict[str, str], option_lines: Sequence[str]
) -> list[str]:
    """Write what is resolved besides the plugin's own file; return the arguments that name it."""
    wheels = [f"{name} @ {(folder.resolve() / path).as_uri()}" for name, path in local.items()]
    core = scratch / "synapse-sdk-core.txt"
    core.write_text("\n".join([*option_lines, *list_core_requirements(), *wheels, ""]))
    # Never true: takes the name out wherever it is asked for, also by other packages. The index has a package
    # of that name, and it is not this one.
    overrides = scratch / "overrides.txt"
    overrides.write_text(f'{_SDK} ; python_version < "0"\n')
    return [str(core), "--overrides", str(overrides)]


def _target(python_version: str, platform: str | None) -> list[str]:
    # Python is never fetched for this: the version only decides which packages fit.
    arguments = ["--python-version", python_version, "--python", sys.executable, "--no-python-downloads"]
    return [*arguments, "--python-platform", TARGETS.get(platform, platform)] if platform else arguments


def _resolve(arguments: Sequence[str], folder: Path, declared: Sequence[RequirementLine]) -> str:
    finished = subprocess.run(
        [
            *(find_uv(), "pip", "compile", "--quiet", "--color", "never", "--generate-hashes"),
            *("--no-header", "--no-annotate", "--no-emit-index-url", *arguments),
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise explain_failure(finished.stderr.strip(), folder, declared)
    return finished.stdout


def _check_sdk(declared: Iterable[RequirementLine], python_version: str) -> None:
    for line in declared:
        requirement = line.parse() if line.find_name() == _SDK else None
        if requirement is None:
            continue
        is_asked = requirement.marker is None or requirement.marker.evaluate(
            {"python_version": python_version, "extra": ""}
        )
        if is_asked and not requirement.specifier.contains(__version__, prereleases=True):
            raise ValidationError(
                f"{line}: this is synapse-sdk {__version__}, and environments get this one.",
                {"problems": [{"file": line.path, "line": line.line, "problem": line.text}]},
                hint=f"Ask for a version that this one satisfies, such as {_SDK}>={__version__}.",
            )


def _refuse_folders(declared: Iterable[RequirementLine], folder: Path) -> None:
    for line in declared:
        if find_folder(line, folder) is not None:
            raise BuildError(
                f"{line}: a folder of sources has no digest that a lock could hold.",
                {"file": line.path, "line": line.line},
                hint="Build a wheel of it into the plugin's wheels folder. The plugin's own modules need no "
                "installing.",
            )


def _without_places(
    text: str, folder: Path, local: dict[str, str], declared: Iterable[RequirementLine]
) -> str:
    """Replace this machine's paths by such from the plugin's folder on."""
    here = folder.resolve().as_uri() + "/"
    name_by_file = {PurePosixPath(path).name: name for name, path in local.items()}
    lines = []
    for line in text.splitlines():
        requirement, space, rest = line.partition(" \\")
        target = requirement.split(" @ ")[-1].replace(here, "")
        if _is_package(line) and target.endswith(".whl") and "://" not in target:
            name = name_by_file.get(PurePosixPath(target).name)
            requirement = f"{name} @ {local[name]}" if name else requirement
        requirement = requirement.replace(here, "")
        if "file:" in requirement or requirement.startswith("/"):
            name = requirement.partition(" @ ")[0]
            places = [str(line) for line in declared if name in line.text] or [requirement]
            raise BuildError(
                f"{places[0]}: what is installed from a path outside the plugin's folder can not travel.",
                {"requirement": requirement},
                hint="Put the wheel into the plugin's wheels folder.",
            )
        lines.append(requirement + space + rest)
    return "\n".join([*lines, ""])


def _is_package(line: str) -> bool:
    return bool(line) and not line[0].isspace() and not line.startswith(("#", "--"))
