"""Bring config.yaml up to date with the code: what syncers say of known actions, entries of new ones.

The file is edited, not rewritten: only the lines that must differ do, so comments, order, quotes and unknown
keys stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pydantic

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.plugins.config import ActionConfig
from synapse_sdk.plugins.config_edit import REMOVED, ConfigChange, apply_changes
from synapse_sdk.plugins.config_file import LoadedConfig, load_config
from synapse_sdk.plugins.config_syncers import (
    UPLOAD_GROUP_NAME_FIELD,
    ConfigSyncer,
    EntrypointSyncer,
    HyperparametersSyncer,
    MethodSyncer,
    TypesSyncer,
    UploadGroupNameSyncer,
    get_declared_syncers,
    get_default_syncers,
    sync_action_config,
)
from synapse_sdk.plugins.enums import RunMethod
from synapse_sdk.plugins.errors import ConfigError, ValidationError
from synapse_sdk.plugins.importing import load_entrypoint
from synapse_sdk.plugins.lost_entrypoints import iter_unnamed, suggest_entrypoint
from synapse_sdk.plugins.source import SYNCED, PluginSource, SourceAction

__all__ = [
    "UPLOAD_GROUP_NAME_FIELD",
    "ConfigChange",
    "ConfigSyncer",
    "EntrypointSyncer",
    "HyperparametersSyncer",
    "MethodSyncer",
    "SyncPlan",
    "TypesSyncer",
    "UploadGroupNameSyncer",
    "describe_changes",
    "get_default_syncers",
    "plan_sync",
    "sync_action_config",
    "write_sync",
]


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What an update would change."""

    file: Path
    old_text: str
    new_text: str
    changes: tuple[ConfigChange, ...]
    #: Things that deserve a look, each a sentence with its place.
    warnings: tuple[str, ...]
    #: By action: the changes in the words of the syncers that made them.
    told: Mapping[str, tuple[str, ...]]


def plan_sync(path: Path, syncers: Sequence[ConfigSyncer] | None = None) -> SyncPlan:
    """Compare a plugin's config with its code, and change nothing.

    Values that the source does not tell literally are read from the imported class, and so is the params
    model when a syncer asks for it.

    Args:
        path: The plugin's folder or its config file.
        syncers: What keeps an entry in step, in this order; those for what classes declare unless given.

    Raises:
        ConfigError: The config can not be read, or a syncer makes an entry of it that does not fit.
        ConfigNotFoundError: There is none.
        ValidationError: A source file is not Python.
    """
    loaded = load_config(path)
    sync = _Sync(loaded, get_declared_syncers() if syncers is None else syncers)
    sync.compare_known()
    sync.find_new()
    old_text = loaded.path.read_bytes().decode("utf-8")
    new_text = apply_changes(old_text, sync.changes, file=loaded.path.name)
    return SyncPlan(
        loaded.path, old_text, new_text, tuple(sync.changes), tuple(sync.warnings), dict(sync.told)
    )


def write_sync(plan: SyncPlan) -> None:
    """Carry a plan out. Nothing is written when nothing changes."""
    if plan.changes:
        mode = plan.file.stat().st_mode & 0o777
        atomic_write(plan.file, plan.new_text.encode("utf-8"), mode=mode)


def describe_changes(plan: SyncPlan) -> dict[str, str]:
    """Return by action what a plan changes, in a line."""
    return {action: "; ".join(texts) for action, texts in plan.told.items()}


