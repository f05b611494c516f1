"""`check_plugin`: each mistake is told once, and nothing of the plugin runs in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from synapse_sdk.packaging.check import check_plugin
from synapse_sdk.plugins.config_sync import plan_sync
from tests.manifest.folders import write_files

HEAD = "name: A\ncode: a\nversion: 0.1.0\ncategory: custom\nactions:\n"
ACTION = (
    "from synapse_sdk.plugins import BaseAction\n\n\nclass Train(BaseAction):\n    def execute(self): ...\n"
)


def check(
    folder: Path, entries: str, files: dict[str, str] | None = None, *, imports: bool = False
) -> list[str]:
    """Write a plugin with a sound action `train` and what is given; return its problems."""
    sound = "  train:\n    entrypoint: plugin.train:Train\n"
    write_files(
        folder,
        {
            "config.yaml": f"{HEAD}{sound}{entries}",
            "README.md": "# A\n",
            "requirements.txt": "",
            "plugin/__init__.py": "",
            "plugin/train.py": ACTION,
            **(files or {}),
        },
    )
    report = check_plugin(folder, imports=imports)
    return [f"{problem.severity}: {problem.text}" for problem in report.problems]


@pytest.mark.parametrize("imports", [False, True])
def test_a_sound_plugin_has_no_problems(tmp_path: Path, imports: bool):
    assert check(tmp_path, "", imports=imports) == []
    assert "plugin.train" not in sys.modules


@pytest.mark.parametrize("imports", [False, True])
def test_a_module_that_is_gone_is_told_once(tmp_path: Path, imports: bool):
    assert check(tmp_path, "  test:\n    entrypoint: plugin.test:Test\n", imports=imports) == [
        (
            "error: actions.test.entrypoint: 'plugin.test:Test' names no file: "
            "there is no plugin/test.py or plugin/test/__init__.py."
        )
    ]


@pytest.mark.parametrize("imports", [False, True])
def test_a_class_that_is_gone_is_told_once(tmp_path: Path, imports: bool):
    assert check(tmp_path, "  test:\n    entrypoint: plugin.train:Test\n", imports=imports) == [
        f"error: actions.test.entrypoint: there is no 'plugin.train:Test' in {tmp_path.name}"
    ]


def test_every_module_that_is_gone_is_told(tmp_path: Path):
    entries = "  test:\n    entrypoint: plugin.test:Test\n  serve:\n    entrypoint: plugin.serve:Serve\n"

    assert [text.partition(":")[2].split(":")[0].strip() for text in check(tmp_path, entries)] == [
        "actions.test.entrypoint",
        "actions.serve.entrypoint",
    ]


NAMED = """from synapse_sdk.plugins import BaseAction

class {name}(BaseAction):
{said}    def execute(self): ...
"""


@pytest.mark.parametrize(
    ("entrypoint", "files", "meant"),
    [
        ("plugin.test:TestAction", {"plugin/test.py": ("Tester", "")}, "plugin.test:Tester"),
        ("plugin.test:TestAction", {"plugin/moved.py": ("TestAction", "")}, "plugin.moved:TestAction"),
        (
            "plugin.test:TestAction",
            {"plugin/one.py": ("One", ""), "plugin/two.py": ("Two", "    action_name = 'test'\n")},
            "plugin.two:Two",
        ),
        (
            "plugin.test:TestAction",
            {"plugin/one.py": ("One", ""), "plugin/two.py": ("TesterAction", "")},
            "plugin.two:TesterAction",
        ),
        ("plugin.test:TestAction", {"plugin/one.py": ("One", ""), "plugin/two.py": ("Two", "")}, None),
        ("plugin.test:TestAction", {"plugin/one.py": ("One", "    action_name = 'train'\n")}, None),
    ],
    ids=["renamed", "moved", "calls itself so", "sounds so", "nobody knows", "calls itself as another"],
)
def test_an_entrypoint_that_is_gone_is_asked_about_with_the_class_that_nothing_names(
    tmp_path: Path, entrypoint: str, files: dict[str, tuple[str, str]], meant: str | None
):
    written = {file: NAMED.format(name=name, said=said) for file, (name, said) in files.items()}
    check(tmp_path, f"  test:\n    entrypoint: {entrypoint}\n", written)

    (problem,) = check_plugin(tmp_path).problems

    assert problem.severity == "error"
    hint = str(problem.hint)
    assert hint.startswith(f"Did you mean {meant}? " if meant else "Correct the entrypoint in config.yaml")
    (warning,) = plan_sync(tmp_path).warnings
    assert warning.endswith(f"; did you mean {meant}?" if meant else "; left as it is")


def test_a_module_of_a_requirement_is_a_warning_until_it_is_imported(tmp_path: Path):
    entries = "  test:\n    entrypoint: somewhere_else.test:Test\n"
    (warning,) = check(tmp_path, entries)
    assert warning.startswith("warning: actions.test.entrypoint: somewhere_else.test is not in the folder")

    *_, error = check(tmp_path, entries, imports=True)
    assert error.startswith("error: actions.test: somewhere_else.test:Test: ActionNotFoundError")


def test_an_action_that_does_not_fit_is_an_error_and_the_others_are_looked_at(tmp_path: Path):
    entries = "  serve:\n    method: job\n  test:\n    entrypoint: plugin.train:Test\n"

    serve, test = check(tmp_path, entries)

    assert serve.startswith("error: config.yaml:9:5: actions.serve.entrypoint is missing")
    assert test.startswith("error: actions.test.entrypoint")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_like_this", "ModuleNotFoundError: No module named 'nothing_like_this'"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("import os; os._exit(0)", "importing its code ended the process: exit code 0"),
    ],
)
def test_a_module_that_can_not_be_imported(tmp_path: Path, code: str, reason: str):
    entries = "  test:\n    entrypoint: plugin.test:Train\n"
    files = {"plugin/test.py": f"{ACTION}\n\n{code}\n"}
    assert check(tmp_path, entries, files) == []

    problems = check(tmp_path, entries, files, imports=True)

    assert f"error: actions.test: plugin.test:Train: {reason}" in problems
