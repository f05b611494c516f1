"""What a new plugin must be told, checked: its name, its code, its category."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pydantic

from synapse_sdk._internal.closest import find_closest
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.plugins.config import Code
from synapse_sdk.plugins.enums import PluginCategory

#: Characters. The folder `synapse-<code>-plugin` must fit a file name's 255 bytes with room to spare.
CODE_LENGTH = 100
#: Characters. A name is one line of a list.
NAME_LENGTH = 200
#: A code made from a name is cut here, at a hyphen.
_SUGGESTED_LENGTH = 50
#: Unicode categories of what ends a line, moves the cursor, or is no text at all.
_NOT_ONE_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})


class ScaffoldError(SynapseError):
    """A plugin can not be created as asked; nothing was written."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What decides a new plugin. Made by `build_answers`, so the three fit."""

    name: str
    code: str
    category: PluginCategory

    @property
    def folder_name(self) -> str:
        """Name of the folder that the plugin gets.

        Source: plugin guide, "Plugin Structure".
        """
        return f"synapse-{self.code}-plugin"


def build_answers(name: str, code: str, category: str) -> Answers:
    """Check all three answers together.

    Raises:
        ScaffoldError: Some do not fit; the message names each with what is allowed.
    """
    found = {
        "name": find_name_problem(name),
        "code": find_code_problem(code),
        "category": find_category_problem(category),
    }
    problems = {key: f"{key} {problem}" for key, problem in found.items() if problem is not None}
    if problems:
        listed = list(problems.values())
        many = "" if len(listed) == 1 else "\n  "
        raise ScaffoldError(
            f"The plugin can not be created: {many}{'; '.join(listed) if not many else many.join(listed)}.",
            {"problems": problems},
            hint="Nothing was written. Correct the answers and ask again.",
        )
    return Answers(name.strip(), code, PluginCategory(category))


def find_name_problem(name: str) -> str | None:
    """Say why `name` can not be a plugin's display name; None when it can."""
    if not name.strip():
        return "is empty, and must be a text such as 'YOLOv8 Object Detection'"
    if any(unicodedata.category(character) in _NOT_ONE_LINE for character in name):
        return f"is {shorten(repr(name))}, and must be one line of text without control characters"
    if len(name) > NAME_LENGTH:
        return f"has {len(name)} characters, and must have at most {NAME_LENGTH}"
    return None


def find_code_problem(code: str) -> str | None:
    """Say why `code` can not be a plugin's code; None when it can. The rule itself is config.yaml's."""
    try:
        pydantic.TypeAdapter(Code).validate_python(code)
    except pydantic.ValidationError as error:
        allowed = error.errors()[0]["ctx"]["error"]
        close = suggest_code(code)
        return f"is {shorten(repr(code))}, and must be {allowed}" + (
            f"; the closest is {close}" if close else ""
        )
    if len(code) > CODE_LENGTH:
        return f"has {len(code)} characters, and must have at most {CODE_LENGTH}"
    return None


def find_category_problem(category: str) -> str | None:
    """Say why `category` is none; None when it is one."""
    known = [known.value for known in PluginCategory]
    if category in known:
        return None
    close = find_closest(category.strip().lower().replace("-", "_"), known)
    return f"is {shorten(repr(category))}, and must be one of {', '.join(known)}" + (
        f"; did you mean {close}?" if close else ""
    )


def suggest_code(name: str) -> str | None:
    """Make a code from a name: `YOLOv8 Object Detection` → `yolov8-object-detection`.

    Accents are dropped; what has no Latin letters or digits gives None.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > _SUGGESTED_LENGTH:
        cut = slug[: _SUGGESTED_LENGTH + 1]
        slug = (cut.rpartition("-")[0] or cut[:_SUGGESTED_LENGTH]).strip("-")
    return slug or None
