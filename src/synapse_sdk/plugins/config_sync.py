"""Bring config.yaml up to date with the code: types and methods of known actions, entries of new ones.

The file is edited, not rewritten: only the lines that must differ do, so comments, order, quotes and unknown
keys stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.plugins.config_file import LoadedConfig, load_config, parse_config, to_plain
from synapse_sdk.plugins.enums import RunMethod
from synapse_sdk.plugins.errors import ConfigError, ValidationError
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


def apply_changes(text: str, changes: Iterable[ConfigChange], *, file: str = "config.yaml") -> str:
    """Return `text` with the changes made, all other lines as they were.

    Raises:
        ConfigError: An entry is written in a style that can not be edited line by line, `{…}`.
    """
    for change in changes:
        edited = _apply(text, change, file)
        if not _differs_only_by(change, text, edited, file):
            raise ConfigError(
                f"{file}: {change} could not be written without touching other lines.",
                {"change": str(change)},
                hint="Add it by hand; nothing was written.",
            )
        text = edited
    return text


def _differs_only_by(change: ConfigChange, before: str, after: str, file: str) -> bool:
    expected = to_plain(parse_config(before, file=file), file)
    expected["actions"].setdefault(change.action, {})[change.key] = change.new
    try:
        found = to_plain(parse_config(after, file=file), file)
    except ConfigError:
        return False
    return repr(_sorted(found)) == repr(_sorted(expected))


def _sorted(node: Any) -> Any:
    """Forget the order of keys, so that a new one may stand anywhere."""
    if isinstance(node, dict):
        return sorted(((repr(key), _sorted(value)) for key, value in node.items()), key=lambda pair: pair[0])
    return [_sorted(item) for item in node] if isinstance(node, list) else node


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


def _apply(text: str, change: ConfigChange, file: str) -> str:
    document = parse_config(text, file=file)
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    actions = document["actions"]
    if not actions and _EMPTY_ACTIONS.match(line := lines[document.lc.key("actions")[0]]):
        lines[document.lc.key("actions")[0]] = _EMPTY_ACTIONS.sub(r"\1", line)
    elif (where := _find_flow_style(document, change)) is not None:
        raise ConfigError(
            f"{file}: {where} is written as {{…}}, which can not be edited line by line.",
            {"where": where, "change": str(change)},
            hint=f"Write it over several lines, or add by hand: {change}.",
        )
    entry = actions.get(change.action)
    if entry is None:
        indent = _indent_of_children(actions, default=2)
        name, value = _as_scalar(change.action), _as_scalar(change.new)
        block = f"{' ' * indent}{name}:{newline}{' ' * (2 * indent)}{change.key}: {value}{newline}"
        return _insert(lines, _end_of(document, lines, ("actions",)), block, newline)
    if change.key in entry.lc.data:
        _replace_value(lines, entry, change)
        return "".join(lines)
    indent = _indent_of_children(entry, default=4)
    block = f"{' ' * indent}{change.key}: {_as_scalar(change.new)}{newline}"
    return _insert(lines, _end_of(document, lines, ("actions", change.action)), block, newline)


_EMPTY_ACTIONS = re.compile(r"(actions:)[ \t]*\{[ \t]*\}")
#: A text that YAML reads as itself without quotes, whichever version of YAML: no number, no `on` or `null`.
_SAFE_WORD = re.compile(r"(?!(?i:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][\w./-]*(:[\w./-]+)*")
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""")


def _as_scalar(text: str) -> str:
    return text if _SAFE_WORD.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _find_flow_style(document: Any, change: ConfigChange) -> str | None:
    actions = document["actions"]
    entry = actions.get(change.action)
    nodes = (("the file", document), ("actions", actions), (f"actions.{change.action}", entry))
    return next((name for name, node in nodes if node is not None and node.fa.flow_style()), None)


def _indent_of_children(node: Any, *, default: int) -> int:
    return next((int(mark[1]) for mark in (node.lc.data or {}).values()), default)


def _end_of(document: Any, lines: list[str], path: tuple[str, ...]) -> int:
    """Return the index of the line after the last line that belongs to the mapping at `path`."""
    node, own, limit = document, 0, len(lines)
    for part in path:
        own = node.lc.data[part][0]
        limit = min([limit, *(mark[0] for mark in node.lc.data.values() if mark[0] > own)])
        node = node[part]
    limit = next((index for index in range(own, limit) if lines[index].rstrip() == "..."), limit)
    indent = _indent_of_children(node, default=2)
    while limit > own + 1 and _stands_between(lines[limit - 1], indent):
        limit -= 1
    return limit


def _stands_between(line: str, indent: int) -> bool:
    """Is this an empty line, or a comment that does not belong to what is above it?"""
    content = line.lstrip(" ")
    return not content.strip() or (content.startswith("#") and len(line) - len(content) <= indent)


def _insert(lines: list[str], index: int, block: str, newline: str) -> str:
    if index and not lines[index - 1].endswith(("\n", "\r")):
        lines[index - 1] += newline
    return "".join([*lines[:index], block, *lines[index:]])


def _replace_value(lines: list[str], entry: Any, change: ConfigChange) -> None:
    """Put the new value in place of the old one, in its quotes if it has any; what follows it stays."""
    index, column, value_index, value_column = entry.lc.data[change.key]
    start = lines[index].index(":", column) + 1
    rest = lines[index][start:]
    if rest.strip() and not rest.lstrip().startswith("#"):
        start += len(rest) - len(rest.lstrip(" "))
    elif entry[change.key] is not None:  # on a line of its own
        index, start = value_index, value_column
    else:
        lines[index] = f"{lines[index][:start]} {_as_scalar(change.new)}{rest}"
        return
    before, rest = lines[index][:start], lines[index][start:]
    if quoted := _QUOTED.match(rest):
        quote = rest[0] if _SAFE_WORD.fullmatch(change.new) else ""
        new = f"{quote}{change.new}{quote}" if quote else _as_scalar(change.new)
        lines[index] = f"{before}{new}{rest[quoted.end() :]}"
    elif rest[0] not in "&!|>{[\"'":
        end = len(rest.split(" #", 1)[0].rstrip())
        lines[index] = f"{before}{_as_scalar(change.new)}{rest[end:]}"
