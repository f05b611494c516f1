"""`--json` is for programs: one JSON document on stdout and nothing beside it, whatever happens."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from synapse_sdk.cli.rim import build_cli
from tests.cli_process import Synapse
from tests.conftest import WritePlugin
from tests.journeys.platform import ENVIRONMENT_TIMEOUT_S, Platform
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, WAIT, action_source
from tests.journeys.watching import wait_for_output

#: How each command is asked for something that it can answer; `{…}` are things that the story made before.
ANSWERS = {
    "plugin create": ["--name", "Other", "--code", "other", "--category", "neural_net", "--yes"],
    "plugin run": ["train", "--path", "{plugin}"],
    "plugin update-config": ["--path", "{plugin}"],
    "plugin check": ["--path", "{plugin}"],
    "plugin test": ["--path", "{plugin}"],
    "plugin info": ["--path", "{plugin}"],
    "plugin publish": ["--path", "{plugin}", "--dry-run"],
    "run list": ["--path", "{plugin}"],
    "run show": ["1", "--path", "{plugin}"],
    "run metrics": ["1", "--path", "{plugin}"],
    "run trials": ["1", "--path", "{plugin}"],
    "dataset register": ["{folder}"],
    "dataset list": [],
    "dataset show": ["1"],
    "model list": [],
    "model show": ["1"],
    "model export": ["1", "copy.pt"],
    "doctor": [],
    "completion": ["zsh"],
}
#: The same for commands that speak to a server, or run one.
_JOB_ANSWERS = {
    "list": [],
    "get": ["{job}"],
    "logs": ["{job}"],
    "events": ["{job}"],
    "metrics": ["{job}"],
    "trials": ["{job}"],
    "download": ["{job}", "--to", "{fresh}/outputs"],
    "follow": ["{job}"],
    "stop": ["{job}"],
}
SERVER_ANSWERS = {
    **{f"job {name}": words for name, words in _JOB_ANSWERS.items()},
    **{f"plugin job {name}": words for name, words in _JOB_ANSWERS.items()},
    "release list": [],
    "release show": ["demo@0.1.0"],
    "release diff": ["1", "1"],
    "agent list": [],
    "agent show": ["1"],
    "agent gc": ["--folder", "{fresh}", "--dry-run"],
    "login": ["--host", "{url}", "--token-file", "{token_file}"],
    "logout": [],
    "server status": ["--data-dir", "{data}"],
    "server token": ["--data-dir", "{data}"],
    "server token list": ["--data-dir", "{data}"],
    "server token revoke": ["{spare_token}", "--data-dir", "{data}"],
    "server account list": ["--data-dir", "{data}"],
    "server account add": ["{spare_account}-too", "--data-dir", "{data}"],
    "server account role": ["{spare_account}", "viewer", "--data-dir", "{data}"],
    "server account password": [
        "{spare_account}",
        "--password-file",
        "{password_file}",
        "--data-dir",
        "{data}",
    ],
    "server account disable": ["{spare_account}", "--data-dir", "{data}"],
    "server account enable": ["{spare_account}", "--data-dir", "{data}"],
    "server link": ["--data-dir", "{data}"],
    "server backup": ["--data-dir", "{data}", "{fresh}/backup"],
    "server restore": ["--data-dir", "{fresh}/restored", "{backup}"],
    "server gc": ["--data-dir", "{data}", "--dry-run"],
}
#: Answer once and go on; `test_login.py` and `test_agent_alone.py` start them.
FOREVER = {"server start", "agent start"}
#: How each command is asked wrongly. Those that take nothing are asked with an option that they have not.
MISTAKES = {
    "plugin create": ["--yes"],
    "plugin run": ["trian", "--path", "{plugin}"],
    "plugin update-config": ["--path", "/nowhere"],
    "plugin check": ["--path", "/nowhere"],
    "plugin test": ["--path", "/nowhere"],
    "plugin info": ["--path", "/nowhere"],
    "plugin publish": ["--path", "/nowhere", "--dry-run"],
    "run list": ["--path", "/nowhere"],
    "run show": ["99", "--path", "{plugin}"],
    "run metrics": ["1", "--path", "{plugin}", "--key", "none"],
    "run trials": ["99", "--path", "{plugin}"],
    "dataset register": ["/nowhere"],
    "dataset list": ["--bogus"],
    "dataset show": ["99"],
    "model list": ["--bogus"],
    "model show": ["99"],
    "model export": ["99", "copy.pt"],
    "doctor": ["--bogus"],
    "completion": ["csh"],
}


def iter_commands(group: click.Group | None = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Walk through the command tree as the program itself builds it."""
    group = group or build_cli()
    context = click.Context(group)
    for name in group.list_commands(context):
        try:
            command = group.get_command(context, name)
        except ModuleNotFoundError:
            continue
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield (*path, name)
            yield from iter_commands(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = [" ".join(path) for path in iter_commands()]


@pytest.fixture
def made(synapse: Synapse, write_plugin: WritePlugin, tmp_path: Path) -> dict[str, str]:
    """A plugin that ran, a dataset and a model, so that every command has something to answer."""
    source = action_source("""
        from pathlib import Path
        Path("best.pt").write_bytes(b"weights")
        self.set_metrics({"epoch": 1, "loss": 0.5}, step="train")
        self.create_model("best.pt")
        return {"loss": 0.5}
    """)
    plugin = write_plugin(
        DEMO_CONFIG, {"plugin/train.py": source, "tests/test_it.py": "def test_it():\n    pass\n"}
    )
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "one.txt").write_text("1")
    synapse("dataset", "register", folder)
    synapse("plugin", "run", "train", "--path", plugin)
    return {"plugin": str(plugin), "folder": str(folder)}


