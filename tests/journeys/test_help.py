"""Every command explains itself, and a slip of the finger is met with a suggestion."""

from __future__ import annotations

import click
import pytest

from synapse_sdk.cli.rim import build_cli
from tests.cli_process import Synapse

GROUPS = ["", "plugin", "run", "dataset", "model"]
COMMANDS = [
    *("plugin create", "plugin run", "plugin update-config", "plugin check", "plugin test", "plugin info"),
    *(
        "plugin publish",
        "run list",
        "run show",
        "run metrics",
        "run trials",
        "dataset register",
        "dataset list",
    ),
    *("dataset show", "model list", "model show", "model export", "doctor"),
]


def find_command(path: str) -> click.Command:
    command: click.Command = build_cli()
    for name in path.split():
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


@pytest.mark.parametrize("command", [*GROUPS, *COMMANDS])
def test_every_command_answers_help(synapse: Synapse, command: str):
    answer = synapse(*command.split(), "--help")

    assert answer.returncode == 0, answer
    assert answer.stdout.startswith(f"Usage: {' '.join(['synapse', *command.split()])} ")
    assert answer.stderr == ""
    assert all(len(line) <= 80 for line in answer.stdout.splitlines()), answer


def test_the_short_option_gives_the_same_help(synapse: Synapse):
    for command in ("", "plugin", "plugin run"):
        assert synapse(*command.split(), "-h").stdout == synapse(*command.split(), "--help").stdout


@pytest.mark.parametrize("command", [*GROUPS, *COMMANDS])
def test_every_option_is_documented(command: str):
    found = find_command(command)

    assert found.help
    for option in found.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.opts} of `synapse {command}` has no help text"
            assert option.help.rstrip().endswith((".", ")")), f"{option.opts}: {option.help!r}"


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_alone_shows_its_commands_and_counts_as_a_mistake(synapse: Synapse, group: str):
    answer = synapse(*group.split())

    assert answer.returncode == 2, answer
    assert answer.stdout == ""
    assert answer.stderr.startswith("Usage: synapse ")
    assert "Commands:" in answer.stderr
    assert "..." not in answer.stderr.partition("Commands:")[2], "a command's line is cut short"


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_that_a_group_names_is_there_under_that_name(group: str):
    found = find_command(group)

    assert isinstance(found, click.Group)
    for name in found.list_commands(click.Context(found)):
        assert find_command(f"{group} {name}").name == name


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("plugn run train", "plugin"),
        ("plugin rnu train", "run"),
        ("plugin creat", "create"),
        ("plugin update_config", "update-config"),
        ("run lst", "list"),
        ("run metric 1", "metrics"),
        ("datasets list", "dataset"),
        ("dataset regster x", "register"),
        ("model exprt 1 x", "export"),
        ("docter", "doctor"),
        ("plugin run train --parms {}", "--params"),
        ("plugin run train --no-debg", "--no-debug"),
        ("plugin run train --pth x", "--path"),
        ("run metrics 1 --ky loss", "--key"),
        ("run list --al", "--all"),
        ("plugin create --nam x", "--name"),
        ("plugin publish --dryrun", "--dry-run"),
    ],
)
def test_a_misspelt_command_or_option_is_met_with_the_nearest(synapse: Synapse, line: str, suggestion: str):
    answer = synapse(*line.split())

    assert answer.returncode == 2, answer
    assert answer.stdout == ""
    error = answer.stderr.splitlines()[0]
    assert error.startswith("error: No such ")
    assert f"'{suggestion}'" in error
    assert "--help" in answer.stderr.splitlines()[1]


def test_a_command_like_no_other_is_met_with_the_list(synapse: Synapse):
    answer = synapse("xyzzy")

    assert answer.returncode == 2
    assert "There are: plugin, run, dataset, model, job, release, agent, login, logout, " in answer.stderr
    assert "server, doctor, completion." in answer.stderr


def test_a_param_given_as_an_option_is_led_to_set(synapse: Synapse):
    answer = synapse("plugin", "run", "train", "--epochs", "5")

    assert answer.returncode == 2
    assert "--set epochs=VALUE" in answer.stderr


@pytest.mark.parametrize(
    "arguments", [["--version"], ["-v"], ["-v", "plugin"], ["--version", "plugin", "run"]]
)
def test_the_version_is_one_line(synapse: Synapse, arguments: list[str]):
    answer = synapse(*arguments)

    assert answer.returncode == 0, answer
    assert answer.stdout.startswith("synapse-sdk 20")
    assert answer.stdout.count("\n") == 1
    assert answer.stderr == ""
