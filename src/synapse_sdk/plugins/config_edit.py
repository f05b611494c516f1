"""Values into config.yaml, line by line: all other lines stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from synapse_sdk.plugins.config_file import parse_config, to_plain, write_document
from synapse_sdk.plugins.errors import ConfigError

#: Stands for the new value of a key that goes.
REMOVED = object()


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One value that the file does not have yet."""

    action: str
    key: str
    old: Any
    #: A value as YAML holds it, or `REMOVED`.
    new: Any

    def __str__(self) -> str:
        if self.new is REMOVED:
            return f"{self.action}.{self.key}: removed"
        if isinstance(self.old, (list, dict)) or isinstance(self.new, (list, dict)):
            return f"{self.action}.{self.key}: {'added' if self.old is None else 'changed'}"
        if self.key == "entrypoint" and self.old is None:
            return f"{self.action}: new action at {self.new}"
        old = "" if self.old is None else f" (was {self.old})"
        return f"{self.action}.{self.key}: {self.new}{old}"


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
    entry = expected["actions"].setdefault(change.action, {})
    if change.new is REMOVED:
        del entry[change.key]
    else:
        entry[change.key] = change.new
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
        name, value = _as_scalar(change.action), _as_block(change, 2 * indent, newline)
        block = f"{' ' * indent}{name}:{newline}{value}"
        return _insert(lines, _end_of(document, lines, ("actions",)), block, newline)
    indent = _indent_of_children(entry, default=4)
    if change.key in entry.lc.data:
        if isinstance(change.new, str) and isinstance(entry[change.key], str | None):
            _replace_value(lines, entry, change)
            return "".join(lines)
        first, end = entry.lc.data[change.key][0], _end_of_value(document, lines, change)
        new = "" if change.new is REMOVED else _as_block(change, indent, newline)
        return "".join([*lines[:first], new, *lines[end:]])
    block = _as_block(change, indent, newline)
    return _insert(lines, _end_of(document, lines, ("actions", change.action)), block, newline)


_EMPTY_ACTIONS = re.compile(r"(actions:)[ \t]*\{[ \t]*\}")
#: A text that YAML reads as itself without quotes, whichever version of YAML: no number, no `on` or `null`.
_SAFE_WORD = re.compile(r"(?!(?i:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][\w./-]*(:[\w./-]+)*")
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""")


def _as_scalar(text: str) -> str:
    return text if _SAFE_WORD.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _as_block(change: ConfigChange, indent: int, newline: str) -> str:
    """Return the lines of a key and its value."""
    if isinstance(change.new, str):
        text = f"{_as_scalar(change.key)}: {_as_scalar(change.new)}\n"
    else:
        text = write_document({change.key: change.new})
    lines = [f"{' ' * indent}{line}" if line else "" for line in text.splitlines()]
    return "".join(line + newline for line in lines)


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


def _end_of_value(document: Any, lines: list[str], change: ConfigChange) -> int:
    """Return the index of the line after the last one of a key's value."""
    node, limit = document, len(lines)
    own = document["actions"][change.action].lc.data[change.key][0]
    for part in ("actions", change.action, change.key):
        limit = min([limit, *(mark[0] for mark in node.lc.data.values() if mark[0] > own)])
        indent, node = node.lc.data[part][1], node[part]
    limit = next((index for index in range(own, limit) if lines[index].rstrip() == "..."), limit)
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