class _Sync:
    """One comparison of a config with its code."""

    def __init__(self, loaded: LoadedConfig, syncers: Sequence[ConfigSyncer]) -> None:
        self._loaded = loaded
        self._source = PluginSource(loaded.folder)
        self._syncers = syncers
        self.changes: list[ConfigChange] = []
        self.told: dict[str, tuple[str, ...]] = {}
        self.warnings: list[str] = []

    def compare_known(self) -> None:
        """Run the syncers over the entries whose classes are in the source."""
        entries = self._loaded.config.actions
        entrypoints = {name: entry.entrypoint for name, entry in entries.items()}
        for name, entry in entries.items():
            action = self._source.find_action(entry.entrypoint)
            if action is not None:
                self._run(name, action, self._loaded.document["actions"][name], [])
            elif not self._source.has_name(entry.entrypoint):
                meant = suggest_entrypoint(self._source, name, entrypoints)
                self.warnings.append(
                    f"actions.{name}.entrypoint: {entry.entrypoint!r} is not in {self._loaded.folder}; "
                    f"left as it is{f'; did you mean {meant}?' if meant else ''}"
                )

    def find_new(self) -> None:
        """Make entries of the actions that the config does not have."""
        entries = self._loaded.config.actions
        taken = {*entries, *self._loaded.unusable}
        for action in iter_unnamed(self._source, (entry.entrypoint for entry in entries.values())):
            name = action.default_name
            if name in taken:
                continue  # the config points it at other code; where that is gone, a warning asks
            taken.add(name)
            self.changes.append(ConfigChange(name, "entrypoint", None, action.entrypoint))
            entry = {"entrypoint": action.entrypoint}
            self._run(name, action, entry, [f"entrypoint: - -> {action.entrypoint}"])

    def _run(self, name: str, action: SourceAction, before: Mapping[str, Any], texts: list[str]) -> None:
        entry = deepcopy(dict(before))
        info = self._describe(name, action)
        for syncer in self._syncers:
            last = deepcopy(entry)
            told = syncer.sync(name, info, entry)
            # Dates and the like, which were read from the file, may stay; they are not put there.
            put = {item.key for item in _compare(name, last, entry) if item.new is not REMOVED}
            entry |= {key: _as_plain(entry[key], name, key, syncer) for key in entry if key in put}
            if changes := _compare(name, last, entry):
                words = [told] if isinstance(told, str) else list(told or ())
                # What nobody tells is told all the same; what is told and did not happen is not.
                texts.extend(words or [str(change) for change in changes])
                _check_entry(name, entry, syncer, changes)
        self.changes += _compare(name, before, entry)
        if texts:
            self.told[name] = tuple(texts)

    def _describe(self, name: str, action: SourceAction) -> dict[str, Any]:
        values = _values_of(self._loaded.folder, action, self.warnings)
        told = {key: values.get(key) for key in SYNCED}
        found = {"entrypoint": f"{action.module}.{action.class_name}", **told}
        return _ActionInfo(found, cache(lambda: self._find_model(name, action)))

    def _find_model(self, name: str, action: SourceAction) -> Any:
        try:
            return getattr(load_entrypoint(self._loaded.folder, action.entrypoint), "params_model", None)
        except SynapseError:
            raise
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - border of the author's code
            self.warnings.append(
                f"actions.{name}: its params are not known, because {action.entrypoint} can not be imported "
                f"here: {type(exc).__name__}: {exc}"
            )
            return None


class _ActionInfo(dict[str, Any]):
    """What the code says of an action. Its `params_model` costs an import, so it is found when asked for."""

    def __init__(self, found: Mapping[str, Any], find_model: Callable[[], Any]) -> None:
        super().__init__(found)
        self._find_model = find_model

    def __contains__(self, key: object) -> bool:
        return key == "params_model" or super().__contains__(key)

    def __missing__(self, key: str) -> Any:
        if key == "params_model":
            return self._find_model()
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value; `params_model` too."""
        return self._find_model() if key == "params_model" else super().get(key, default)


def _compare(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ConfigChange]:
    changed = [
        ConfigChange(name, key, before.get(key), value)
        for key, value in after.items()
        if key not in before or repr(before[key]) != repr(value)  # 1 is not True, nor 1.0
    ]
    gone = [ConfigChange(name, key, before[key], REMOVED) for key in before if key not in after]
    return changed + gone


def _as_plain(value: Any, action: str, key: str, syncer: ConfigSyncer) -> Any:
    """Return a value as YAML reads it back."""
    if isinstance(value, Enum):
        return _as_plain(value.value, action, key, syncer)
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, Mapping) and all(isinstance(inner, str) for inner in value):
        return {inner: _as_plain(item, action, f"{key}.{inner}", syncer) for inner, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_plain(item, action, f"{key}[{index}]", syncer) for index, item in enumerate(value)]
    raise ConfigError(
        f"actions.{action}.{key}: the syncer {syncer.name} put a {type(value).__name__} there, which a "
        "config can not hold.",
        {"action": action, "key": key, "syncer": syncer.name},
        hint="Texts, numbers, booleans, None, lists and dicts with texts as keys can be written.",
    )


def _check_entry(
    name: str, entry: Mapping[str, Any], syncer: ConfigSyncer, changes: Sequence[ConfigChange]
) -> None:
    try:
        ActionConfig.model_validate(entry)
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, ("actions", name, *problem["loc"])))
        raise ConfigError(
            f"{place}: what the syncer {syncer.name} made of it does not fit: {problem['msg']}.",
            {"action": name, "syncer": syncer.name, "changes": [str(change) for change in changes]},
            hint="Nothing was written; mend the syncer.",
        ) from error


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
