"""Completion, as shells ask for it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli_process import SYNAPSE, Synapse

CONFIG = """
name: Ask
code: ask
version: 0.1.0
category: custom
actions:
  train: {entrypoint: "plugin.gone:Train", description: Learns}
  test-it: {entrypoint: "plugin.gone:Test"}
  infer: {entrypoint: "plugin.gone:Infer"}
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin without code: completion reads the config alone."""
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def ask(shell: str, words: str, current: str, cwd: Path) -> list[str]:
    """Ask as the shell's script does; return the lines of the answer."""
    env = {**os.environ, "_SYNAPSE_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": current}
    answer = subprocess.run([*SYNAPSE], env=env, cwd=cwd, capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    return [line for line in answer.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("synapse plugin run ", ["plain,train", "plain,test-it", "plain,infer"]),
        ("synapse plugin run t", ["plain,train", "plain,test-it"]),
        ("synapse plug", ["plain,plugin"]),
        ("synapse plugin run --lang ", ["plain,en", "plain,ko"]),
        ("synapse completion ", ["plain,bash", "plain,zsh", "plain,fish"]),
    ],
)
def test_words_are_completed(plugin: Path, words: str, expected: list[str]) -> None:
    assert ask("bash", words, str(words.count(" ")), plugin) == expected


def test_the_plugin_that_the_words_name_is_asked(plugin: Path) -> None:
    elsewhere = plugin / "elsewhere"
    elsewhere.mkdir()

    assert ask("bash", "synapse plugin run --path .. in", "5", elsewhere) == ["plain,infer"]


def test_without_a_plugin_there_is_nothing_and_no_noise(tmp_path: Path) -> None:
    assert ask("bash", "synapse plugin run ", "3", tmp_path) == []


def test_zsh_and_fish_are_told_what_an_action_does(plugin: Path) -> None:
    assert ask("zsh", "synapse plugin run tr", "3", plugin) == ["plain", "train", "Learns"]
    assert ask("fish", "synapse plugin run tr", "tr", plugin) == ["plain,train\tLearns"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_this_program(synapse: Synapse, shell: str) -> None:
    script = synapse("completion", shell)

    assert script.returncode == 0, script
    assert f"_SYNAPSE_COMPLETE={shell}_complete" in script.stdout


def test_bash_itself_completes_an_action(plugin: Path, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None, "this test needs bash"
    command = tmp_path / "bin/synapse"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.join(SYNAPSE)} "$@"\n')
    command.chmod(0o755)
    typed = """
        source <(synapse completion bash) || exit 3
        COMP_WORDS=(synapse plugin run te) COMP_CWORD=3
        _synapse_completion synapse
        printf '%s\\n' "${COMPREPLY[@]}"
    """

    env = {**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}"}
    answer = subprocess.run(
        [bash, "-c", typed], cwd=plugin, env=env, capture_output=True, text=True, check=False
    )

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "test-it\n", "")


def test_codes_of_the_plugins_here_are_completed(plugin: Path) -> None:
    for name in ("asleep", "other"):
        (plugin / name).mkdir()
        (plugin / name / "config.yaml").write_text(CONFIG.replace("code: ask", f"code: {name}"))
    (plugin / "broken").mkdir()
    (plugin / "broken/config.yaml").write_text("code: as-broken")

    assert ask("bash", "synapse plugin run --plugin as", "4", plugin) == ["plain,ask", "plain,asleep"]
