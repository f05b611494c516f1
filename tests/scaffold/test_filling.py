"""Filled templates: readable by every tool, whatever the name is."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from synapse_sdk.plugins.config_file import load_config
from synapse_sdk.plugins.config_rules import is_plain
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.scaffold import BLUEPRINTS, build_answers, fill_templates
from synapse_sdk.scaffold.filling import TEMPLATES, escape_markdown, quote

HOSTILE_NAMES = [
    'It\'s "quoted" \\ and \\n',
    "yes",
    "null: [1, 2] # no comment",
    "'''\"\"\"",
    "${HOME} $name $$ %s {0}",
    "!!python/object:os.system",
    "한글 이름 · naïve ☃ 🦊",
    "zero\u200bwidth\ufeff\u00a0space",
    "- *anchor & `code` <script>",
    "x" * 200,
]
CODE = "a-code"


def fill(folder: Path, name: str, category: PluginCategory) -> dict[str, str]:
    """Fill the templates and write them, as a plugin would lie there."""
    files = fill_templates(build_answers(name, CODE, category))
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode("utf-8"))
    return files


def test_every_category_has_a_blueprint_and_every_template_a_use():
    used = {layer for blueprint in BLUEPRINTS.values() for layer in blueprint.layers}

    assert list(BLUEPRINTS) == list(PluginCategory)
    assert used == {entry.name for entry in TEMPLATES.iterdir()}
    assert all(file.suffix == ".tmpl" for file in TEMPLATES.rglob("*") if file.is_file())


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("category", [PluginCategory.NEURAL_NET, PluginCategory.CUSTOM])
def test_any_name_is_read_back_as_it_was_given(tmp_path: Path, name: str, category: PluginCategory):
    files = fill(tmp_path, name, category)

    loaded = load_config(tmp_path)
    assert (loaded.config.name, loaded.config.code, loaded.warnings) == (name, CODE, ())
    assert tomllib.loads(files["pyproject.toml"])["project"]["name"] == f"synapse-{CODE}-plugin"
    for path, text in files.items():
        if path.endswith(".py"):
            ast.parse(text, path)
    assert files["README.md"].splitlines()[0] == f"# {escape_markdown(name)}"


@pytest.mark.parametrize("category", list(PluginCategory))
def test_the_readme_names_the_class_for_a_labelling_server_where_there_is_one(category: PluginCategory):
    readme = fill_templates(build_answers("A", CODE, category))["README.md"]
    base = BLUEPRINTS[category].platform_base

    imports = re.findall(r"`from (\S+) import (\w+)`", readme)

    assert imports == ([(base.module, base.name)] if base else [])
    assert all(hasattr(importlib.import_module(module), name) for module, name in imports)


@pytest.mark.parametrize("category", list(PluginCategory))
def test_the_config_is_a_plain_one_that_is_read_fast(tmp_path: Path, category: PluginCategory):
    fill(tmp_path, HOSTILE_NAMES[0], category)

    assert is_plain(load_config(tmp_path).document)


@given(st.text())
def test_a_quoted_text_is_the_same_in_yaml_toml_and_python(text: str):
    quoted = quote(text)

    # A lone surrogate is no text that a file could hold; `build_answers` refuses it.
    if text.isascii() or not any(0xD800 <= ord(character) < 0xE000 for character in text):
        assert YAML(typ="safe").load(f"key: {quoted}") == {"key": text}
        assert tomllib.loads(f"key = {quoted}") == {"key": text}
        assert ast.literal_eval(quoted) == text


def test_markdown_shows_a_name_as_it_is():
    assert escape_markdown("a*b_c <i> [x](y) `z` \\") == r"a\*b\_c \<i\> \[x\](y) \`z\` \\"


@pytest.mark.parametrize("category", list(PluginCategory))
def test_the_code_is_what_ruff_would_have_written(tmp_path: Path, category: PluginCategory):
    fill(tmp_path, HOSTILE_NAMES[0], category)
    rules = "B,BLE,C4,DTZ,E,F,I,N,PERF,PIE,PLC,PLE,PLW,PT,PTH,RET,RSE,RUF,SIM,T20,TID,UP,W"

    # With ruff's own line length: what a newcomer's editor does must change nothing.
    for arguments in (["check", "--select", rules, "--line-length", "88"], ["format", "--diff"]):
        finished = subprocess.run(
            [sys.executable, "-m", "ruff", arguments[0], "--isolated", "--no-cache", *arguments[1:], "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
