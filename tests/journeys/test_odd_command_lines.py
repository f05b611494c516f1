"""Whatever somebody types, the answer is a sentence and an exit code, never a traceback of ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli_process import Synapse, run_to_end
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN

LONG = "a" * 5000
NOT_UTF8 = "caf\udce9"
DEEP = "[" * 20_000
DIGITS = "9" * 5000
#: Beside the plugin's folder, where the lines are typed: a text, an empty folder, a link to itself.
PLACES = ("/nowhere", "../file", "../empty", "../loop", LONG, NOT_UTF8)

#: What follows `synapse plugin run`, by what is odd about it.
RUNS = {
    "an action": [
        [word] for word in ("", " ", "trian", "TRAIN", "../train", "한국어", "🚀", NOT_UTF8, LONG, "\x1b[2J")
    ],
    "too much": [["train", "extra"], ["train", ""], ["--", "--help"], ["--", "train", "--help"]],
    "an option without its value": [
        ["train", option]
        for option in ("--path", "--params", "--set", "--mode", "-m", "-p", "--gpus", "--cpus", "-mp")
    ],
    "an option that is not there": [
        ["train", option] for option in ("--bogus", "--json=yes", "--debug=1", "-x", "--no-json", "-")
    ],
    "a path": [
        ["train", "--path", path]
        for path in (*PLACES, "\n", "plugin", "plugin/train.py", "~nobody", "/dev/null")
    ],
    "a code": [["train", "--plugin", code] for code in ("", "nope", "demo ", LONG, NOT_UTF8, "*")],
    "a code below a path": [
        ["train", "--plugin", "demo", "--path", path] for path in ("/nowhere", "../file", "../empty", LONG)
    ],
    "params that are no object": [
        ["train", "--params", text]
        for text in ("", " ", "{", "}", "[]", "null", "5", "'{}'", "{epochs:5}", "NaN", "\ufeff{}")
    ],
    "params that are too much": [
        ["train", "--params", text] for text in (DEEP, '{"a":' * 20_000, f'{{"epochs": {DIGITS}}}')
    ],
    "params that do not fit": [
        ["train", "--params", text]
        for text in ('{"epochs": 1e400}', '{"epochs": NaN}', '{"": 1}', '{"name": null}', '{"name": 5}')
    ],
    "a file of params": [
        ["train", "--params", f"@{file}"]
        for file in ("missing", "", "..", "../file", "../loop", LONG, NOT_UTF8, "config.yaml", "/dev/null")
    ],
    "a single value": [
        ["train", "--set", pair]
        for pair in ("", "=", "=5", "epochs", "epochs=", "epochs=x", "epochs=-1", "epochs==5", "epochs.a=1")
    ],
    "a single value of an odd name": [
        ["train", "--set", pair] for pair in (".=1", "epochs.=1", "a.b.c=1", f"{LONG}=1", f"{NOT_UTF8}=1")
    ],
    "a single value that is too much": [
        ["train", "--set", pair]
        for pair in ("epochs=1e400", f"epochs={DEEP}", f"x={DEEP}", f"epochs={DIGITS}", "dataset=NaN")
    ],
    "a number of GPUs": [
        ["train", "--gpus", number] for number in ("-1", "1.5", "x", "", "1e3", "9" * 30, DIGITS)
    ],
    "a number of CPUs": [["train", "--cpus", number] for number in ("-1", "0", "x", "9" * 30)],
    "a mode": [["train", "--mode", mode] for mode in ("", "LOCAL", "ray", "task", "job", "remote", NOT_UTF8)],
}
#: Whole command lines, by what is odd about them.
OTHERS = {
    f"a path for {command}": [[*command.split(), "--path", path] for path in PLACES]
    for command in (
        *("plugin info", "plugin check", "plugin update-config", "plugin publish --dry-run", "plugin test"),
        *("run show 1", "run metrics 1"),
    )
} | {
    "a config": [
        [*command.split(), "--config", path]
        for command in ("plugin check", "plugin update-config", "plugin publish")
        for path in ("/nowhere.yaml", "../file", "../empty", "plugin/train.py", LONG)
    ],
    "a number of a run": [
        ["run", "show", number] for number in ("", "x", "0", "-1", "1.5", "9" * 30, "9" * 300, DIGITS, "1_0")
    ],
    "a metric of no run": [["run", "metrics", "9"], ["run", "metrics", "9", "-k", "loss"]],
    "a secret to allow": [
        ["plugin", "publish", "--dry-run", "--allow-secret", path]
        for path in ("", "/nowhere", "..", NOT_UTF8)
    ],
    "a name": [
        ["plugin", "create", "--yes", "--name", name] for name in ("", " ", "!!!", LONG, NOT_UTF8, "\n")
    ],
    "a code to create": [
        ["plugin", "create", "--yes", "--name", "X", "--code", code] for code in ("A B", "../x", "-x", LONG)
    ],
    "a category": [
        ["plugin", "create", "--yes", "--name", "X", "--category", word] for word in ("nope", NOT_UTF8)
    ],
    "a place to create in": [
        ["plugin", "create", "--yes", "--name", "X", "--path", path] for path in ("../file", "../loop", LONG)
    ],
    "a folder to register": [["dataset", "register", path] for path in PLACES],
    "a dataset": [
        ["dataset", "show", wanted] for wanted in ("", "0", "-1", "9" * 30, "nope", LONG, NOT_UTF8)
    ],
    "a model": [["model", "show", wanted] for wanted in ("", "0", "-1", "9" * 30, "x", NOT_UTF8)],
    "an export": [
        ["model", "export", *rest]
        for rest in (["9", "x"], ["x", "y"], ["9" * 30, "x"], ["1", ""], ["1"], ["1", LONG])
    ],
    "a command": [["--"], ["-"], ["--", "plugin"], ["plugin", "--", "nope"], [NOT_UTF8], ["plugin", LONG]],
}

#: Answers each line in a process of its own. Forked, so that hundreds of them load the libraries once.
ANSWER_ALL = """
import json, os, sys, tempfile
import synapse_sdk.cli.plugin.run, synapse_sdk.plugins.runner, synapse_sdk.packaging
from synapse_sdk.cli.rim import run

