"""The reference is written by the product, and names what people can call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import click
import pytest

import synapse_sdk.plugins
from tests.cli_process import Synapse
from tests.docs.markdown import MANUAL

REFERENCE = MANUAL / "reference"


@pytest.fixture(scope="module")
def generate() -> Iterator[ModuleType]:
    """The script that writes the pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REFERENCE)
        yield import_module("generate")


@pytest.mark.parametrize("name", ["cli.md", "python.md", "api.md"])
def test_a_page_is_what_the_script_writes(generate: ModuleType, name: str):
    written = (REFERENCE / name).read_text(encoding="utf-8")

    assert written == generate.build_pages()[name], "write it anew with: make docs"


def test_every_option_that_help_shows_is_in_the_reference(generate: ModuleType, synapse: Synapse):
    from synapse_sdk.cli.rim import build_cli

    sections = _read_sections()
    for path, command in generate.iter_commands(build_cli()):
        shown = (
            synapse(*path.split()[1:], "--help").stdout if path in _RUN_FOR_REAL else _help_of(path, command)
        )
        options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", shown.partition("Options:")[2]))
        missing = {option for option in options - {"--help", "-h"} if f"`{option}`" not in sections[path]}
        assert not missing, path


def test_the_reference_has_every_public_name(generate: ModuleType):
    text = (REFERENCE / "python.md").read_text(encoding="utf-8")

    missing = [name for name in synapse_sdk.plugins.__all__ if f"\n### {name}\n" not in text]
    assert not missing


def test_every_endpoint_is_in_the_reference(generate: ModuleType):
    text = (REFERENCE / "api.md").read_text(encoding="utf-8")

    operations = [
        f"{method.upper()} {path}"
        for path, methods in generate.read_openapi()["paths"].items()
        for method in methods
    ]
    assert operations
    assert not [operation for operation in operations if f"\n### {operation}\n" not in text]


#: Through the real program; the others through the same click, in this process.
_RUN_FOR_REAL = ("synapse", "synapse plugin run", "synapse plugin publish")


def _help_of(path: str, command: click.Command) -> str:
    return command.get_help(click.Context(command, info_name=path, terminal_width=200))


def _read_sections() -> dict[str, str]:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
