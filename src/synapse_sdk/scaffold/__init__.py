"""`plugin create`: answers → templates filled → a new plugin folder, whole or not at all."""

from __future__ import annotations

from synapse_sdk.scaffold.answers import (
    Answers,
    ScaffoldError,
    build_answers,
    find_category_problem,
    find_code_problem,
    find_name_problem,
    suggest_code,
)
from synapse_sdk.scaffold.categories import BLUEPRINTS, DEFAULT_CATEGORY, Blueprint
from synapse_sdk.scaffold.create import CreatedPlugin, create_plugin
from synapse_sdk.scaffold.filling import fill_templates

__all__ = [
    "BLUEPRINTS",
    "DEFAULT_CATEGORY",
    "Answers",
    "Blueprint",
    "CreatedPlugin",
    "ScaffoldError",
    "build_answers",
    "create_plugin",
    "fill_templates",
    "find_category_problem",
    "find_code_problem",
    "find_name_problem",
    "suggest_code",
]
