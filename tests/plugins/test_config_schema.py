"""The schema for editors, against what reading a config says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.conftest import WritePlugin

from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.config_file import load_config
from synapse_sdk.plugins.config_schema import CONFIG_SCHEMA_FILE, build_config_schema
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.errors import ConfigError
from synapse_sdk.scaffold.answers import Answers
from synapse_sdk.scaffold.filling import fill_templates

GOOD: dict[str, Any] = {
    "name": "Small",
    "code": "small",
    "version": "0.1.0",
    "category": "custom",
    "actions": {"go": {"entrypoint": "plugin.go:Go"}},
}
VALIDATOR = Draft202012Validator(build_config_schema())
#: What is laid over a good config, and whether it still is one.
CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"version": "1.0.0-rc.1+build.5", "tags": ["a"], "env": {"A": 1, "B": None, "C": True}}, True),
    ({"env": None, "dependencies": None, "requires": {"sdk": ">=1"}}, True),
    ({"smart_tool_type": "automatic", "supported_data_type": ["image"]}, True),
    ({"actions": {"go": {"entrypoint": "plugin.go.Go", "method": "job", "ui_schema": []}}}, True),
    ({"actions": {}}, True),
    ({"data_type": "image", "package_manager": "uv", "package_manager_options": ["--no-cache"]}, True),
    ({"name": " "}, False),
    ({"code": "My Code!"}, False),
    ({"code": "-small"}, False),
    ({"version": "1.0"}, False),
    ({"version": 1.0}, False),
    ({"version": "01.0.0"}, False),
    ({"version": "1.0.0-01"}, False),
    ({"category": "other"}, False),
    ({"package_manager": "poetry"}, False),
    ({"package_manager_options": "--x"}, False),
    ({"env": ["A"]}, False),
    ({"env": {"A=B": 1}}, False),
    ({"actions": None}, False),
    ({"actions": ["go"]}, False),
    ({"actions": {"go": None}}, False),
    ({"actions": {"go": {}}}, False),
    ({"actions": {"go": {"entrypoint": "go"}}}, False),
    ({"actions": {"go": {"entrypoint": "plugin.go:Go", "method": "local"}}}, False),
    ({"actions": {"go": {"entrypoint": "plugin.go:Go", "metod": "job"}}}, False),
    ({"catgory": "custom"}, False),
]


@pytest.mark.parametrize(("changes", "is_good"), CHANGES, ids=str)
def test_it_says_what_reading_says(write_plugin: WritePlugin, changes: dict[str, Any], is_good: bool) -> None:
    document = {**GOOD, **changes}
    folder = write_plugin(config=yaml.safe_dump(document))

    try:
        problems = [str(warning) for warning in load_config(folder).warnings]
    except ConfigError as error:
        problems = [error.message]

    assert (not problems) == is_good, problems
    assert VALIDATOR.is_valid(document) == is_good, list(VALIDATOR.iter_errors(document))


@pytest.mark.parametrize("missing", GOOD)
def test_what_a_config_must_have_the_schema_wants_too(missing: str) -> None:
    assert not VALIDATOR.is_valid({key: value for key, value in GOOD.items() if key != missing})


@given(
    st.from_regex(r"[0-9a-zA-Z+.-]{0,14}", fullmatch=True),
    st.from_regex(r"[a-z0-9A-Z_ -]{0,8}", fullmatch=True),
)
def test_versions_and_codes_are_the_same_to_both(version: str, code: str) -> None:
    for field, value in (("version", version), ("code", code)):
        document = {**GOOD, field: value}
        try:
            PluginConfig.model_validate(document)
        except ValueError:
            assert not VALIDATOR.is_valid(document)
        else:
            assert VALIDATOR.is_valid(document)


def test_the_file_that_ships_is_what_the_code_says() -> None:
    assert json.loads(CONFIG_SCHEMA_FILE.read_bytes()) == build_config_schema(), "run: make docs"


@pytest.mark.parametrize("category", list(PluginCategory))
def test_a_new_plugin_s_config_fits_and_points_editors_to_the_schema(category: PluginCategory) -> None:
    files = fill_templates(Answers(name="Small", code="small", category=category))

    first, _, _ = files["config.yaml"].partition("\n")
    assert first == "# yaml-language-server: $schema=config.schema.json"
    assert json.loads(files["config.schema.json"]) == build_config_schema()
    VALIDATOR.validate(yaml.safe_load(files["config.yaml"]))
    assert Path("config.schema.json").name in files[".synapseignore"].splitlines()
