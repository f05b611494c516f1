"""Templates and answers → the text of every file of a new plugin. Nothing is written here.

A template is a plain file whose name ends in `.tmpl`. Placeholders are those of `string.Template`; a `$` that
stays one is written `$$`. In a path, `__action__` stands for the first action's name.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template

from synapse_sdk._version import __version__
from synapse_sdk.plugins.config_schema import CONFIG_SCHEMA_FILE
from synapse_sdk.scaffold.answers import Answers
from synapse_sdk.scaffold.categories import BLUEPRINTS

TEMPLATES = Path(__file__).parent / "templates"
# The suffix keeps installers from compiling them and tools from taking them for this project's own files.
_SUFFIX = ".tmpl"
_MARKDOWN_MARKS = re.compile(r"([\\`*_\[\]<>&#|~])")


def fill_templates(answers: Answers) -> dict[str, str]:
    """Return the files of a new plugin: path with slashes → text, sorted by path."""
    blueprint = BLUEPRINTS[answers.category]
    values = {
        "name": quote(answers.name),
        "title": escape_markdown(answers.name),
        "code": answers.code,
        "folder": answers.folder_name,
        "category": answers.category.value,
        "category_member": answers.category.name,
        "purpose": blueprint.purpose,
        "platform": f"\n{blueprint.platform_base}" if blueprint.platform_base else "",
        "action": blueprint.action,
        "stem": "".join(word.capitalize() for word in blueprint.action.split("_")),
        "method": blueprint.method.value,
        "sdk_version": __version__,
    }
    files: dict[str, str] = {}
    for layer in blueprint.layers:
        root = TEMPLATES / layer
        for file in root.rglob(f"*{_SUFFIX}"):
            path = file.relative_to(root).as_posix().removesuffix(_SUFFIX)
            template = Template(file.read_text(encoding="utf-8"))
            files[path.replace("__action__", blueprint.action)] = template.substitute(values)
    files[CONFIG_SCHEMA_FILE.name] = CONFIG_SCHEMA_FILE.read_text(encoding="utf-8")
    return dict(sorted(files.items()))


def quote(text: str) -> str:
    """Write `text` in double quotes so that YAML, TOML and Python read the same text back."""
    escaped = json.dumps(text, ensure_ascii=False)
    # JSON leaves some characters bare that YAML or TOML refuse. Above U+FFFF, JSON's own escape would be a
    # surrogate pair, which neither of them joins.
    return "".join(
        character
        if character.isprintable()
        else f"\\u{ord(character):04x}"
        if ord(character) < 0x10000
        else f"\\U{ord(character):08x}"
        for character in escaped
    )


def escape_markdown(text: str) -> str:
    """Write `text` so that Markdown shows it as it is."""
    return _MARKDOWN_MARKS.sub(r"\\\1", text)
