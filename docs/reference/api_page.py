"""The page of the server's API, from its OpenAPI document."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_INTRODUCTION = """# The server's API

What the commands, the console and agents use. Paths are at the root of the server's address and end with a
slash; bodies and answers are JSON unless another media type is named. A running server has the same as
`/openapi.json`.

- **Token.** The header `Synapse-Access-Token: Token …`, or `Authorization: Bearer …`. What it may do:
  [roles](../guide/tokens.md#roles).
- **Refusals** are `application/problem+json`: `type`, `title`, `status`, `detail` (one sentence), and where
  there are any `errors` (a list of `loc`, `msg`, `type`, `input`) and `hint`. 400 it does not fit, 401
  no good token, 403 not allowed, 404 not there, 409 contradicts what is there, 413 too large, 503 not now.
- **Lists** are pages, `results` with the address of the `next` one, or `null`. `limit` is the size of a page.
- **Idempotency-Key**: the same key with the same body gets the first answer again; with another body 409.
- `?url_host=` is accepted everywhere and has no effect.
- Moments are UTC, `2026-12-01T09:30:00.000000Z`; digests `sha256:` and 64 hex digits; sizes bytes.
"""
#: What the groups of endpoints are about, in the order in which people meet them.
_GROUPS = {
    "server": "The server itself",
    "accounts": "Who is asking, tokens, what was refused",
    "plugins": "Plugins",
    "releases": "Releases of plugins",
    "blobs": "Contents, by digest, before what names them",
    "datasets": "Datasets and their versions",
    "models": "Models",
    "jobs": "Jobs, their events, metrics, logs and outputs",
    "agents": "For agents",
    "files": "Files and storages, as the vendor's clients send them",
    "vendor": "Other calls of the vendor's clients",
}
_WORDS = {
    "integer": "integer",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}


def read_openapi() -> dict[str, Any]:
    """Return the OpenAPI document of a server with nothing in it."""
    from synapse_sdk.server.app import create_app, open_services
    from synapse_sdk.server.data_folder import DataFolder

    with tempfile.TemporaryDirectory() as folder:
        services = open_services(DataFolder(Path(folder) / "data"))
        try:
            return create_app(services).openapi()
        finally:
            services.database.close()


def build_api_page(document: Mapping[str, Any]) -> str:
    """Return the page of every endpoint.

    Raises:
        KeyError: An endpoint belongs to no group that the page knows.
    """
    groups: dict[str, list[tuple[str, Mapping[str, Any]]]] = {name: [] for name in _GROUPS}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append((f"{method.upper()} {path}", operation))
    parts = [_INTRODUCTION, "| endpoint | what it does |\n| --- | --- |"]
    parts += [
        f"| `{name}` | {_escape(_first_line(operation))} |"
        for operations in groups.values()
        for name, operation in operations
    ]
    for group, operations in groups.items():
        parts.append(f"\n## {_GROUPS[group]}\n")
        parts += [_describe(name, operation, document) for name, operation in operations]
    return "\n".join(parts).rstrip() + "\n"


def _describe(name: str, operation: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    lines = [f"### {name}\n", f"{operation.get('description', '').strip()}\n"]
    if params := operation.get("parameters"):
        lines.append("| parameter | in | value | what it is |\n| --- | --- | --- | --- |")
        lines += [_describe_param(param, document) for param in params]
        lines.append("")
    for media, content in (operation.get("requestBody") or {}).get("content", {}).items():
        lines += _describe_body(media, content.get("schema", {}), document)
    return "\n".join(lines)


def _describe_param(param: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    cells = (
        f"`{param['name']}`",
        param["in"],
        _kind(param["schema"], document, is_required=param.get("required", False)),
        _escape(param.get("description", "")),
    )
    return "| " + " | ".join(cells) + " |"


def _describe_body(media: str, schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    schema = _follow(schema, document)
    fields = schema.get("properties", {})
    if not fields:
        yield f"Body: `{media}`.\n"
        return
    yield f"Body, `{media}`:\n"
    yield "| field | value | what it is |\n| --- | --- | --- |"
    for name, field in fields.items():
        kind = _kind(field, document, is_required=name in schema.get("required", ()))
        yield f"| `{name}` | {kind} | {_escape(field.get('description', ''))} |"
    yield ""


def _kind(schema: Mapping[str, Any], document: Mapping[str, Any], *, is_required: bool) -> str:
    if is_required:
        return f"{_name_kind(schema, document)}; required"
    default = schema.get("default")
    shown = "" if default in (None, {}, []) else f"; `{json.dumps(default)}`"
    return _name_kind(schema, document) + shown


def _name_kind(schema: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    schema = _follow(schema, document)
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        named = dict.fromkeys(_name_kind(item, document) for item in alternatives)
        return " or ".join(name for name in named if name != "null") or "null"
    if words := schema.get("enum"):
        return ", ".join(f"`{word}`" for word in words)
    if schema.get("type") == "array":
        return f"list of {_name_kind(schema.get('items', {}), document)}"
    if fields := schema.get("properties"):
        return f"object: {', '.join(f'`{name}`' for name in fields)}"
    if schema.get("type") == "object":
        return "object"
    return _WORDS.get(str(schema.get("type")), "any") + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "binary":
        return " (bytes)"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    return "" if low is None else f", {low:g} or more"


def _follow(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    while reference := schema.get("$ref"):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part, {})
        schema = found
    return schema


def _first_line(operation: Mapping[str, Any]) -> str:
    lines = operation.get("description", "").strip().splitlines()
    return lines[0] if lines else ""


def _escape(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "\\<").split())
