"""config.yaml: the guide's example, its fields, and the rules for their values."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli_process import Finished, Synapse
from tests.conftest import WritePlugin
from tests.guide.conftest import INFERENCE, QUICK_TRAIN
from tests.guide.guide import Fact, block, each_fact

CheckConfig = Callable[[dict[str, Any]], Finished]


@pytest.fixture
def example() -> dict[str, Any]:
    """The guide's own config.yaml, as data."""
    loaded: dict[str, Any] = YAML(typ="safe").load(block("config"))
    return loaded


@pytest.fixture
def check(synapse: Synapse, write_plugin: WritePlugin) -> CheckConfig:
    """Write a config as config.yaml of a working plugin and let `synapse plugin check` judge it."""

    def check(config: dict[str, Any]) -> Finished:
        text = io.StringIO()
        YAML().dump(config, text)
        sources = {"plugin/train.py": QUICK_TRAIN, "plugin/inference.py": INFERENCE}
        return synapse("plugin", "check", cwd=write_plugin(text.getvalue(), sources))

    return check


@each_fact("config")
def test_a_field_of_the_example_is_read_as_it_is_written(fact: Fact, yolo_plugin: Path):
    from synapse_sdk.plugins.config_file import load_config

    value: Any = load_config(yolo_plugin).config
    for key in fact["at"]:
        value = value[key] if isinstance(value, dict) else getattr(value, key)

    assert isinstance(value, {"str": str, "dict": dict, "list": list}[fact["type"]])
    assert "example" not in fact.data or value == fact["example"]


@each_fact("config")
def test_a_field_may_be_left_out_only_where_the_guide_says_so(
    fact: Fact, example: dict[str, Any], check: CheckConfig
):
    config = copy.deepcopy(example)
    *parents, key = fact["at"]
    holder = config
    for parent in parents:
        holder = holder[parent]
    del holder[key]

    judged = check(config)

    if fact["required"]:
        assert judged.returncode == 2, judged
        assert "config.yaml:" in judged.stderr
        assert key in judged.stderr
    else:
        assert judged.returncode == 0, judged


@each_fact("config_rules")
def test_a_value_within_the_rule_is_accepted(fact: Fact, example: dict[str, Any], check: CheckConfig):
    for value in fact["accepted"]:
        judged = check(_with(example, fact["at"], value))

        assert judged.returncode == 0, judged


@each_fact("config_rules")
def test_a_value_against_the_rule_is_refused_with_its_place(
    fact: Fact, example: dict[str, Any], check: CheckConfig
):
    for value in fact["refused"]:
        judged = check(_with(example, fact["at"], value))

        assert judged.returncode == 2, judged
        assert "config.yaml:" in judged.stderr
        assert fact["at"][-1] in judged.stderr


def _with(config: dict[str, Any], at: list[str], value: object) -> dict[str, Any]:
    changed = copy.deepcopy(config)
    *parents, key = at
    holder = changed
    for parent in parents:
        holder = holder[parent]
    holder[key] = value
    return changed
