"""`synapse plugin create`."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.terminal import is_terminal
from synapse_sdk.cli.output import Output, with_output

if TYPE_CHECKING:
    from synapse_sdk.scaffold import Answers, CreatedPlugin


#: A whole command line, for hints.
_EXAMPLE = 'synapse plugin create --name "My Plugin" --code my-plugin --category custom'


class AnswersMissingError(SynapseError):
    """Questions are open and nobody is there to ask."""


@click.command("create")
@click.option(
    "-p", "--path", type=click.Path(path_type=Path), help="Output directory (default: current directory)."
)
@click.option("-n", "--name", help="Plugin display name.")
@click.option("--code", help="Plugin code identifier: lowercase letters, digits, hyphens.")
@click.option(
    "-c",
    "--category",
    help="Plugin category: neural_net, export, upload, smart_tool, post_annotation, pre_annotation, "
    "data_validation or custom.",
)
@click.option("-y", "--yes", is_flag=True, help="Never ask: take the default where there is one.")
@with_output
def create(
    output: Output, path: Path | None, name: str | None, code: str | None, category: str | None, yes: bool
) -> None:
    """Make a new plugin that already runs, in a folder synapse-CODE-plugin.

    Asks for what the options leave open, if there is a terminal to ask on. Nothing that exists is touched.
    """
    from synapse_sdk.scaffold import build_answers, create_plugin

    parent = path or Path()
    given = {"name": name, "code": code, "category": category}
    missing = [key for key, value in given.items() if value is None]
    if not missing:
        answers = build_answers(name or "", code or "", category or "")
    elif yes:
        answers = _take_defaults(output, given)
    elif sys.stdin.isatty() and is_terminal(output.err):
        _refuse_bad(given)
        answers = _ask(given)
    else:
        raise AnswersMissingError(
            f"Missing: {_flags(missing)}. There is no terminal to ask on.",
            {"missing": [f"--{key}" for key in missing]},
            hint="Give them, or let the defaults answer with --yes: a code made from the name, "
            "and the category custom."
            if "name" not in missing
            else f"Such as: {_EXAMPLE}",
        )
    _show(output, create_plugin(answers, parent), parent)


def _take_defaults(output: Output, given: dict[str, str | None]) -> Answers:
    from synapse_sdk.scaffold import DEFAULT_CATEGORY, build_answers, suggest_code
    from synapse_sdk.scaffold.categories import BLUEPRINTS

    name, code, category = given["name"], given["code"], given["category"]
    missing = [key for key, value in given.items() if value is None]
    if name is None:
        others = [f"--{key}" for key in missing if key != "name"]
        more = f" Not given either: {', '.join(others)}, which would have a default." if others else ""
        raise AnswersMissingError(
            f"Missing: --name. With --yes nothing is asked.{more}",
            {"missing": [f"--{key}" for key in missing]},
            hint=f"Such as: {_EXAMPLE} --yes",
        )
    derived = code is None and suggest_code(name)
    if code is None and not derived:
        # A bad name is the first thing to hear about; one without Latin letters is fine, but names no code.
        _refuse_bad(given)
        raise AnswersMissingError(
            f"Missing: --code. The name {name!r} has no Latin letters or digits to make one from.",
            {"missing": ["--code"]},
            hint=f"Such as: synapse plugin create --name {shlex.quote(name)} --code my-plugin --yes",
        )
    answers = build_answers(name, code or derived or "", category or DEFAULT_CATEGORY.value)
    if derived:
        output.say(f"code: {derived} (made from the name; choose another with --code)")
    if category is None:
        others = [known.value for known in BLUEPRINTS if known is not DEFAULT_CATEGORY]
        output.say(f"category: {DEFAULT_CATEGORY.value} (the default; --category also takes")
        output.say(f"  {', '.join(others)})")
    return answers


def _refuse_bad(given: dict[str, str | None]) -> None:
    """Refuse what was given and does not fit, before anything is asked."""
    from synapse_sdk.scaffold import build_answers

    stand_ins = {"name": "x", "code": "x", "category": "custom"}
    build_answers(**{key: stand_ins[key] if value is None else value for key, value in given.items()})


def _ask(given: dict[str, str | None]) -> Answers:
    import questionary
    from prompt_toolkit.output import create_output

    from synapse_sdk.scaffold import (
        BLUEPRINTS,
        build_answers,
        find_code_problem,
        find_name_problem,
        suggest_code,
    )

    # Questions are said about the result; stdout is for the result.
    place: dict[str, Any] = {"output": create_output(stdout=sys.stderr)}
    name, code, category = given["name"], given["code"], given["category"]
    try:
        if name is None:
            valid = _validator("The name", find_name_problem)
            name = questionary.text("Name of the plugin:", validate=valid, **place).unsafe_ask()
        if code is None:
            valid = _validator("The code", find_code_problem)
            offered = suggest_code(name) or ""
            code = questionary.text("Its code:", offered, validate=valid, **place).unsafe_ask()
        if category is None:
            choices = [
                questionary.Choice(f"{known.value:<16} {blueprint.purpose}", known.value)
                for known, blueprint in BLUEPRINTS.items()
            ]
            category = questionary.select("Its category:", choices, **place).unsafe_ask()
    except EOFError:  # Ctrl-D
        raise click.Abort from None
    return build_answers(name, code, category)


def _validator(subject: str, find_problem: Callable[[str], str | None]) -> Callable[[str], bool | str]:
    def validate(text: str) -> bool | str:
        problem = find_problem(text)
        return True if problem is None else f"{subject} {problem}"

    return validate


def _flags(keys: Sequence[str]) -> str:
    return ", ".join(f"--{key}" for key in keys)


def _show(output: Output, plugin: CreatedPlugin, parent: Path) -> None:
    from synapse_sdk.scaffold import BLUEPRINTS

    answers = plugin.answers
    action = BLUEPRINTS[answers.category].action
    if output.as_json:
        output.document(
            {
                "path": str(plugin.folder),
                "name": answers.name,
                "code": answers.code,
                "category": answers.category.value,
                "action": action,
                "files": list(plugin.files),
            }
        )
    else:
        output.text(f"{answers.folder_name}/")
        for line in _draw_tree(plugin.files):
            output.text(line)
    # As it was typed, so that the line works from where the user stands.
    folder = os.path.normpath(parent / answers.folder_name)
    output.say(f"\nMade {answers.name}. Next:")
    for command in (f"cd {shlex.quote(folder)}", f"synapse plugin run {action}", "synapse plugin test"):
        output.say(f"  {command}")


def _draw_tree(paths: Sequence[str]) -> Iterator[str]:
    """Draw files and one level of folders, folders after files, as the guide draws a plugin."""
    children: dict[str, list[str]] = {}
    for path in paths:
        top, slash, rest = path.partition("/")
        inside = children.setdefault(top + slash, [])
        if rest:
            inside.append(rest)
    entries = sorted(children.items(), key=lambda entry: (entry[0].endswith("/"), entry[0]))
    for index, (name, inside) in enumerate(entries):
        is_last = index == len(entries) - 1
        yield f"{'└── ' if is_last else '├── '}{name}"
        for at, child in enumerate(inside):
            yield f"{'    ' if is_last else '│   '}{'└── ' if at == len(inside) - 1 else '├── '}{child}"
