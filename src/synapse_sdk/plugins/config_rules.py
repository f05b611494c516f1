"""The rules of config.yaml's values, in plain Python: what fits them all needs no model to be told so.

Source: plugin guide, "Configure config.yaml".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from synapse_sdk.plugins.enums import (
    AnnotationCategory,
    AnnotationType,
    DataType,
    PackageManager,
    PluginCategory,
    RunMethod,
    SmartToolType,
)

# Plain text methods instead of regular expressions: compiling those costs a start more than all else here.


_LETTERS_AND_DIGITS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_CODE_CHARACTERS = _LETTERS_AND_DIGITS | {"-", "_"}
_LABEL_CHARACTERS = _LETTERS_AND_DIGITS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ-")


def check_code(code: str) -> str:
    """Return a plugin's code, or raise ValueError with what is allowed."""
    is_code = code and _CODE_CHARACTERS.issuperset(code) and {code[0], code[-1]} <= _LETTERS_AND_DIGITS
    if not is_code:
        raise ValueError("lowercase letters, digits and hyphens inside, such as yolov8 or my-plugin")
    return code


def check_version(version: str) -> str:
    """Return a version, or raise ValueError with what is allowed."""
    if not is_semantic_version(version):
        raise ValueError("a semantic version X.Y.Z, such as 0.1.0")
    return version


def is_semantic_version(text: str) -> bool:
    """Is `text` X.Y.Z, with an optional `-pre.release` and `+build`?

    Source: semver.org 2.0.0, "Backus-Naur Form Grammar".
    """
    rest, has_build, build = text.partition("+")
    core, has_pre, pre = rest.partition("-")
    numbers = core.split(".")
    if len(numbers) != 3 or not all(_is_number(number) for number in numbers):
        return False
    labels = [*(pre.split(".") if has_pre else ()), *(build.split(".") if has_build else ())]
    if not all(label and _LABEL_CHARACTERS.issuperset(label) for label in labels):
        return False
    return not has_pre or all(_is_number(label) for label in pre.split(".") if label.isdigit())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")


def check_entrypoint(entrypoint: str) -> str:
    """Return an entrypoint, or raise ValueError with what is allowed."""
    module, _, name = entrypoint.partition(":") if ":" in entrypoint else entrypoint.rpartition(".")
    if not (name.isidentifier() and module and all(part.isidentifier() for part in module.split("."))):
        raise ValueError("module.path:ClassName, such as plugin.train:TrainAction")
    return entrypoint


def check_name(name: str) -> str:
    """Return a name, or raise ValueError with what is allowed."""
    if not name.strip():
        raise ValueError("a text that is not empty")
    return name


def is_plain(document: Mapping[str, Any]) -> bool:
    """Does a config hold ordinary values under the usual keys, and nothing else?

    Then it fits its model without a warning, and what it says can be told before pydantic is imported, which
    takes longer than all else. False says nothing: the model decides.
    """
    if not document.keys() >= _REQUIRED or not _fits(document, _TOP_RULES):
        return False
    actions = document["actions"]
    return isinstance(actions, dict) and all(
        isinstance(name, str)
        and isinstance(entry, dict)
        and "entrypoint" in entry
        and _fits(entry, _ACTION_RULES)
        for name, entry in actions.items()
    )


def _fits(values: Mapping[str, Any], rules: Mapping[str, Callable[[Any], bool]]) -> bool:
    return all(key in rules and rules[key](value) for key, value in values.items())


def _passes(check: Callable[[str], str]) -> Callable[[Any], bool]:
    def passes(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            check(value)
        except ValueError:
            return False
        return True

    return passes


def _is_one_of(words: type[StrEnum]) -> Callable[[Any], bool]:
    values = frozenset(map(str, words))
    return lambda value: isinstance(value, str) and value in values


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_of(words: type[StrEnum]) -> Callable[[Any], bool]:
    is_one = _is_one_of(words)
    return lambda value: isinstance(value, list) and all(is_one(item) for item in value)


def _is_requires(value: Any) -> bool:
    return isinstance(value, dict) and all(
        key in ("sdk", "python", "cuda") and isinstance(item, str) for key, item in value.items()
    )


def _is_env(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str)
        and name.isidentifier()
        and isinstance(item, str | int)
        and "\0" not in str(item)
        for name, item in value.items()
    )


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_REQUIRED = frozenset({"name", "code", "version", "category", "actions"})
_TOP_RULES: dict[str, Callable[[Any], bool]] = {
    "name": _passes(check_name),
    "code": _passes(check_code),
    "version": _passes(check_version),
    "category": _is_one_of(PluginCategory),
    "actions": lambda value: isinstance(value, dict),
    "description": _is_text,
    "readme": _is_text,
    "variant": _is_text,
    "wheels_dir": _is_text,
    "package_manager": _is_one_of(PackageManager),
    "package_manager_options": _is_texts,
    "env": _is_env,
    "requires": _is_requires,
    "data_type": _is_one_of(DataType),
    "supported_data_types": _are_of(DataType),
    "annotation_category": _is_one_of(AnnotationCategory),
    "annotation_type": _is_one_of(AnnotationType),
    "smart_tool": _is_one_of(SmartToolType),
    "tags": _is_texts,
    "tasks": _is_texts,
}
_ACTION_RULES: dict[str, Callable[[Any], bool]] = {
    "entrypoint": _passes(check_entrypoint),
    "method": _is_one_of(RunMethod),
    "description": _is_text,
    "input_type": lambda value: value is None or isinstance(value, str),
    "output_type": lambda value: value is None or isinstance(value, str),
}
