"""config.yaml from disk: found, read, checked, each problem with its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pydantic

from synapse_sdk._internal.closest import find_closest
from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.plugins.config import ActionConfig, PluginConfig, PluginRequires
from synapse_sdk.plugins.errors import ConfigError, ConfigNotFoundError

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

#: Names of a config file, the first that is there counts.
CONFIG_NAMES = ("config.yaml", "synapse.yaml")
#: A config file is written by hand; what is larger is something else.
SIZE_LIMIT_BYTES = 1024 * 1024
#: Aliases can make a small file enormous. Counted after they are followed.
NODE_LIMIT = 100_000


class Place(NamedTuple):
    """Where in a file; both count from 1."""

    line: int
    column: int


class ConfigProblem(NamedTuple):
    """Something about one place of a config file."""

    file: str
    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.place.line}:{self.place.column}: {self.text}"


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A valid config file."""

    path: Path
    config: PluginConfig
    warnings: tuple[ConfigProblem, ...]

    @property
    def folder(self) -> Path:
        """The plugin's folder."""
        return self.path.parent


def write_document(document: dict[str, Any]) -> str:
    """Return a document as YAML, in the order of its keys."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def find_config(path: Path) -> Path:
    """Return the config file at `path`: the file itself, or the one in the folder.

    Raises:
        ConfigNotFoundError: There is none; the message begins "Config file not found".
    """
    path = path.absolute()
    if path.is_file():
        return path
    candidates = [path / name for name in CONFIG_NAMES] if path.is_dir() or not path.suffix else [path]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ConfigNotFoundError.at(candidates)


def load_config(path: Path) -> LoadedConfig:
    """Read and check the config file at `path`, a file or a plugin folder.

    Raises:
        ConfigNotFoundError: There is none.
        ConfigError: It is not YAML, or does not fit; the message has every problem with line and column.
    """
    file = find_config(path)
    text = _read(file)
    document = parse_config(text, file=file.name)
    try:
        config = PluginConfig.model_validate(_with_action_names(to_plain(document, file.name)))
    except pydantic.ValidationError as error:
        problems = [_explain(item, document, text, file.name) for item in error.errors()]
        # A misspelt key is often why another one is missing.
        raise _refuse(file.name, [*problems, *_find_unknown_keys(document, file.name)]) from error
    return LoadedConfig(file, config, tuple(_find_unknown_keys(document, file.name)))


def parse_config(text: str, *, file: str = "config.yaml") -> CommentedMap:
    """Parse YAML into a mapping that knows its comments and places.

    Raises:
        ConfigError: It is not YAML, or not a mapping.
    """
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.composer.warn_double_anchors = False  # allowed by YAML; a Python warning helps nobody
    try:
        document = yaml.load(StringIO(text))
    except RecursionError as error:
        raise _refuse(file, [ConfigProblem(file, Place(1, 1), "it is nested too deeply")]) from error
    except Exception as error:  # border of the parser, which lets errors of its own helpers through
        raise _refuse(file, [_explain_yaml(error, text, file)]) from error
    from ruamel.yaml.comments import CommentedMap

    if not isinstance(document, CommentedMap):
        found = "nothing" if document is None else f"a {_kind(document)}"
        problem = f"the file holds {found}; it must be a mapping that begins with `name:`"
        raise _refuse(file, [ConfigProblem(file, Place(1, 1), problem)])
    return document


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"{file} can not be read: {error.strerror or error}.", {"path": str(file)}
        ) from error
    if len(data) > SIZE_LIMIT_BYTES:
        problem = f"the file is larger than {SIZE_LIMIT_BYTES:,} bytes; that is no plugin's config"
        raise _refuse(file.name, [ConfigProblem(file.name, Place(1, 1), problem)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1)
        problem = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise _refuse(file.name, [ConfigProblem(file.name, place, problem)]) from error


def to_plain(document: Any, file: str) -> Any:
    """Turn a parsed document into plain dicts, lists and scalars, within bounds.

    Raises:
        ConfigError: Aliases make it too large.
    """
    from ruamel.yaml.comments import TaggedScalar
    from ruamel.yaml.scalarbool import ScalarBoolean

    budget = [NODE_LIMIT]

    def convert(node: Any, parents: frozenset[int]) -> Any:
        budget[0] -= 1
        if budget[0] < 0 or id(node) in parents:
            what = "refers to itself" if id(node) in parents else f"has more than {NODE_LIMIT:,} values"
            raise _refuse(file, [ConfigProblem(file, Place(1, 1), f"the file {what} through its aliases")])
        if isinstance(node, dict):
            inner = parents | {id(node)}
            return {key: convert(value, inner) for key, value in node.items()}
        if isinstance(node, list):
            inner = parents | {id(node)}
            return [convert(value, inner) for value in node]
        if isinstance(node, TaggedScalar):
            return node.value
        if isinstance(node, str):
            return str(node)  # quoted scalars are a subclass that remembers its quotes
        if isinstance(node, ScalarBoolean):
            return bool(node)
        if isinstance(node, int | float) and not isinstance(node, bool):
            return int(node) if isinstance(node, int) else float(node)
        return node

    return convert(document, frozenset())


def _with_action_names(document: dict[str, Any]) -> dict[str, Any]:
    actions = document.get("actions")
    if not isinstance(actions, dict):
        return document
    named = {
        key: {"name": str(key), **value} if isinstance(value, dict) else value
        for key, value in actions.items()
    }
    return {**document, "actions": named}


def _refuse(file: str, problems: Sequence[ConfigProblem]) -> ConfigError:
    ordered = sorted(problems, key=lambda problem: problem.place)
    lines = [str(problem) for problem in ordered]
    message = lines[0] if len(lines) == 1 else f"{file} has {len(lines)} problems:\n  " + "\n  ".join(lines)
    return ConfigError(
        message,
        {
            "problems": [
                {
                    "file": item.file,
                    "line": item.place.line,
                    "column": item.place.column,
                    "problem": item.text,
                }
                for item in ordered
            ]
        },
    )


def _explain_yaml(error: Any, text: str, file: str) -> ConfigProblem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = getattr(error, "position", None)  # of a character that YAML does not allow
    if mark:
        place = Place(mark.line + 1, mark.column + 1)
    elif isinstance(at, int):
        place = Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    else:
        place = Place(1, 1)
    what = getattr(error, "problem", None) or next(iter(str(error).splitlines()), type(error).__name__)
    return ConfigProblem(file, place, f"this is not YAML: {what}")


def _explain(item: Any, document: CommentedMap, text: str, file: str) -> ConfigProblem:
    """Say one of pydantic's problems in our words, at its place in the file."""
    path, kind = tuple(item["loc"]), item["type"]
    if kind == "invalid_key" or (path[-1] == "[key]" and kind == "string_type"):
        return _explain_key([part for part in path if part != "[key]"], item["input"], document, file)
    is_about_key = path[-1] == "[key]"
    # Pydantic names which member of a union it tried; the file has no such key.
    path = tuple(part for part in path if part != "[key]" and not str(part).startswith("function-"))
    place, exists = _locate(document, path)
    if is_about_key:
        parent = document
        for part in path[:-1]:
            parent = parent[part]
        place = _place_of_key(parent, path[-1]) or place
    name = ".".join(map(str, path))
    if kind == "missing":
        return ConfigProblem(file, place, f"{name} is missing; {_allowed(path)}")
    found = _show(item["input"]) if exists else ""
    context = item.get("ctx", {})
    if kind == "enum":
        allowed = "one of " + ", ".join(
            str(word) for word in str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        )
        close = find_closest(str(item["input"]), allowed.removeprefix("one of ").split(", "))
        return ConfigProblem(
            file, place, f"{name}: {found} is not {allowed}" + (f"; did you mean {close}?" if close else "")
        )
    if kind == "string_type" and isinstance(item["input"], int | float):
        quoted = _as_written(text, place, item["input"])
        more = "" if name != "version" or quoted.count(".") == 2 else ', and write X.Y.Z, such as "0.1.0"'
        return ConfigProblem(
            file,
            place,
            f'{name}: {quoted} is a {_kind(item["input"])}, not a text; put it in quotes: "{quoted}"{more}',
        )
    if kind == "value_error":
        return ConfigProblem(file, place, f"{name}: {found} is not {context['error']}")
    wanted = {
        "string_type": "a text",
        "dict_type": "a mapping",
        "model_type": "a mapping",
        "list_type": "a list",
        "bool_type": "true or false",
        "int_type": "a whole number",
    }.get(kind)
    return ConfigProblem(
        file, place, f"{name}: {found} is not {wanted}" if wanted else f"{name}: {found}: {item['msg']}"
    )


