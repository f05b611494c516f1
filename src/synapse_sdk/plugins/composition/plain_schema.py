"""A core schema without its author's functions, so that asking it runs no foreign code.

What the plain schema refuses, the whole one refuses as well: functions that run after a check are left out,
and where one runs before or around it, anything goes.
"""

from __future__ import annotations

from typing import Any

#: Parts of a schema that hold values rather than schemas.
_VALUES = frozenset(
    {"metadata", "serialization", "expected", "members", "default", "config", "cls", "computed_fields"}
)


def without_functions(schema: Any) -> Any:
    """Return a core schema, or a part of one, without functions."""
    if isinstance(schema, list | tuple):
        return type(schema)(without_functions(part) for part in schema)
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if kind == "function-after":
        return without_functions(schema["schema"])
    if kind in ("function-before", "function-wrap", "function-plain"):
        return {"type": "any"}
    plain = {
        key: part if key in _VALUES else without_functions(part)
        for key, part in schema.items()
        if key not in ("serialization", "post_init")
    }
    if kind == "default" and "default_factory" in plain:
        plain.pop("default_factory")
        plain.pop("default_factory_takes_data", None)
        plain.pop("validate_default", None)
        plain["default"] = None
    if kind == "model":
        plain["custom_init"] = False
    return plain