answers = []
for line in json.load(open(sys.argv[1])):
    streams = [tempfile.TemporaryFile("w+b") for _ in range(2)]
    child = os.fork()
    if not child:
        os.dup2(streams[0].fileno(), 1)
        os.dup2(streams[1].fileno(), 2)
        sys.exit(run(line))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = []
    for stream in streams:
        stream.seek(0)
        said.append(stream.read().decode("utf-8", "backslashreplace"))
    answers.append([code, *said])
print(json.dumps(answers))
"""


@pytest.fixture
def plugin(write_plugin: WritePlugin, tmp_path: Path) -> Path:
    folder = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    (tmp_path / "file").write_text("a text\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    return folder


def answer_all(synapse: Synapse, plugin: Path, lines: Sequence[Sequence[str]]) -> list[tuple[int, str, str]]:
    """Return each line's exit code, stdout and stderr."""
    (synapse.cwd / "lines.json").write_text(json.dumps(lines))
    command = [sys.executable, "-P", "-c", ANSWER_ALL, str(synapse.cwd / "lines.json")]
    answered = run_to_end(command, cwd=plugin, env=synapse.env())
    assert answered.returncode == 0, answered
    return [(code, stdout, stderr) for code, stdout, stderr in answered.json()]


def find_bad_answers(synapse: Synapse, plugin: Path, lines: Sequence[Sequence[str]]) -> list[str]:
    """Say each line whose answer is not an exit code of 2 or 3 with a sentence on stderr."""
    bad = []
    for line, (code, stdout, stderr) in zip(lines, answer_all(synapse, plugin, lines), strict=True):
        has_sentence = stderr.startswith("Usage: ") or "error: " in stderr
        is_ours_alone = not any(word in stderr for word in ("Traceback", "pydantic", "Exception ignored"))
        if not (code in (2, 3) and has_sentence and is_ours_alone):
            shown = ascii(" ".join(line))[:80]
            bad.append(f"synapse {shown} -> {code}, stdout {stdout[-80:]!r}, stderr …{stderr[-300:]!r}")
    return bad


@pytest.mark.parametrize("what", RUNS)
def test_a_run_asked_oddly_is_refused_with_a_sentence(synapse: Synapse, plugin: Path, what: str):
    lines = [["plugin", "run", *line] for line in RUNS[what]]

    assert find_bad_answers(synapse, plugin, lines) == []
    assert not (plugin / ".synapse").exists()


@pytest.mark.parametrize("what", OTHERS)
def test_any_command_asked_oddly_is_refused_with_a_sentence(synapse: Synapse, plugin: Path, what: str):
    before = sorted(plugin.rglob("*"))

    assert find_bad_answers(synapse, plugin, OTHERS[what]) == []
    assert sorted(plugin.rglob("*")) == before


TEXTS_THAT_ARE_NOT_UTF8 = [
    ["plugin", "run", "train", "--set", f"name={NOT_UTF8}"],
    ["plugin", "run", "train", "--params", f'{{"name": "{NOT_UTF8}"}}'],
    ["plugin", "run", "train", "--params", '{"name": "\\ud800"}'],
]


@pytest.mark.parametrize("line", TEXTS_THAT_ARE_NOT_UTF8, ids=["set", "params", "an escape"])
def test_a_param_that_is_not_utf8_is_run_or_refused_but_no_accident(
    synapse: Synapse, plugin: Path, line: list[str]
):
    [(code, _, stderr)] = answer_all(synapse, plugin, [line])

    assert code in (0, 2)
    assert "Traceback" not in stderr
