"""Groups that know their commands by name, and load one only when it is named."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from synapse_sdk.cli.lazy_group import Entry, LazyGroup


def make_group() -> LazyGroup:
    return LazyGroup(
        "things",
        help="Look at things.",
        entries={
            "list": Entry("module_that_is_not_there:command", "List the things."),
            "show": Entry("synapse_sdk.cli.doctor:doctor", "Show a thing."),
        },
    )


def test_help_names_the_commands_in_their_order_and_imports_none_of_them():
    group = make_group()

    text = group.get_help(click.Context(group, info_name="things"))

    assert text.index("list  List the things.") < text.index("show  Show a thing.")


def test_a_command_is_loaded_when_it_is_named():
    group = make_group()
    context = click.Context(group)

    command = group.get_command(context, "show")

    assert command is not None
    assert command.name == "doctor"
    assert group.get_command(context, "nothing") is None


@pytest.mark.parametrize(
    ("name", "answer"),
    [("lsit", "Did you mean 'list'?"), ("xyzzy", "There are: list, show.")],
)
def test_an_unknown_command_is_met_with_the_nearest_or_with_all(name: str, answer: str):
    group = make_group()

    with pytest.raises(click.UsageError) as caught:
        group.main([name], standalone_mode=False)

    assert caught.value.format_message() == f"No such command: {name}. {answer}"


@pytest.mark.parametrize(
    "heavy", ["pydantic", "ruamel", "questionary", "plotille", "synapse_sdk.plugins", "synapse_sdk.workspace"]
)
@pytest.mark.parametrize(
    "arguments", [["--help"], ["plugin", "--help"], ["run", "--help"], ["plugin", "rnu"]]
)
def test_help_and_slips_of_the_finger_load_nothing_heavy(heavy: str, arguments: list[str]):
    code = (
        "import sys; from synapse_sdk.cli.rim import run; run(sys.argv[2:]);"
        "sys.exit(any(name == sys.argv[1] or name.startswith(sys.argv[1] + '.') for name in sys.modules))"
    )

    answer = subprocess.run(
        [sys.executable, "-P", "-c", code, heavy, *arguments], capture_output=True, check=False
    )

    assert answer.returncode == 0
