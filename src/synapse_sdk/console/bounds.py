"""Bounds that a params schema sets: what a browser would hold a field to, and the values inside JSON too.

Types are the server's business, which knows what an author's model takes for a number. Patterns are left to
the worker: somebody else's pattern can keep a matcher busy for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synapse_sdk.console.texts import Texts

_DEPTH_MAX = 8


def find_misfit(value: Any, schema: Any, root: Mapping[str, Any], t: Texts) -> str | None:
    """Return what of a value lies outside its schema's bounds, None where all fits or nothing is known.

    Args:
        value: The value, as JSON has it.
        schema: Its JSON Schema.
        root: The document that `$ref`s point into.
        t: Texts of the reader's language.
    """
    return next(_iter_misfits(value, schema, root, t, "", 0), None)


def _iter_misfits(
    value: Any, schema: Any, root: Mapping[str, Any], t: Texts, place: str, depth: int
) -> Iterator[str]:
    schema = _follow(schema, root)
    if depth > _DEPTH_MAX or value is None:
        return
    for said in _iter_own(value, schema, t):
        yield f"{place.removeprefix('.')}: {said}" if place else said
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _iter_misfits(item, schema.get("items"), root, t, f"{place}[{index}]", depth + 1)
    elif isinstance(value, Mapping):
        fields, others = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, item in value.items():
            inner = fields.get(name, others)
            yield from _iter_misfits(item, inner, root, t, f"{place}.{name}", depth + 1)


def _follow(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references, and take `X or null` for X. Of real alternatives nothing is asked."""
    for _ in range(_DEPTH_MAX):
        if not isinstance(schema, Mapping):
            return {}
        options = [item for word in ("anyOf", "oneOf", "allOf") for item in schema.get(word) or ()]
        options = [item for item in options if item != {"type": "null"}]
        if isinstance(reference := schema.get("$ref"), str):
            schema = (root.get("$defs") or {}).get(reference.removeprefix("#/$defs/"))
        elif len(options) == 1:
            schema = options[0]
        else:
            return {} if options else schema
    return {}


def _iter_own(value: Any, schema: Mapping[str, Any], t: Texts) -> Iterator[str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from _iter_numbers(value, schema, t)
    elif isinstance(value, str):
        yield from _iter_texts(value, schema, t)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield t("form.too_few", bound=schema["minItems"])
        if len(value) > schema.get("maxItems", len(value)):
            yield t("form.too_many", bound=schema["maxItems"])


def _iter_numbers(value: float, schema: Mapping[str, Any], t: Texts) -> Iterator[str]:
    if value < schema.get("minimum", value):
        yield t("form.at_least", bound=schema["minimum"])
    if value > schema.get("maximum", value):
        yield t("form.at_most", bound=schema["maximum"])
    if (bound := schema.get("exclusiveMinimum")) is not None and value <= bound:
        yield t("form.more_than", bound=bound)
    if (bound := schema.get("exclusiveMaximum")) is not None and value >= bound:
        yield t("form.less_than", bound=bound)


def _iter_texts(value: str, schema: Mapping[str, Any], t: Texts) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield t("form.too_short", bound=schema["minLength"])
    if len(value) > schema.get("maxLength", len(value)):
        yield t("form.too_long", bound=schema["maxLength"])