@pytest.fixture(scope="module")
def served(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A server with a job that has ended, and a backup of it."""
    job = platform.submit("count", epochs=2)
    platform.wait_for_end(job, timeout_s=ENVIRONMENT_TIMEOUT_S)
    folder = tmp_path_factory.mktemp("served")
    platform.synapse("server", "backup", "--data-dir", platform.server.data_dir, folder / "backup")
    (folder / "token").write_text(platform.token)
    (folder / "password").write_text("correct horse\n")
    data = platform.server.data_dir
    platform.synapse("server", "token", "--account", "spare", "--data-dir", data)
    listed = platform.synapse("server", "token", "list", "--account", "spare", "--data-dir", data, "--json")
    return {
        "job": str(job),
        "spare_account": "spare",
        "spare_token": str(listed.json()["tokens"][0]["id"]),
        "password_file": str(folder / "password"),
        "url": platform.server.url,
        "data": str(platform.server.data_dir),
        "backup": str(folder / "backup"),
        "token_file": str(folder / "token"),
    }


@pytest.mark.parametrize("command", sorted(SERVER_ANSWERS))
def test_every_command_of_a_server_answers_with_one_json_document(
    synapse: Synapse, platform: Platform, served: dict[str, str], tmp_path: Path, command: str
):
    given = {**served, "fresh": str(tmp_path)}
    arguments = [argument.format(**given) for argument in SERVER_ANSWERS[command]]
    # Of a home of its own where the login itself is meant.
    ask = synapse if command in ("login", "logout") else platform.synapse

    answer = ask(*command.split(), *arguments, "--json")

    assert answer.returncode == 0, answer
    assert isinstance(answer.json(), dict | list)
    assert answer.stdout.count("\n") == 1, answer


@pytest.mark.parametrize("command", sorted({*SERVER_ANSWERS, *FOREVER}))
def test_every_command_of_a_server_answers_a_mistake_with_one_json_document(synapse: Synapse, command: str):
    answer = synapse(*command.split(), "--bogus", "--json")

    assert answer.returncode == 2, answer
    assert set(answer.json()["error"]) == {"type", "message", "details", "hint"}


@pytest.mark.parametrize("command", sorted(ANSWERS))
def test_every_command_answers_with_one_json_document(synapse: Synapse, made: dict[str, str], command: str):
    arguments = [argument.format(**made) for argument in ANSWERS[command]]

    answer = synapse(*command.split(), *arguments, "--json")

    assert answer.returncode == 0, answer
    assert isinstance(answer.json(), dict | list)
    assert answer.stdout.count("\n") == 1, answer


@pytest.mark.parametrize("command", sorted(MISTAKES))
def test_every_command_answers_a_mistake_with_one_json_document(
    synapse: Synapse, made: dict[str, str], command: str
):
    arguments = [argument.format(**made) for argument in MISTAKES[command]]

    answer = synapse(*command.split(), *arguments, "--json")

    assert answer.returncode == 2, answer
    assert "Traceback" not in answer.stderr, answer
    document = answer.json()
    if "error" in document:
        assert set(document["error"]) == {"type", "message", "details", "hint"}
        assert f"error: {document['error']['message']}".splitlines()[0] in answer.stderr
    else:
        assert command == "plugin check", answer
        assert document["ok"] is False


def test_no_command_is_missing_here():
    assert set(ANSWERS) == set(MISTAKES)
    assert set(COMMANDS) == {*ANSWERS, *SERVER_ANSWERS, *FOREVER}


NOISE = action_source("""
    print("printed")
    sys.stderr.write("said\\n")
    sys.__stdout__.write("printed past a redirect\\n")
    os.write(1, b"written to the descriptor\\n")
    subprocess.run(["echo", "a child printed"], check=True)
    os.system("echo a shell printed")
    return {"answer": 42}
""")


def test_what_an_action_prints_by_itself_goes_to_stderr(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(
        DEMO_CONFIG, {"plugin/train.py": NOISE, "plugin/__init__.py": "print('printed on import')\n"}
    )

    answer = synapse("plugin", "run", "train", "--json", cwd=plugin)

    assert answer.returncode == 0, answer
    assert answer.json()["result"] == {"answer": 42}
    for noise in ("printed", "printed past a", "written to", "a child", "a shell", "printed on import"):
        assert noise in answer.stderr, answer


def test_without_json_an_action_prints_where_it_always_did(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": NOISE})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.stdout.splitlines()[-1] == "answer  42"
    for noise in ("printed", "printed past a", "written to", "a child", "a shell"):
        assert noise in answer.stdout, answer
    assert "written to" not in answer.stderr


@pytest.mark.parametrize(
    ("body", "state"),
    [("print('noise')\nraise ValueError('no')", "FAILED"), ("print('noise')\nsys.exit(0)", "FAILED")],
)
def test_a_run_that_fails_is_one_document_too(
    synapse: Synapse, write_plugin: WritePlugin, body: str, state: str
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": action_source(body)})

    answer = synapse("plugin", "run", "train", "--json", cwd=plugin)

    assert answer.returncode == 1, answer
    document = answer.json()
    assert (document["run"], document["state"]) == (1, state)
    assert document["failure"]["traceback"].startswith("Traceback")


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("print('noise')\nimport not_there_at_all\n", "ModuleImportError"),
        ("print('noise')\nraise OSError('x')\n", "ModuleImportError"),
        ("print('noise')\nAction = 3\n", "PluginRunError"),
        ("print('noise')\n", "ActionNotFoundError"),
    ],
)
def test_a_plugin_that_can_not_be_imported_is_one_document_too(
    synapse: Synapse, write_plugin: WritePlugin, source: str, kind: str
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", "--json", cwd=plugin)

    assert answer.json()["error"]["type"] == kind, answer


def test_a_run_that_is_interrupted_is_one_document_too(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": WAIT})
    process = synapse.start("plugin", "run", "train", "--json", cwd=plugin)
    wait_for_output(process, "begun", on="stderr")

    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)

    assert process.returncode == 130, stderr
    assert json.loads(stdout)["state"] == "STOPPED"


def test_an_interruption_before_the_run_is_one_document_too(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(
        DEMO_CONFIG, {"plugin/train.py": "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"}
    )
    process = synapse.start("plugin", "run", "train", "--json", cwd=plugin)
    wait_for_output(process, "begun", on="stderr")

    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)

    assert process.returncode == 130, stderr
    assert json.loads(stdout) == {
        "error": {"type": "Interrupted", "message": "Interrupted", "details": {}, "hint": None}
    }


def test_text_that_is_not_utf8_is_still_a_document(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN}, folder="caf\udce9")

    answer = synapse("plugin", "info", "--path", os.fsdecode(os.fsencode(plugin)), "--json")

    assert ascii(answer.json()["folder"]) == ascii(str(plugin))


def test_a_terminal_of_another_encoding_gets_a_document_all_the_same(
    synapse: Synapse, write_plugin: WritePlugin
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": action_source("return {'name': '한국어'}")})

    answer = synapse("plugin", "run", "train", "--json", cwd=plugin, env={"PYTHONIOENCODING": "ascii"})

    assert answer.json()["result"] == {"name": "한국어"}
