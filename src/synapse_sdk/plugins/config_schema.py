"""JSON Schema of config.yaml, for editors: `python -m synapse_sdk.plugins.config_schema` prints it.

What editors can not know (whether an entrypoint is there, say) is `synapse plugin check`'s to tell.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.config import PluginConfig

#: Ships with the package; a test compares it with `build_config_schema()`.
CONFIG_SCHEMA_FILE = Path(__file__).with_name("config.schema.json")

_CODE = r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$"
# semver.org 2.0.0 gives the grammar.
_NUMBER = r"(0|[1-9][0-9]*)"
_PRE = rf"({_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PRE}(\.{_PRE})*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$"
#: Letters of any language are letters of Python's names; an editor's patterns know no such class.
_NAME = r"[^\s.:0-9][^\s.:]*"
_ENTRYPOINT = rf"^{_NAME}(\.{_NAME})*[.:]{_NAME}$"
#: Another name → the field that it means.
_SECOND_NAMES = {"supported_data_type": "supported_data_types", "smart_tool_type": "smart_tool"}
#: Fields that may stand there without a value.
_MAY_BE_EMPTY = ("env", "runtime_env", "dependencies")


def build_config_schema() -> dict[str, Any]:
    """Return the schema, as `PluginConfig` and its checks have it. An unknown key does not fit."""
    schema = PluginConfig.model_json_schema()
    fields, action = schema["properties"], schema["$defs"]["ActionConfig"]
    for model in (schema, action):
        model["additionalProperties"] = False
    fields["name"]["pattern"] = r"\S"
    fields["code"]["pattern"] = _CODE
    fields["version"]["pattern"] = _VERSION
    action["properties"]["entrypoint"]["pattern"] = _ENTRYPOINT
    fields["env"]["propertyNames"] = {"pattern": "^[^=]+$"}
    for name in _MAY_BE_EMPTY:
        fields[name]["type"] = ["object", "null"]
    for other, name in _SECOND_NAMES.items():
        fields[other] = fields[name]
    _drop_titles(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "config.yaml of a Synapse plugin",
        "description": "What a plugin is, and its actions.",
    }


def _drop_titles(schema: dict[str, Any]) -> None:
    """Leave out titles that only repeat the field's name."""
    for fields in (
        schema["properties"],
        *(model.get("properties", {}) for model in schema["$defs"].values()),
    ):
        for field in fields.values():
            field.pop("title", None)


if __name__ == "__main__":
    print(json.dumps(build_config_schema(), indent=2, ensure_ascii=False))  # noqa: T201 - it is asked for
