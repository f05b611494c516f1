"""`plugin run`: the action's own params in its help, and params under shorter names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli_process import Synapse

from synapse_sdk.cli.plugin.params_help import describe_params

SOURCE = """
from enum import Enum
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from synapse_sdk.i18n import get_language
from synapse_sdk.plugins import BaseAction


class Name(Enum):
    SGD = "sgd"
    ADAM = "adam"


class Optimizer(BaseModel):
    name: Name = Name.SGD
    rate: float = Field(0.1, gt=0, lt=1, description="Learning rate.")


class AskParams(BaseModel):
    dataset: int = Field(description="Id of a registered dataset")
    mode: Literal["fast", "good"] = "fast"
    sizes: list[int] = Field(default=[1, 2], min_length=1)
    note: str | None = None
    corner: list[int] = Field(default=[0, 0], min_length=2, max_length=2)
    key: SecretStr = SecretStr("hush")
    optimizer: Optimizer = Optimizer()
    stages: list[Optimizer] = []
    input: dict[str, int] = {}
    path: str = "/"


class Ask(BaseAction[AskParams]):
    def execute(self):
        self.log_message({"en": "Hello", "ko": "안녕하세요"})
        return {"input": self.params.input, "path": self.params.path}


def plain(params, ctx):
    return {}


class Broken(BaseAction[AskParams]):
    pass
"""
CONFIG = """
name: Ask
code: ask
version: 0.1.0
category: custom
actions:
  ask: {entrypoint: "plugin.ask:Ask"}
  plain: {entrypoint: "plugin.ask:plain"}
  lost: {entrypoint: "plugin.gone:Lost"}
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    folder = tmp_path / "ask"
    (folder / "plugin").mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (folder / "plugin/__init__.py").touch()
    (folder / "plugin/ask.py").write_text(SOURCE, encoding="utf-8")
    return folder


def test_help_shows_the_action_s_own_params(synapse: Synapse, plugin: Path) -> None:
    said = synapse("plugin", "run", "ask", "--help", cwd=plugin)

    assert said.returncode == 0, said
    shown = " ".join(said.stdout.partition("Params of ask, each given with --set NAME=VALUE:")[2].split())
    for row in (
        "dataset whole number Id of a registered dataset [required]",
        "mode fast | good [default: fast]",
        "sizes list of whole number [default: [1, 2]; 1 or more items]",
        "note text or nothing [default: nothing]",
        "corner list of whole number [default: [0, 0]; 2 items]",
        "key secret text",
        "optimizer.name sgd | adam [default: sgd]",
        "optimizer.rate number Learning rate. [default: 0.1; more than 0; less than 1]",
        "stages list of {name, rate} [default: []]",
        "input JSON object of whole number [default: {}]",
    ):
        assert row in shown
    assert "hush" not in said.stdout


def test_info_tells_where_classes_and_functions_are_and_what_is_nowhere(
    synapse: Synapse, plugin: Path
) -> None:
    (plugin / "plugin/again.py").write_text("import os\nfrom .ask import plain\n")
    with (plugin / "config.yaml").open("a") as config:
        config.write('  again: {entrypoint: "plugin.again:plain"}\n')
    lines = (plugin / "plugin/ask.py").read_text().splitlines()

    told = synapse("plugin", "info", "--json", cwd=plugin).json()
    shown = synapse("plugin", "info", cwd=plugin).stdout

    assert {action["name"]: action["source"] for action in told["actions"]} == {
        "ask": f"plugin/ask.py:{lines.index('class Ask(BaseAction[AskParams]):') + 1}",
        "plain": f"plugin/ask.py:{lines.index('def plain(params, ctx):') + 1}",
        "lost": None,
        "again": "plugin/again.py:2",
    }
    assert shown.count("(not found)") == 1


def test_without_an_action_those_that_there_are_are_named(synapse: Synapse, plugin: Path) -> None:
    said = synapse("plugin", "run", "--set", "dataset=1", cwd=plugin)

    assert said.returncode == 2, said
    assert said.stderr == (
        "error: Which action? This plugin has ask, lost, plain.\nhint:  Such as: synapse plugin run ask\n"
    )


