"""Bring config.yaml up to date with the code: types and methods of known actions, entries of new ones.

The file is edited, not rewritten: only the lines that must differ do, so comments, order, quotes and unknown
keys stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.plugins.config_edit import ConfigChange, apply_changes
from synapse_sdk.plugins.config_file import LoadedConfig, load_config
from synapse_sdk.plugins.enums import RunMethod
from synapse_sdk.plugins.errors import ValidationError
from synapse_sdk.plugins.importing import load_entrypoint, split_entrypoint
from synapse_sdk.plugins.source import SYNCED, PluginSource, SourceAction


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What an update would change."""

    file: Path
    old_text: str
    new_text: str
    changes: tuple[ConfigChange, ...]
    #: Things that deserve a look, each a sentence with its place.
    warnings: tuple[str, ...]


def plan_sync(path: Path) -> SyncPlan:
    """Compare a plugin's config with its code, and change nothing.

    Values that the source does not tell literally are read from the imported class.

    Raises:
        ConfigError, ConfigNotFoundError: The config can not be read.
        ValidationError: A source file is not Python.
    """
    loaded = load_config(path)
    source = PluginSource(loaded.folder)
    warnings: list[str] = []
    changes = [*_compare_known(loaded, source, warnings), *_find_new(loaded, source, warnings)]
    old_text = loaded.path.read_bytes().decode("utf-8")
    new_text = apply_changes(old_text, changes, file=loaded.path.name)
    return SyncPlan(loaded.path, old_text, new_text, tuple(changes), tuple(warnings))


def write_sync(plan: SyncPlan) -> None:
    """Carry a plan out. Nothing is written when nothing changes."""
    if plan.changes:
        mode = plan.file.stat().st_mode & 0o777
        atomic_write(plan.file, plan.new_text.encode("utf-8"), mode=mode)


def describe_changes(plan: SyncPlan) -> dict[str, str]:
    """Return by action what a plan changes, in a line."""
    found: dict[str, list[str]] = {}
    for change in plan.changes:
        found.setdefault(change.action, []).append(f"{change.key}: {change.old or '-'} -> {change.new}")
    return {action: "; ".join(changes) for action, changes in found.items()}


def _compare_known(loaded: LoadedConfig, source: PluginSource, warnings: list[str]) -> list[ConfigChange]:
    changes = []
    for name, entry in loaded.config.actions.items():
        action = source.find_action(entry.entrypoint)
        if action is None:
            if not source.has_name(entry.entrypoint):
                warnings.append(
                    f"actions.{name}.entrypoint: {entry.entrypoint!r} is not in {loaded.folder}; "
                    "left as it is"
                )
            continue
        values = _values_of(loaded.folder, action, warnings)
        for key in SYNCED:
            new = values.get(key)
            old = getattr(entry, key)
            # What the class does not say stays the config's to say.
            if new is not None and new != (None if old is None else str(old)):
                is_written = key in entry.model_fields_set
                changes.append(
                    ConfigChange(name, key, str(old) if is_written and old is not None else None, new)
                )
    return changes


def _find_new(loaded: LoadedConfig, source: PluginSource, warnings: list[str]) -> list[ConfigChange]:
    known = {split_entrypoint(entry.entrypoint) for entry in loaded.config.actions.values()}
    packages = sorted({module.partition(".")[0] for module, _ in known} | {"plugin"})
    changes = []
    taken = {*loaded.config.actions, *loaded.unusable}
    for action in source.iter_actions(packages):
        if (action.module, action.class_name) in known:
            continue
        name = action.default_name
        if name in taken:
            continue  # the config points that name at other code, and knows why
        taken.add(name)
        changes.append(ConfigChange(name, "entrypoint", None, action.entrypoint))
        values = _values_of(loaded.folder, action, warnings)
        changes += [
            ConfigChange(name, key, None, value) for key in SYNCED if (value := values.get(key)) is not None
        ]
    return changes


def _values_of(folder: Path, action: SourceAction, warnings: list[str]) -> dict[str, str | None]:
    """Return what the class says, imported only where the source does not tell."""
    values = action.values
    if action.unknown:
        cls = _import(folder, action)
        values = values | {name: _name_of(getattr(cls, name, None)) for name in action.unknown}
    allowed = [known.value for known in RunMethod]
    if (method := values.get("method")) is not None and method not in allowed:
        place = f"{action.file.relative_to(folder).as_posix()}:{action.line}"
        warnings.append(
            f"{place}: {action.class_name}.method is {method!r}; allowed are {', '.join(allowed)}; "
            "left as it is"
        )
        values = {**values, "method": None}
    return values


def _import(folder: Path, action: SourceAction) -> Any:
    try:
        return load_entrypoint(folder, action.entrypoint)
    except SynapseError:
        raise
    except (Exception, SystemExit) as exc:  # border of the author's code
        place = f"{action.file.relative_to(folder).as_posix()}:{action.line}"
        raise ValidationError(
            f"{place}: {', '.join(sorted(action.unknown))} of {action.class_name} can only be told by "
            f"importing it, and that fails: {type(exc).__name__}: {exc}",
            {"entrypoint": action.entrypoint},
            hint="Name a data type there, or mend the import.",
        ) from exc


def _name_of(value: Any) -> str | None:
    name = value if isinstance(value, str) else getattr(value, "name", None)
    return str(name) if isinstance(name, str) else None