def _explain_key(path: Sequence[Any], key: Any, document: CommentedMap, file: str) -> ConfigProblem:
    node: Any = document
    place = Place(1, 1)
    for part in path[:-1]:
        place = _place_of_key(node, part) or place
        node = node[part]
    place = _place_of_key(node, key) or place
    where = "".join(f"{part}." for part in path[:-1])
    return ConfigProblem(file, place, f'{where}{key}: a key must be a text; put it in quotes: "{key}"')


def _allowed(path: tuple[Any, ...]) -> str:
    model: type[pydantic.BaseModel] = PluginConfig if len(path) == 1 else ActionConfig
    field = model.model_fields.get(str(path[-1]))
    text = (field.description if field else None) or "it is required"
    return text[0].lower() + text[1:].rstrip(".")


def _locate(document: Any, path: tuple[Any, ...]) -> tuple[Place, bool]:
    """Return the place of the value at `path`, or of the nearest thing above it that has one."""
    place, node = Place(1, 1), document
    for part in path:
        if not _has(node, part):
            return place, False
        place = _place_of_value(node, part) or place
        node = node[part]
    return place, True


def _place_of_value(node: Any, part: Any) -> Place | None:
    if isinstance(node, dict) and node[part] is None:
        return _place_of_key(node, part)  # the parser gives nothing the place of what follows it
    # A key that was merged in from an anchor has no place of its own.
    mark = node.lc.data.get(part) if hasattr(node, "lc") and node.lc.data else None
    return None if mark is None else Place(mark[-2] + 1, mark[-1] + 1)