def test_without_an_action_and_without_a_plugin_the_argument_is_what_is_missing(synapse: Synapse) -> None:
    said = synapse("plugin", "run")

    assert said.returncode == 2, said
    assert "Missing argument 'ACTION'" in said.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plain",), "It takes any; it has no params model."),
        (("lost",), "no form for its params, because its code can not be imported here"),
        (("aks",), "Action not found: aks. This plugin has ask, lost, plain. Did you mean 'ask'?"),
        (("ask", "--path", "nowhere"), "Config file not found"),
    ],
)
def test_help_is_shown_also_when_params_can_not_be(
    synapse: Synapse, plugin: Path, words: tuple[str, ...], told: str
) -> None:
    said = synapse("plugin", "run", *words, "-h", cwd=plugin)

    assert said.returncode == 0, said
    assert "--rehearse" in said.stdout
    assert told in " ".join(said.stdout.split())


def test_input_and_path_of_an_inference_have_options(synapse: Synapse, plugin: Path) -> None:
    (plugin / "input.json").write_text('{"a": 1}')

    said = synapse(
        *("plugin", "run", "ask", "--set", "dataset=1", "--json"),
        *("--input", "@input.json", "--infer-path", "/predict"),
        cwd=plugin,
    )

    assert said.returncode == 0, said
    assert said.json()["result"] == {"input": {"a": 1}, "path": "/predict"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--input", '{"a'), "--input is not JSON"),
        (("--input", "@gone.json"), "gone.json: the file can not be read"),
        (("--input", "{}", "--params", '{"input": {"b": 1}}'), "--input: --params says input too"),
        (("--lang", "fr"), "'fr' is not one of 'en', 'ko'"),
    ],
)
def test_what_does_not_fit_is_refused(
    synapse: Synapse, plugin: Path, words: tuple[str, ...], told: str
) -> None:
    said = synapse("plugin", "run", "ask", "--set", "dataset=1", *words, cwd=plugin)

    assert said.returncode == 2, said
    assert told in said.stderr


@pytest.mark.parametrize(("language", "text"), [("en", "Hello"), ("ko", "안녕하세요")])
def test_messages_come_in_the_language_that_was_asked_for(
    synapse: Synapse, plugin: Path, language: str, text: str
) -> None:
    said = synapse("plugin", "run", "ask", "--set", "dataset=1", "--lang", language, cwd=plugin)

    assert said.returncode == 0, said
    assert text in said.stderr


def test_a_model_that_holds_itself_is_described_to_an_end() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    schema = {"type": "object", "properties": {"root": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}}

    rows = describe_params(json.loads(json.dumps(schema)))

    assert rows == [("root.next.next  {next}", "")]


@pytest.mark.parametrize("named", ["ask", "./ask", "ask/config.yaml", "ask/plugin/../."])
def test_a_plugin_is_named_by_its_code_or_its_folder(synapse: Synapse, plugin: Path, named: str) -> None:
    answer = synapse("plugin", "run", "plain", "--plugin", named, "--json", cwd=plugin.parent)

    assert answer.returncode == 0, answer
    assert answer.json()["result"] == {}


def test_a_plugin_is_named_by_a_module(synapse: Synapse, tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    source = "from synapse_sdk.plugins import action\n@action\ndef double(params): return 2 * params['n']\n"
    (tmp_path / "tools/maths.py").write_text(source, encoding="utf-8")

    answer = synapse("plugin", "run", "double", "-p", "tools.maths", "--set", "n=4", "--json", cwd=tmp_path)

    assert answer.returncode == 0, answer
    assert answer.json()["result"] == 8


@pytest.mark.parametrize("mode", ["local", "remote"])
def test_an_empty_name_is_no_plugin(synapse: Synapse, plugin: Path, mode: str) -> None:
    answer = synapse("plugin", "run", "plain", "--plugin", "", "--mode", mode, cwd=plugin)

    assert answer.returncode == 2, answer
    assert "Plugin not found" in answer.stderr
