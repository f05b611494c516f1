"""The model of config.yaml: what a code, a version and an entrypoint may be."""

from __future__ import annotations

import re

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.config_rules import is_semantic_version

#: The grammar's own suggestion. Source: semver.org, FAQ, "Is there a suggested regular expression?"
SEMVER = re.compile(
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
    r"(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?\Z",
    re.ASCII,
)


def config_with(**values: object) -> PluginConfig:
    good = {"name": "A", "code": "a", "version": "0.1.0", "category": "custom", "actions": {}}
    return PluginConfig.model_validate(good | values)


@given(st.one_of(st.text("01-+.aB", max_size=14), st.from_regex(SEMVER)))
def test_versions_are_those_of_the_grammar(text: str):
    assert is_semantic_version(text) == bool(SEMVER.match(text))


@pytest.mark.parametrize(
    "text", ["1.0", "v1.0.0", "01.0.0", "1.0.0.", "1.0.0-", "1.0.0+", "1.0.0-01", chr(0x661) + ".0.0", ""]
)
def test_what_is_no_version_is_refused(text: str):
    with pytest.raises(pydantic.ValidationError, match="semantic version"):
        config_with(version=text)


@pytest.mark.parametrize("code", ["yolov8", "my-plugin", "a", "0", "a_b", "x-1-y"])
def test_codes_that_are_taken(code: str):
    assert config_with(code=code).code == code


@pytest.mark.parametrize("code", ["", "My", "a b", "-a", "a-", "a.b", "é", "a/b", "\uff41"])
def test_codes_that_are_refused(code: str):
    with pytest.raises(pydantic.ValidationError, match="lowercase letters"):
        config_with(code=code)


@pytest.mark.parametrize("entrypoint", ["a:B", "a.b:C", "a.b.C", "plugin.train:TrainAction", "한.글:T"])
def test_entrypoints_that_are_taken(entrypoint: str):
    assert config_with(actions={"t": {"entrypoint": entrypoint}}).actions["t"].entrypoint == entrypoint


@pytest.mark.parametrize(
    "entrypoint", ["", "a", "a:", ":b", "a.b:c.d", "a b:c", "a..b:c", "1a:b", "a:b:c", "a/b:c"]
)
def test_entrypoints_that_are_refused(entrypoint: str):
    with pytest.raises(pydantic.ValidationError, match=r"module\.path:ClassName"):
        config_with(actions={"t": {"entrypoint": entrypoint}})


def test_a_config_can_not_be_changed():
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        config_with().code = "other"  # type: ignore[misc]
