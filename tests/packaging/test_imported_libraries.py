"""Libraries that a plugin imports and does not ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.packaging.check import check_plugin
from tests.manifest.folders import write_files

CONFIG = """
name: A
code: a
version: 0.1.0
category: custom
actions:
  main:
    entrypoint: plugin.main:main
"""


def warnings(folder: Path, code: str, requirements: str = "") -> list[str]:
    write_files(
        folder,
        {
            "config.yaml": CONFIG,
            "README.md": "# A",
            "requirements.txt": requirements,
            "beside.py": "",
            "plugin/__init__.py": "",
            "plugin/other.py": "",
            "plugin/main.py": f"{code}\n\ndef main(params, ctx): ...\n",
        },
    )
    return [f"{problem.text} | {problem.hint}" for problem in check_plugin(folder).problems]


def test_a_library_that_nothing_asks_for_is_told_once_with_how_to_ask(tmp_path: Path):
    (told,) = warnings(tmp_path, "import os\nimport pytest\nimport pytest.mark")

    assert told == (
        "plugin/main.py:2: pytest is imported, and nothing in requirements.txt brings it: "
        "a job would not have it | Add pytest to requirements.txt."
    )


def test_it_is_asked_for_by_its_packages_name(tmp_path: Path):
    (told,) = warnings(tmp_path, "from ruamel.yaml.comments import CommentedMap\nfrom PIL import Image")

    assert told.endswith("| Add pillow to requirements.txt.")


@pytest.mark.parametrize(
    ("code", "requirements"),
    [
        ("import pytest", "pytest>=7"),
        ("import pluggy", "PyTest"),
        ("import pydantic, pydantic_core, typing_extensions", ""),
        ("import pytest", "a-package-that-nobody-has"),
        ("import pytest", "pytest @ https://elsewhere.example/pytest.whl"),
        ("import a_library_that_nobody_has", ""),
        ("import plugin.other\nfrom . import other\nimport beside", ""),
        ("try:\n    import pytest\nexcept ImportError:\n    pytest = None", ""),
        ("if False:\n    import pytest", ""),
    ],
    ids=[
        "asked for",
        "brought by another",
        "the SDK's own",
        "one that is not here may bring it",
        "one from an address may bring it",
        "not installed here either",
        "the plugin's own",
        "it can do without",
        "perhaps",
    ],
)
def test_what_is_not_certain_or_not_missing_is_not_told(tmp_path: Path, code: str, requirements: str):
    assert warnings(tmp_path, code, requirements) == []


def test_wheels_of_the_plugins_own_may_bring_it(tmp_path: Path):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/own-1.0-py3-none-any.whl").touch()

    assert not any("is imported" in text for text in warnings(tmp_path, "import pytest"))
