"""What pages mention is there: pages, headings, commands, options, make targets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import click
import pytest

from synapse_sdk.cli.rim import build_cli
from tests.docs.markdown import (
    LINKING,
    MANUAL,
    PAGES,
    ROOT,
    iter_code_spans,
    iter_links,
    name_of,
    read_anchors,
    read_blocks,
)


@pytest.mark.parametrize("page", LINKING, ids=name_of)
def test_links_lead_somewhere(page: Path):
    dead = [
        f"{link.line}: {link.target}" for link in iter_links(page) if not _leads_somewhere(page, link.target)
    ]

    assert not dead


def test_every_page_is_in_the_map():
    linked = {link.target.partition("#")[0] for link in iter_links(MANUAL / "guide/README.md")}

    pages = {page.name for page in (MANUAL / "guide").glob("*.md")} - {"README.md"}
    assert pages <= linked
    assert {"../reference/cli.md", "../reference/python.md", "../reference/api.md"} <= linked


@pytest.mark.parametrize("page", LINKING, ids=name_of)
def test_commands_that_a_page_names_are_there(page: Path):
    problems = [
        f"{line}: {command}: {problem}"
        for line, command in _iter_commands(page)
        if (problem := _find_command_problem(command))
    ]

    assert not problems


@pytest.mark.parametrize("page", LINKING, ids=name_of)
def test_make_targets_that_a_page_names_are_there(page: Path):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        match[1]
        for text in [*(text for _, text in iter_code_spans(page)), *_iter_code_lines(page)]
        if (match := re.match(r"make ([a-z]+)\b", text))
    }

    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_names_no_place_of_one_machine(page: Path):
    places = re.findall(r"/(?:home|root|tmp|Users|work)/\S*", page.read_text(encoding="utf-8"))

    assert not places


def _leads_somewhere(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True  # elsewhere on the web; a test that needs the network would fail for reasons of its own
    path, _, anchor = target.partition("#")
    linked = (page.parent / path).resolve() if path else page
    if not linked.exists():
        return False
    return not anchor or anchor in read_anchors(linked)


def _iter_commands(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the command lines in the prose. Those in console blocks are run, which says more."""
    for number, text in iter_code_spans(page):
        if text.startswith("synapse "):
            # `synapse model list|show` names two commands.
            choices = [word.split("|") if "|" in word.strip("|") else [word] for word in text.split(" ")]
            yield from ((number, " ".join(words)) for words in product(*choices))


def _iter_code_lines(page: Path) -> Iterator[str]:
    for block in read_blocks(page):
        if block.language in ("bash", "sh", "console"):
            text = block.text.replace("\\\n", " ")
            yield from (line.removeprefix("$ ").strip() for line in text.splitlines())


def _find_command_problem(text: str) -> str | None:
    """Follow the words of a command line down the tree, and look for its options there."""
    try:
        words = shlex.split(text, comments=True)[1:]
    except ValueError:
        return None  # half a line, such as the beginning of a JSON value
    command: click.Command = build_cli()
    context = click.Context(command, info_name="synapse")
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        name = words.pop(0)
        child = command.get_command(context, name)
        if child is None:
            return f"there is no command {name}"
        command = child
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {
        "--help",
        "-h",
    }
    for word in words:
        if word in ("--", "|", ">", "&&"):
            break
        if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word) and word.partition("=")[0] not in known:
            return f"{word} is not an option"
    return None
