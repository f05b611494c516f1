"""Bring config.yaml up to date with the code: types and methods of known actions, entries of new ones.

The file is edited, not rewritten: only the lines that must differ do, so comments, order, quotes and unknown
keys stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk.plugins.config_file import LoadedConfig, load_config, parse_config
from synapse_sdk.plugins.errors import ConfigError
from synapse_sdk.plugins.importing import load_entrypoint, split_entrypoint
from synapse_sdk.plugins.source import SYNCED, PluginSource, SourceAction


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One value that the file does not have yet."""

    action: str
    key: str
    old: str | None
    new: str

    def __str__(self) -> str:
        if self.key == "entrypoint" and self.old is None:
            return f"{self.action}: new action at {self.new}"
        old = "" if self.old is None else f" (was {self.old})"
        return f"{self.action}.{self.key}: {self.new}{old}"


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
    changes = [*_compare_known(loaded, source, warnings), *_find_new(loaded, source)]
    old_text = loaded.path.read_bytes().decode("utf-8")
    new_text = apply_changes(old_text, changes, file=loaded.path.name)
    return SyncPlan(loaded.path, old_text, new_text, tuple(changes), tuple(warnings))


def write_sync(plan: SyncPlan) -> None:
    """Carry a plan out. Nothing is written when nothing changes."""
    if plan.changes:
        mode = plan.file.stat().st_mode & 0o777
        atomic_write(plan.file, plan.new_text.encode("utf-8"), mode=mode)


def apply_changes(text: str, changes: Iterable[ConfigChange], *, file: str = "config.yaml") -> str:
    """Return `text` with the changes made, all other lines as they were.

    Raises:
        ConfigError: An entry is written in a style that can not be edited line by line, `{…}`.
    """
    for change in changes:
        text = _apply(text, change, file)
        if parse_config(text, file=file)["actions"][change.action].get(change.key) != change.new:
            raise ConfigError(
                f"{file}: {change} could not be written without touching other lines.",
                {"change": str(change)},
                hint="Add it by hand; nothing was written.",
            )
    return text


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
        values = _values_of(loaded.folder, action)
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


def _find_new(loaded: LoadedConfig, source: PluginSource) -> list[ConfigChange]:
    known = {split_entrypoint(entry.entrypoint) for entry in loaded.config.actions.values()}
    packages = sorted({module.partition(".")[0] for module, _ in known} | {"plugin"})
    changes = []
    taken = set(loaded.config.actions)
    for action in source.iter_actions(packages):
        if (action.module, action.class_name) in known:
            continue
        name = action.default_name
        if name in taken:
            continue  # the config points that name at other code, and knows why
        taken.add(name)
        changes.append(ConfigChange(name, "entrypoint", None, action.entrypoint))
        values = _values_of(loaded.folder, action)
        changes += [
            ConfigChange(name, key, None, value) for key in SYNCED if (value := values.get(key)) is not None
        ]
    return changes


def _values_of(folder: Path, action: SourceAction) -> dict[str, str | None]:
    """Return what the class says, imported only where the source does not tell."""
    if not action.unknown:
        return action.values
    cls = load_entrypoint(folder, action.entrypoint)
    return action.values | {name: _name_of(getattr(cls, name, None)) for name in action.unknown}


def _name_of(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else str(value)
    return str(value.name)


def _apply(text: str, change: ConfigChange, file: str) -> str:
    document = parse_config(text, file=file)
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    actions = document["actions"]
    if actions.fa.flow_style() or (change.action in actions and actions[change.action].fa.flow_style()):
        where = "actions" if actions.fa.flow_style() else f"actions.{change.action}"
        raise ConfigError(
            f"{file}: {where} is written as {{…}}, which can not be edited line by line.",
            {"where": where, "change": str(change)},
            hint=f"Write it over several lines, or add by hand: {change}.",
        )
    if change.action not in actions:
        indent = _indent_of_children(actions, default=2)
        block = (
            f"{' ' * indent}{change.action}:{newline}{' ' * (2 * indent)}{change.key}: {change.new}{newline}"
        )
        return _insert(lines, _end_of(document, lines, ("actions",)), block, newline)
    entry = actions[change.action]
    if change.key in entry:
        line, column = entry.lc.value(change.key)
        lines[line] = _replace_scalar(lines[line], column, change.new)
        return "".join(lines)
    indent = _indent_of_children(entry, default=4)
    block = f"{' ' * indent}{change.key}: {change.new}{newline}"
    return _insert(lines, _end_of(document, lines, ("actions", change.action)), block, newline)


def _indent_of_children(node: Any, *, default: int) -> int:
    return next((int(node.lc.key(key)[1]) for key in node), default)


def _end_of(document: Any, lines: list[str], path: tuple[str, ...]) -> int:
    """Return the index of the line after the last line that belongs to the mapping at `path`."""
    node = document
    for part in path:
        node = node[part]
    indent = _indent_of_children(node, default=0)
    last = max((int(node.lc.key(key)[0]) for key in node), default=-1)
    end = last + 1
    for index in range(last + 1, len(lines)):
        stripped = lines[index].strip()
        if stripped and not stripped.startswith("#"):
            if len(lines[index]) - len(lines[index].lstrip(" ")) <= indent and not _continues(
                lines[index], indent
            ):
                break
            end = index + 1
    return end


def _continues(line: str, indent: int) -> bool:
    # A list may stand at the same column as its key: "tags:\n- a".
    return line[indent : indent + 2] == "- " and not line[:indent].strip()


def _insert(lines: list[str], index: int, block: str, newline: str) -> str:
    if index and not lines[index - 1].endswith(("\n", "\r")):
        lines[index - 1] += newline
    return "".join([*lines[:index], block, *lines[index:]])


def _replace_scalar(line: str, column: int, new: str) -> str:
    """Put `new` in place of the scalar that begins at `column`, with its quotes and what follows it kept."""
    rest = line[column:]
    quote = rest[0] if rest[0] in "\"'" else ""
    end = rest.index(quote, 1) + 1 if quote else len(rest.split(" #", 1)[0].rstrip())
    return f"{line[:column]}{quote}{new}{quote}{rest[end:]}"
