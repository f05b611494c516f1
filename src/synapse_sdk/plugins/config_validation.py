"""A parsed config against its model: every problem in our words, at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pydantic

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.plugins.config import ActionConfig, PluginConfig, PluginRequires
from synapse_sdk.plugins.config_problem import ConfigProblem, Place, kind_of, refuse, show

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap


class ValidatedConfig(NamedTuple):
    """A config whose every problem is one of a single action."""

    config: PluginConfig
    #: By action that can not be used: why. The config does not have it.
    unusable: dict[str, tuple[ConfigProblem, ...]]


def validate_config(
    document: CommentedMap, plain: Mapping[str, Any], *, text: str, file: str
) -> ValidatedConfig:
    """Check a config, and set aside the actions that do not fit: entries of another platform, say.

    Args:
        document: The config as it was parsed, which knows its places.
        plain: The same in plain values.
        text: The file's text.
        file: Its name, for messages.

    Raises:
        ConfigError: It does not fit, or none of its actions does.
    """
    problems: list[ConfigProblem] = []
    unusable: dict[str, tuple[ConfigProblem, ...]] = {}
    try:
        return ValidatedConfig(PluginConfig.model_validate(with_action_names(plain)), {})
    except pydantic.ValidationError as error:
        for item in error.errors():
            problem = _explain(item, document, text, file)
            if (action := _name_action(item, plain)) is not None:
                unusable[action] = (*unusable.get(action, ()), problem)
            else:
                problems.append(problem)
        if problems or unusable.keys() == plain["actions"].keys():
            # A misspelt key is often why another one is missing.
            told = (problem for found in unusable.values() for problem in found)
            raise refuse(file, [*problems, *told, *find_unknown_keys(document, file)]) from error
    usable = {name: entry for name, entry in plain["actions"].items() if name not in unusable}
    rest = with_action_names({**plain, "actions": usable})
    return ValidatedConfig(PluginConfig.model_validate(rest), unusable)


def _name_action(item: Any, plain: Mapping[str, Any]) -> str | None:
    """Return the action that a problem is about, if it is about nothing else."""
    match tuple(item["loc"]):
        case ("actions", name, *rest) if isinstance(name, str) and "[key]" not in rest:
            return name if name in plain["actions"] else None
    return None


def with_action_names(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Tell each action its name, as its model wants it."""
    actions = document.get("actions")
    if not isinstance(actions, dict):
        return document
    named = {
        key: {"name": str(key), **value} if isinstance(value, dict) else value
        for key, value in actions.items()
    }
    return {**document, "actions": named}


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
    found = show(item["input"]) if exists else ""
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
            f'{name}: {quoted} is a {kind_of(item["input"])}, not a text; put it in quotes: "{quoted}"{more}',
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
    if wanted is None:
        return ConfigProblem(file, place, f"{name}: {found}: {item['msg']}")
    if item["input"] is None:
        return ConfigProblem(file, place, f"{name}: nothing stands here; it must be {wanted}")
    return ConfigProblem(file, place, f"{name}: {found} is not {wanted}")


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


def find_unknown_keys(document: Any, file: str) -> Iterator[ConfigProblem]:
    """Yield what the model does not know, with its place; it is kept, and has no effect."""
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