def _place_of_key(node: Any, key: Any) -> Place | None:
    mark = node.lc.data.get(key) if hasattr(node, "lc") and node.lc.data else None
    return None if mark is None else Place(mark[0] + 1, mark[1] + 1)


def _has(node: Any, part: Any) -> bool:
    if isinstance(node, dict):
        return part in node
    return isinstance(node, list) and isinstance(part, int) and part < len(node)


def _as_written(text: str, place: Place, value: object) -> str:
    """Return the scalar at `place` as the author wrote it: `0.10`, which as a number would be 0.1."""
    rest = text.splitlines()[place.line - 1][place.column - 1 :]
    rest = re.sub(r"^([&!]\S*\s+)+", "", rest)  # its anchor or tag is not part of it
    return str(value) if rest.startswith("*") else re.split(r"\s|,|\}|\]", rest, maxsplit=1)[0]


def _find_unknown_keys(document: Any, file: str) -> Iterator[ConfigProblem]:
    yield from _unknown_in(document, PluginConfig, "", Place(1, 1), file)
    for name, model in (("requires", PluginRequires), ("actions", None)):
        node, place = document.get(name), _place_of_key(document, name) or Place(1, 1)
        if isinstance(node, dict) and model is not None:
            yield from _unknown_in(node, model, f"{name}.", place, file)
        elif isinstance(node, dict):
            for action, entry in node.items():
                if isinstance(entry, dict):
                    at = _place_of_key(node, action) or place
                    yield from _unknown_in(entry, ActionConfig, f"actions.{action}.", at, file)


def _unknown_in(
    node: Any, model: type[pydantic.BaseModel], prefix: str, above: Place, file: str
) -> Iterator[ConfigProblem]:
    known = set(model.model_fields)
    for field in model.model_fields.values():
        if isinstance(field.validation_alias, pydantic.AliasChoices):
            known |= {str(choice) for choice in field.validation_alias.choices}
    for key in node:
        if key in known or not isinstance(key, str):  # what is no text is refused, not warned about
            continue
        close = find_closest(key, known)
        more = f"; did you mean {close}?" if close else ""
        yield ConfigProblem(
            file,
            _place_of_key(node, key) or above,
            f"unknown key {prefix}{key}{more} (it is kept, and has no effect)",
        )


def _show(value: Any) -> str:
    if isinstance(value, str):
        return shorten(f'"{value}"')
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return f"a {_kind(value)}"
    return shorten(str(value))


def _kind(value: Any) -> str:
    return {
        dict: "mapping",
        list: "list",
        str: "text",
        int: "number",
        float: "number",
        bool: "truth value",
    }.get(
        next((kind for kind in (dict, list, bool, int, float, str) if isinstance(value, kind)), type(value)),
        type(value).__name__,
    )
