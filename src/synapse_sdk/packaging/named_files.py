"""The files that a plugin's config names: do they travel? Pure."""

from __future__ import annotations

from collections.abc import Collection, Container
from pathlib import PurePosixPath

from synapse_sdk.manifest import LeftOut
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.errors import ActionNotFoundError, ArchiveError


def check_entrypoints(
    config: PluginConfig, paths: Collection[str], left_out: Collection[LeftOut]
) -> list[str]:
    """Check that each action's module travels; return what deserves a warning.

    A module whose first package is not in the folder may come from a requirement; that is a warning.

    Raises:
        ArchiveError: A rule keeps a module behind.
        ActionNotFoundError: The plugin has the module's package, and the module is not in it.
    """
    warnings = []
    for name, action in config.actions.items():
        if not action.entrypoint:
            warnings.append(f"actions.{name} has no entrypoint and can not run")
            continue
        module = _module_of(action.entrypoint)
        candidates = _files_of(module)
        if any(path in paths for path in candidates):
            continue
        for path in candidates:
            if is_left_out(path, left_out):
                raise refuse_left_out(path, f"the entrypoint of action {name}", left_out)
        package = module.partition(".")[0]
        if any(path == f"{package}.py" or path.startswith(f"{package}/") for path in paths):
            raise ActionNotFoundError(
                f"actions.{name}.entrypoint: {describe_missing(action.entrypoint)}",
                {"action": name, "entrypoint": action.entrypoint, "looked": candidates},
                hint="Write the file, or correct the entrypoint: module.path:ClassName.",
            )
        warnings.append(
            f"actions.{name}.entrypoint: {module} is not in the folder; it must come from a requirement"
        )
    return warnings


def describe_missing(entrypoint: str) -> str:
    """Say which files an entrypoint could mean, where the plugin has none of them."""
    return f"{entrypoint!r} names no file: there is no {' or '.join(_files_of(_module_of(entrypoint)))}."


def check_readme(config: PluginConfig, paths: Container[str], left_out: Collection[LeftOut]) -> list[str]:
    """Check that the readme travels; return what deserves a warning.

    Raises:
        ArchiveError: The config names a readme, and a rule keeps it behind.
    """
    readme = PurePosixPath(config.readme).as_posix()
    if readme in paths:
        return []
    if not is_left_out(readme, left_out):
        return [f"{readme} is not there; the release will have no documentation"]
    error = refuse_left_out(readme, "the plugin's readme", left_out)
    if "readme" in config.model_fields_set:
        raise error
    return [f"{error.message.rstrip('.')}; the release will have no documentation"]


def is_left_out(path: str, left_out: Collection[LeftOut]) -> bool:
    """Does a rule keep `path`, or a folder above it, behind?"""
    return _find_left_out(path, left_out) is not None


def refuse_left_out(path: str, what: str, left_out: Collection[LeftOut]) -> ArchiveError:
    """Build the error for a file that must travel and does not, naming the rule."""
    entry = _find_left_out(path, left_out)
    if entry is None:
        return ArchiveError(f"{path} is not there: {what}.", {"path": path})
    return ArchiveError(
        f"{path} is left out by {entry.rule} ({entry.reason}): {what}.",
        {"path": path, "rule": entry.rule, "reason": entry.reason},
        hint=f"Let it travel with !{entry.path} in .synapseignore, or change {entry.rule}."
        if entry.rule != "always"
        else "Nothing of that name can travel; give it another name.",
    )


def _find_left_out(path: str, left_out: Collection[LeftOut]) -> LeftOut | None:
    for entry in left_out:
        if entry.path == path or (entry.is_folder and path.startswith(f"{entry.path}/")):
            return entry
    return None


def _module_of(entrypoint: str) -> str:
    """Return the module of `module.path:ClassName` or `module.path.ClassName`."""
    module, colon, _ = entrypoint.partition(":")
    return module if colon else entrypoint.rpartition(".")[0]


def _files_of(module: str) -> list[str]:
    path = module.replace(".", "/")
    return [f"{path}.py", f"{path}/__init__.py"]
