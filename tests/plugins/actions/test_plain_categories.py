"""Categories without a class of their own: the plain classes and functions that their plugins are made of."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.scripts import write_files

from synapse_sdk.plugins.runner import run_plugin

_numbers = itertools.count()

PRE_ANNOTATOR = """\
class PreAnnotator:
    def pre_annotate(self, data: dict) -> dict:
        return {"seen": data}
"""
POST_ANNOTATOR = """\
class PostAnnotator:
    def run(self, data: dict) -> dict:
        return {"processed": True}
"""
VALIDATOR = """\
class Validator:
    def __init__(self, strict_mode: bool = False):
        self.strict_mode = strict_mode

    def validate(self, data: dict) -> dict:
        return {"valid": bool(data) or not self.strict_mode}
"""
FUNCTION = """\
def run(**kwargs):
    return {"success": True, "given": kwargs}
"""
EXPORTER = """\
from synapse_sdk.plugins.actions.export import BaseExporter

class Exporter(BaseExporter):
    pass
"""
EXPORT = {"name": "a", "storage": 1, "path": "b", "target": "task", "filter": {"project": 1}}

#: Category → action, source, entrypoint's name, params, result; None for one that is rehearsed.
CASES: dict[str, tuple[str, str, str, dict[str, Any], dict[str, Any] | None]] = {
    "pre_annotation": ("pre_annotate", PRE_ANNOTATOR, "PreAnnotator", {"data": {"a": 1}}, {"seen": {"a": 1}}),
    "post_annotation": ("post_annotate", POST_ANNOTATOR, "PostAnnotator", {"data": {}}, {"processed": True}),
    "data_validation": (
        "validate", VALIDATOR, "Validator", {"data": {}, "strict_mode": True}, {"valid": False},
    ),
    "custom": ("main", FUNCTION, "run", {"x": 1}, {"success": True, "given": {"x": 1}}),
    "export": ("export", EXPORTER, "Exporter", EXPORT, None),
}  # fmt: skip


@pytest.mark.parametrize("category", list(CASES))
def test_a_plugin_of_the_vendors_kind_runs_here(category: str, tmp_path: Path):
    """Its entrypoint is written with dots, and names what is no action."""
    action, source, name, params, expected = CASES[category]
    package = f"plugin_of_test_plain_{next(_numbers)}"
    config = (
        f"name: Plain\ncode: plain\nversion: 0.1.0\ncategory: {category}\n"
        f"actions:\n  {action}:\n    entrypoint: {package}.{action}.{name}\n    method: task\n"
    )
    folder = write_files(
        tmp_path, {"config.yaml": config, f"{package}/__init__.py": "", f"{package}/{action}.py": source}
    )

    result: Any = run_plugin(folder, action, params, sinks=[], rehearse=expected is None)

    if expected is None:
        assert (result["exported_count"], result["failed_count"]) == (3, 0)
    else:
        assert result == expected
