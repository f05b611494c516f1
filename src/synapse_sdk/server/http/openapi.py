"""The server's own description: FastAPI's OpenAPI document, told as this server really answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from synapse_sdk.server.http.auth import TOKEN_HEADERS
from synapse_sdk.server.http.errors import PROBLEM_JSON

#: Where schemas that belong to a route of its own making refer to, for `model_json_schema(ref_template=…)`.
REF_TEMPLATE = "#/components/schemas/{model}"

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457, with the facts of the refusal beside its fields.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence."},
        "hint": {"type": "string", "description": "What to do about it."},
        "errors": {
            "type": "array",
            "description": "Each field that does not fit.",
            "items": {"type": "object", "required": ["loc", "msg", "type"]},
        },
    },
}
_REFUSED = {
    "description": "Refused; nothing was changed.",
    "content": {PROBLEM_JSON: {"schema": {"$ref": REF_TEMPLATE.format(model="Problem")}}},
}
_NOT_NOW = {**_REFUSED, "description": "Not now: no room, or shutting down. Worth a retry."}
#: What FastAPI says of errors; ours are problem documents.
_NOT_OURS = ("HTTPValidationError", "ValidationError")
_SCHEME = "token"


def install_openapi(app: FastAPI) -> None:
    """Have `app` describe itself, refusals and tokens included. The document is made once, when asked for."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _build(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _build(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _NOT_OURS:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for schema in _iter_own_schemas(document["paths"]):
        schemas.update(schema.pop("$defs", {}))
    components["securitySchemes"] = {
        _SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": TOKEN_HEADERS[1],
            "description": "`Token …`; what it may do depends on its role and kind.",
        }
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _describe_refusals(operation["responses"])
            operation["security"] = [] if path == "/health/" else [{_SCHEME: []}]
    return document


def _describe_refusals(responses: dict[str, Any]) -> None:
    for status in [name for name in responses if name.startswith("4")]:
        del responses[status]  # with FastAPI's 422: a value that does not fit is a 400 here
    responses["4XX"] = _REFUSED
    responses["503"] = _NOT_NOW


def _iter_own_schemas(paths: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas of bodies; those that a route wrote itself bring their definitions along."""
    for operations in paths.values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield content.get("schema", {})
