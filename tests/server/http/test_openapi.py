"""What the server says of itself."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator


@pytest.fixture
def document(server):
    return httpx.get(f"{server.url}/openapi.json").json()


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_reference_leads_somewhere(document):
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))

    assert len(references) > 30
    assert [reference for reference in sorted(references) if _find(document, reference) is None] == []
    assert '"$defs"' not in json.dumps(document)


def test_every_operation_tells_its_refusals_and_wants_a_token(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert {"4XX", "503"} <= operation["responses"].keys(), f"{method} {path}"
            assert "422" not in operation["responses"], f"{method} {path}"
            assert operation["security"] == ([] if path == "/health/" else [{"token": []}])


def _find(document, reference):
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if node else None
    return node
