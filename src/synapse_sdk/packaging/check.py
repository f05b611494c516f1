"""Everything that can be found wrong with a plugin without running it.

Config, entrypoints, types, requirements, ignore files, wheels and secrets: the same code that runs and
publishes looks at each, so what passes here passes there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.packaging.imported_libraries import find_missing_libraries
from synapse_sdk.packaging.named_files import describe_missing
from synapse_sdk.packaging.plan import build_plan
from synapse_sdk.plugins.config_file import LoadedConfig, load_config
from synapse_sdk.plugins.config_sync import plan_sync
from synapse_sdk.plugins.errors import ActionNotFoundError, ConfigError, ValidationError
from synapse_sdk.plugins.lost_entrypoints import suggest_entrypoint
from synapse_sdk.plugins.source import PluginSource

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or may be."""

    severity: Severity
    text: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found. Empty: nothing."""

    folder: Path
    checked: LoadedConfig | None
    problems: tuple[Problem, ...]

    def is_clean(self, *, strict: bool = False) -> bool:
        """Are there no errors, and under `strict` no warnings either?"""
        return not any(strict or problem.severity == "error" for problem in self.problems)


def check_plugin(path: Path, *, imports: bool = False) -> CheckReport:
    """Check the plugin at `path`, a folder or a config file, and change nothing.

    Args:
        path: The plugin.
        imports: Also import every action's module, in a process of its own.

    Raises:
        ConfigNotFoundError: There is no config file.
    """
    try:
        loaded = load_config(path)
    except ConfigError as error:
        found = error.details.get("problems") or [{"problem": error.message}]
        return CheckReport(path, None, tuple(_config_problem(item, error) for item in found))
    problems = [
        *(Problem("error", str(problem)) for found in loaded.unusable.values() for problem in found),
        *(Problem("warning", str(warning)) for warning in loaded.unknown_keys),
        *_check_source(loaded),
        *_check_release(loaded),
        *_check_libraries(loaded),
        *(_check_imports(loaded) if imports else ()),
    ]
    # One cause may be seen by two checks; it is told once.
    return CheckReport(loaded.folder, loaded, tuple(dict.fromkeys(problems)))


def _config_problem(item: dict[str, object], error: ConfigError) -> Problem:
    if "line" not in item:
        return Problem("error", str(item["problem"]), error.hint)
    return Problem("error", f"{item['file']}:{item['line']}:{item['column']}: {item['problem']}", error.hint)


def _check_source(loaded: LoadedConfig) -> list[Problem]:
    source = PluginSource(loaded.folder)
    try:
        if problems := list(_check_entrypoints(loaded, source)):
            return problems
        plan = plan_sync(loaded.path)
    except SynapseError as error:
        return [Problem("error", error.message, error.hint)]
    except Exception as error:  # noqa: BLE001 - border of the author's code, imported for a computed type
        return [Problem("error", f"the plugin can not be imported: {type(error).__name__}: {error}")]
    return [
        Problem("warning", f"config and code differ: {change}", "Run: synapse plugin update-config")
        for change in plan.changes
    ]


def _check_entrypoints(loaded: LoadedConfig, source: PluginSource) -> Iterator[Problem]:
    entrypoints = {name: entry.entrypoint for name, entry in loaded.config.actions.items()}
    for name, entrypoint in entrypoints.items():
        place = f"actions.{name}.entrypoint: "
        if source.has_file(entrypoint):
            if source.has_name(entrypoint):
                continue
            text, hint = f"there is no {entrypoint!r} in {loaded.folder.name}", "add the class."
        elif entrypoint and source.has_package(entrypoint):
            text, hint = describe_missing(entrypoint), "write the file."
        else:
            continue  # a module from elsewhere, which a release is warned of
        meant = suggest_entrypoint(source, name, entrypoints)
        guess = f"Did you mean {meant}? " if meant else ""
        yield Problem("error", f"{place}{text}", f"{guess}Correct the entrypoint in config.yaml, or {hint}")


def _check_release(loaded: LoadedConfig) -> list[Problem]:
    try:
        plan = build_plan(loaded.folder, loaded.config, config_file=loaded.path)
    except ActionNotFoundError:
        return []  # of each entrypoint without a file the source's check has told
    except SynapseError as error:
        return [Problem("error", error.message, error.hint)]
    return [
        *(Problem("warning", warning) for warning in plan.warnings),
        *(
            Problem("error", f"a secret would travel: {finding}", "Take it out, or leave the file out.")
            for finding in plan.secrets
        ),
    ]


def _check_libraries(loaded: LoadedConfig) -> list[Problem]:
    try:
        missing = find_missing_libraries(loaded.folder, loaded.config)
    except ValidationError as error:
        return [Problem("error", error.message, error.hint)]
    return [
        Problem("warning", str(library), f"Add {library.package} to {library.requirements}.")
        for library in missing
    ]


def _check_imports(loaded: LoadedConfig) -> list[Problem]:
    from synapse_sdk.plugins.imported_schemas import import_schemas

    source = PluginSource(loaded.folder)
    entrypoints = {
        name: entry.entrypoint
        for name, entry in loaded.config.actions.items()
        # What the folder should have and has not is told already.
        if source.has_name(entry.entrypoint) or not source.has_package(entry.entrypoint)
    }
    problems = import_schemas(loaded.folder, entrypoints).problems if entrypoints else {}
    return [
        Problem("error", f"actions.{name}: {entrypoints[name]}: {reason}")
        for name, reason in problems.items()
    ]
