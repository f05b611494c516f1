"""`synapse plugin create`: what it makes works as it is, and what it refuses leaves no trace."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import pytest
from tests.cli_process import SYNAPSE, Synapse, run_to_end
from tests.terminal_session import TerminalSession, open_terminal

from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.scaffold import BLUEPRINTS

CREATE = ("plugin", "create", "--name", "Box Checker", "--code", "box")
FOLDER = "synapse-box-plugin"


def test_help_names_every_category(synapse: Synapse):
    said = " ".join(synapse("plugin", "create", "--help").stdout.split())

    assert all(category in said for category in PluginCategory)


@pytest.mark.parametrize("category", list(PluginCategory))
def test_a_new_plugin_runs_and_is_ready_to_publish_with_zero_edits(
    synapse: Synapse, category: PluginCategory
):
    created = synapse(*CREATE, "--category", category, "--json")
    assert created.returncode == 0, created
    plugin, action = Path(created.json()["path"]), created.json()["action"]

    ran = synapse("plugin", "run", action, "--json", cwd=plugin)
    checked = synapse("plugin", "check", "--strict", "--import", cwd=plugin)
    updated = synapse("plugin", "update-config", "--check", cwd=plugin)
    tested = synapse("plugin", "test", "--json", cwd=plugin)
    published = synapse("plugin", "publish", "--dry-run", "--json", cwd=plugin)

    assert ran.returncode == 0, ran
    assert Path(ran.json()["result"].get("output_path") or ran.json()["result"]["model_path"]).is_file()
    assert checked.returncode == 0, checked
    assert updated.returncode == 0, updated
    assert tested.returncode == 0, tested
    assert tested.json()["passed"] >= 5
    assert tested.json()["skipped"] == 0
    assert published.returncode == 0, published
    release = published.json()
    travels = {file["path"] for file in release["files"]}
    stays = ("tests/", "config.schema.json")
    assert travels == {path for path in created.json()["files"] if not path.startswith(stays)}
    assert release["warnings"] == []


def test_a_neural_net_goes_on_from_its_model_and_predicts(synapse: Synapse):
    assert synapse(*CREATE, "--category", "neural_net").returncode == 0
    plugin = synapse.cwd / FOLDER

    first = synapse("plugin", "run", "train", "--set", "epochs=2", "--json", cwd=plugin).json()["result"]
    second = synapse(
        *("plugin", "run", "train", "--set", "epochs=1", "--set", f"checkpoint={first['model_id']}"),
        "--json",
        cwd=plugin,
    ).json()["result"]
    predicted = synapse("plugin", "run", "inference", "--set", "model=2", "--json", cwd=plugin)

    assert (first["epochs"], second["epochs"]) == (2, 3)
    assert second["metrics"]["loss"] < first["metrics"]["loss"]
    assert predicted.returncode == 0, predicted
    output = Path(predicted.json()["result"]["output_path"])
    assert output == plugin / "outputs/predictions.csv"
    assert len(output.read_text().splitlines()) == 1 + predicted.json()["result"]["processed_count"]


def test_the_answer_is_a_tree_and_the_next_commands(synapse: Synapse):
    created = synapse(*CREATE, "-c", "neural_net", "-p", "my plugins")

    assert created.returncode == 0
    assert created.stdout.startswith(f"{FOLDER}/\n├── .gitignore\n")
    assert "├── plugin/\n│   ├── __init__.py\n│   ├── classifier.py\n" in created.stdout
    next_commands = [line.strip() for line in created.stderr.splitlines() if line.startswith("  ")]
    assert next_commands == [
        f"cd 'my plugins/{FOLDER}'",
        "synapse plugin run train",
        "synapse plugin test",
    ]


def test_yes_says_which_defaults_it_took(synapse: Synapse):
    created = synapse("plugin", "create", "--name", "Box Checker", "--yes", "--json")

    assert created.returncode == 0, created
    assert (created.json()["code"], created.json()["category"]) == ("box-checker", "custom")
    assert "code: box-checker (made from the name" in created.stderr
    assert "category: custom (the default; --category also takes" in created.stderr
    assert all(category in created.stderr for category in PluginCategory)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((), ["--name", "--code", "--category"]),
        (("--yes",), ["--name", "--code", "--category"]),
        (("--yes", "--code", "box"), ["--name", "--category"]),
        (("--name", "Box"), ["--code", "--category"]),
        (("--code", "box", "--category", "custom"), ["--name"]),
        (("--yes", "--name", "검사"), ["--code"]),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_asked(
    synapse: Synapse, given: tuple[str, ...], missing: list[str]
):
    refused = synapse("plugin", "create", *given, "--json")

    assert refused.returncode == 2, refused
    assert refused.json()["error"]["details"]["missing"] == missing
    error = refused.stderr.partition("hint:")[0]
    assert all(flag in error for flag in missing)
    assert "synapse plugin create" in refused.stderr or "--yes" in refused.stderr
    assert list(synapse.cwd.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--code", "Box!", "--category", "custom"), "code is 'Box!', and must be lowercase letters"),
        (("--code", "box", "--category", "neural"), "did you mean neural_net?"),
        (("--code", "box", "--category", "zzz"), "neural_net, export, upload, smart_tool, post_annotation"),
        (("--name", "two\nlines", "--code", "box", "--category", "custom"), "one line of text"),
    ],
)
def test_an_answer_that_does_not_fit_is_explained(synapse: Synapse, arguments: tuple[str, ...], said: str):
    refused = synapse("plugin", "create", "--name", "Box", *arguments)

    assert refused.returncode == 2, refused
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert list(synapse.cwd.iterdir()) == []


@pytest.mark.parametrize("name", ['It\'s "x" \\ $HOME `id` {0}', "true", "한글 🦊", "# - [a]: b"])
def test_a_hostile_name_is_only_a_name(synapse: Synapse, name: str):
    created = synapse("plugin", "create", "--name", name, "--code", "box", "--yes", "--json")
    shown = synapse("plugin", "info", "--json", cwd=synapse.cwd / FOLDER)
    ran = synapse("plugin", "run", "main", cwd=synapse.cwd / FOLDER)

    assert created.json()["name"] == name
    assert shown.json()["name"] == name
    assert ran.returncode == 0, ran


def test_a_folder_that_exists_is_refused_even_with_yes(synapse: Synapse):
    (synapse.cwd / FOLDER).mkdir()
    (synapse.cwd / FOLDER / "precious.txt").write_text("mine")

    refused = synapse(*CREATE, "--category", "custom", "--yes")

    assert refused.returncode == 2, refused
    assert str(synapse.cwd / FOLDER) in refused.stderr
    assert "--code or --path" in refused.stderr
    assert [path.name for path in synapse.cwd.rglob("*")] == [FOLDER, "precious.txt"]


def test_a_full_disk_leaves_nothing(synapse: Synapse):
    # A real limit of the process, which the new process keeps: no file may grow beyond it.
    limit = f"import os, resource; resource.setrlimit({resource.RLIMIT_FSIZE}, (1000, 1000)); "
    start = f"os.execv({sys.executable!r}, {[*SYNAPSE, *CREATE, '--category', 'custom']!r})"
    limited = (sys.executable, "-c", limit + start)

    refused = run_to_end(limited, cwd=synapse.cwd, env=synapse.env({"PYTHONDONTWRITEBYTECODE": "1"}))

    assert refused.returncode == 1, refused
    assert "can not be written: File too large" in refused.stderr
    assert list(synapse.cwd.iterdir()) == []


def terminal(synapse: Synapse, *arguments: str):
    argv = [*SYNAPSE, "plugin", "create", *arguments]
    return open_terminal(argv, cwd=synapse.cwd, env=synapse.env(), columns=100)


def answer_name_and_code(session: TerminalSession) -> None:
    session.expect("Name of the plugin:")
    session.type("Box Checker\r")
    session.expect("Its code:")
    session.expect("box-checker")
    session.type("\r")


def test_on_a_terminal_open_questions_are_asked(synapse: Synapse):
    with terminal(synapse) as session:
        answer_name_and_code(session)
        session.expect("Its category:")
        session.expect(BLUEPRINTS[PluginCategory.CUSTOM].purpose)
        session.type("\x1b[B\r")  # one down: export
        session.expect("Made Box Checker.")
        assert session.wait() == 0

    config = (synapse.cwd / "synapse-box-checker-plugin/config.yaml").read_text()
    assert "category: export\n" in config


def test_what_an_option_answers_is_not_asked(synapse: Synapse):
    with terminal(synapse, "--name", "Box", "--category", "custom") as session:
        session.expect("Its code:")
        session.type("\r")
        assert session.wait() == 0
        assert "Name of the plugin" not in session.screen
        assert "Its category" not in session.screen

    assert (synapse.cwd / FOLDER).is_dir()


def test_an_answer_that_does_not_fit_is_asked_for_again(synapse: Synapse):
    with terminal(synapse, "--name", "Box", "--category", "custom") as session:
        session.expect("Its code:")
        session.type(" No!\r")
        session.expect("The code is")
        session.type("\x15neat\r")  # Ctrl-U clears the line
        assert session.wait() == 0

    assert (synapse.cwd / "synapse-neat-plugin").is_dir()


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_leaving_while_asked_leaves_nothing(synapse: Synapse, key: str):
    with terminal(synapse, "--path", "new") as session:
        session.expect("Name of the plugin:")
        session.type(key)
        assert session.wait() == 130
        assert "Traceback" not in session.screen

    assert list(synapse.cwd.iterdir()) == []


def test_leaving_at_the_last_question_leaves_nothing(synapse: Synapse):
    with terminal(synapse, "--path", "new") as session:
        answer_name_and_code(session)
        session.expect("Its category:")
        session.type("\x03")
        assert session.wait() == 130

    assert list(synapse.cwd.iterdir()) == []


def test_yes_asks_nothing_on_a_terminal_either(synapse: Synapse):
    with terminal(synapse, "--name", "Box", "--yes") as session:
        assert session.wait() == 0

    assert (synapse.cwd / FOLDER).is_dir()


def test_questions_stay_out_of_the_result(synapse: Synapse, tmp_path: Path):
    result = tmp_path / "result.json"
    script = "import os, sys; os.dup2(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), 1); "
    script += "os.execv(sys.argv[2], sys.argv[2:])"
    asking = [*SYNAPSE, "plugin", "create", "--json", "--category", "custom"]

    with open_terminal(
        [sys.executable, "-c", script, str(result), *asking], cwd=synapse.cwd, env=synapse.env()
    ) as session:
        answer_name_and_code(session)
        assert session.wait() == 0

    assert json.loads(result.read_text())["code"] == "box-checker"
