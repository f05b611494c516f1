"""Each way of asking wrongly that the foundation promises to answer well."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.cli_process import Finished, Synapse, run_to_end
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, HEADER, TRAIN, WAIT, action_source, config_of
from tests.journeys.watching import wait_for_output

SDK_FRAME = "synapse_sdk"


def read_outcome(plugin: Path, run: int = 1) -> dict[str, object]:
    document: dict[str, object] = json.loads((plugin / f".synapse/runs/{run}/outcome.json").read_text())
    return document


def has_no_frame_of_ours(answer: Finished) -> bool:
    frames = [line for line in answer.said.splitlines() if line.lstrip().startswith('File "')]
    return not any(SDK_FRAME in line or "click" in line for line in frames)


# --- no config.yaml


@pytest.mark.parametrize(
    "command",
    [
        ("plugin", "run", "train"),
        ("plugin", "info"),
        ("plugin", "update-config"),
        ("run", "list"),
        ("run", "show", "1"),
        ("run", "metrics", "1"),
    ],
    ids=" ".join,
)
def test_without_a_config_file_it_says_where_it_looked_and_the_two_ways_on(
    synapse: Synapse, command: tuple[str, ...]
):
    answer = synapse(*command)

    assert answer.returncode == 2, answer
    assert answer.stderr.startswith("error: Config file not found")
    assert str(synapse.cwd / "config.yaml") in answer.stderr
    assert "synapse plugin create" in answer.stderr
    assert "--path" in answer.stderr
    assert list(synapse.cwd.iterdir()) == []


# --- a config.yaml that does not fit

PLACES = [
    pytest.param("name: [\n", ["config.yaml:2:1: this is not YAML"], id="no YAML"),
    pytest.param("actions:\n\ttrain: 1\n", ["config.yaml:2:1: this is not YAML"], id="a tab"),
    pytest.param(
        "name: a\nname: b\n", ['config.yaml:2:1: this is not YAML: found duplicate key "name"'], id="twice"
    ),
    pytest.param("", ["config.yaml:1:1: the file holds nothing"], id="empty"),
    pytest.param("- a\n", ["config.yaml:1:1: the file holds a list"], id="a list"),
    pytest.param("just words\n", ["config.yaml:1:1: the file holds a text"], id="a text"),
    pytest.param(
        config_of({"train": "plugin.train:Action"}, header=HEADER.replace("0.1.0", "0.1")),
        ["config.yaml:3:10: version: 0.1 is a number", 'put it in quotes: "0.1"', '"0.1.0"'],
        id="an unquoted version",
    ),
    pytest.param(
        config_of({"train": "plugin.train:Action"}, header=HEADER.replace("0.1.0", "one")),
        ['config.yaml:3:10: version: "one" is not'],
        id="a bad version",
    ),
    pytest.param(
        config_of({"train": "plugin.train:Action"}, header=HEADER.replace("code: demo", "code: De mo")),
        ['config.yaml:2:7: code: "De mo" is not', "lowercase"],
        id="a bad code",
    ),
    pytest.param(
        config_of({"train": "plugin.train:Action"}, header=HEADER.replace("neural_net", "neural_nett")),
        ['config.yaml:4:11: category: "neural_nett" is not one of', "did you mean neural_net?"],
        id="an unknown category",
    ),
    pytest.param(
        DEMO_CONFIG + "    method: jobs\n",
        [
            'config.yaml:8:13: actions.train.method: "jobs" is not one of job, task, serve',
            "did you mean job?",
        ],
        id="an unknown method",
    ),
    pytest.param(
        HEADER + "actions:\n  train:\n    method: job\n",
        ["config.yaml:7:5: actions.train.entrypoint is missing"],
        id="no entrypoint",
    ),
    pytest.param(
        DEMO_CONFIG + "env:\n  A=B: 1\n",
        ["config.yaml:9:3: env.A=B"],
        id="an impossible variable",
    ),
    pytest.param(
        "actions: [train]\n",
        [
            "config.yaml has 5 problems:",
            "name is missing",
            "code is missing",
            "version is missing",
            "category is missing",
            "config.yaml:1:10: actions: a list is not a mapping",
        ],
        id="all problems at once",
    ),
]


@pytest.mark.parametrize(("config", "words"), PLACES)
def test_a_config_that_does_not_fit_is_told_with_line_and_column(
    synapse: Synapse, write_plugin: WritePlugin, config: str, words: list[str]
):
    plugin = write_plugin(config, {"plugin/train.py": TRAIN})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 2, answer
    assert all(word in answer.stderr for word in words), answer
    assert "Traceback" not in answer.said
    assert answer.stdout == ""
    assert not (plugin / ".synapse").exists()


def test_an_unknown_key_is_a_warning_with_its_line_and_the_nearest_key_and_the_run_goes_on(
    synapse: Synapse, write_plugin: WritePlugin
):
    plugin = write_plugin(DEMO_CONFIG + "    methud: job\nreadmee: README.md\n", {"plugin/train.py": TRAIN})
    before = (plugin / "config.yaml").read_bytes()

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 0, answer
    assert "warning: config.yaml:8:5: unknown key actions.train.methud; did you mean method?" in answer.stderr
    assert "warning: config.yaml:9:1: unknown key readmee; did you mean readme?" in answer.stderr
    assert (plugin / "config.yaml").read_bytes() == before


def test_an_unknown_key_stops_a_strict_check(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG + "    methud: job\n", {"plugin/train.py": TRAIN})

    lenient = synapse("plugin", "check", cwd=plugin)
    strict = synapse("plugin", "check", "--strict", cwd=plugin)

    assert (lenient.returncode, strict.returncode) == (0, 2), (lenient, strict)
    assert "config.yaml:8:5" in lenient.said
    assert "config.yaml:8:5" in strict.said


# --- an action or params that are not there


def test_an_unknown_action_is_told_with_the_known_ones_and_the_closest(
    synapse: Synapse, write_plugin: WritePlugin
):
    config = config_of({"train": "plugin.train:Action", "inference": "plugin.train:Action"})
    plugin = write_plugin(config, {"plugin/train.py": TRAIN})

    answer = synapse("plugin", "run", "trian", cwd=plugin)

    assert answer.returncode == 2, answer
    assert answer.stderr == (
        "error: Action not found: trian. This plugin has inference, train.\nhint:  Did you mean 'train'?\n"
    )
    assert not (plugin / ".synapse").exists()


@pytest.mark.parametrize(
    ("entrypoint", "words"),
    [
        ("plugin.trein:Action", "names the module 'plugin.trein', which is not in"),
        ("plugin.train:Axtion", "names 'Axtion', which is not in"),
    ],
)
def test_an_entrypoint_that_names_nothing_is_an_action_that_is_not_found(
    synapse: Synapse, write_plugin: WritePlugin, entrypoint: str, words: str
):
    plugin = write_plugin(config_of({"train": entrypoint}), {"plugin/train.py": TRAIN})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 2, answer
    assert answer.stderr.startswith("error: Action not found: ")
    assert words in answer.stderr
    assert "Traceback" not in answer.said


def test_params_that_do_not_fit_are_all_told_each_with_its_value_and_its_rule(
    synapse: Synapse, write_plugin: WritePlugin
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})

    answer = synapse(
        "plugin", "run", "train", "--params", '{"epochs": 0, "dataset": "cats", "epoch": 3}', cwd=plugin
    )

    assert answer.returncode == 2, answer
    assert "The params of train do not fit:" in answer.stderr
    assert "epochs: Input should be greater than or equal to 1 (given: 0)" in answer.stderr
    assert "dataset: Input should be a valid integer" in answer.stderr
    assert "(given: 'cats')" in answer.stderr
    assert "epoch: there is no such param; did you mean epochs?" in answer.stderr
    assert "Traceback" not in answer.said
    assert not (plugin / ".synapse").exists()


def test_a_single_value_is_checked_like_the_params(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})

    wrong = synapse("plugin", "run", "train", "--set", "epochs=many", cwd=plugin)
    right = synapse("plugin", "run", "train", "--set", "epochs=2", "--set", "name=5", "--json", cwd=plugin)

    assert wrong.returncode == 2, wrong
    assert "epochs: " in wrong.stderr
    assert "(given: 'many')" in wrong.stderr
    assert right.json()["result"]["final_loss"] == 0.5
    shown = synapse("run", "show", "1", "--json", cwd=plugin).json()
    assert shown["envelope"]["params"] == {"dataset": None, "model": None, "epochs": 2, "name": "5"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{epochs: 5}", "line 1, column 2"),
        ("{'epochs': 5}", "line 1, column 2"),
        ('{"epochs": }', "line 1, column 12"),
        ("", "line 1, column 1"),
    ],
)
def test_params_that_are_not_json_are_told_with_the_position_and_a_quoting_that_works(
    synapse: Synapse, write_plugin: WritePlugin, text: str, place: str
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})

    answer = synapse("plugin", "run", "train", "--params", text, cwd=plugin)

    assert answer.returncode == 2, answer
    assert answer.stderr.startswith("error: --params is not JSON: ")
    assert place in answer.stderr
    assert """--params '{"epochs": 5}'""" in answer.stderr


def test_the_quoting_that_the_hint_shows_does_work(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN, "params.json": '{"epochs": 4}'})

    quoted = synapse("plugin", "run", "train", "--params", '{"epochs": 5}', "--json", cwd=plugin)
    file = synapse("plugin", "run", "train", "--params", "@params.json", "--json", cwd=plugin)

    assert quoted.json()["result"]["final_loss"] == 1 / 5
    assert file.json()["result"]["final_loss"] == 1 / 4


def test_a_mistake_in_a_params_file_names_the_file(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN, "params.json": '{\n "epochs": 5,\n}'})

    answer = synapse("plugin", "run", "train", "--params", "@params.json", cwd=plugin)

    assert answer.returncode == 2, answer
    assert f"{plugin / 'params.json'} is not JSON: " in answer.stderr
    assert "line 3, column 1" in answer.stderr


# --- a plugin module that fails to import


def test_a_module_that_fails_to_import_shows_the_author_s_traceback_and_no_frame_of_ours(
    synapse: Synapse, write_plugin: WritePlugin
):
    sources = {
        "plugin/train.py": "from plugin.layers import depth\n" + TRAIN,
        "plugin/layers.py": "sizes = {}\ndepth = sizes['deep']\n",
    }
    plugin = write_plugin(DEMO_CONFIG, sources)

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 1, answer
    frames = [line.strip() for line in answer.stderr.splitlines() if line.lstrip().startswith('File "')]
    assert [frame.partition(",")[0] for frame in frames] == [
        f'File "{plugin / "plugin/train.py"}"',
        f'File "{plugin / "plugin/layers.py"}"',
    ]
    assert "KeyError: 'deep'" in answer.stderr
    assert "error: plugin.train:Action can not be imported" in answer.stderr
    assert not (plugin / ".synapse").exists()


def test_a_module_that_is_not_python_is_told_with_file_line_and_caret(
    synapse: Synapse, write_plugin: WritePlugin
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": "class Action(:\n    pass\n"})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 1, answer
    assert f'File "{plugin / "plugin/train.py"}", line 1' in answer.stderr
    assert "^" in answer.stderr
    assert has_no_frame_of_ours(answer), answer


def test_a_missing_module_names_requirements_txt(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": "import ultralytics_is_not_here.nn\n" + TRAIN})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 1, answer
    assert "error: ModuleNotFoundError: " in answer.stderr
    assert "'ultralytics_is_not_here', which is not installed" in answer.stderr
    assert "pip install -r requirements.txt" in answer.stderr
    assert f'File "{plugin / "plugin/train.py"}", line 1' in answer.stderr
    assert has_no_frame_of_ours(answer), answer


def test_a_module_that_exits_while_it_is_imported_does_not_end_the_command_unheard(
    synapse: Synapse, write_plugin: WritePlugin
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": "import sys\nsys.exit(0)\n"})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 1, answer
    assert "can not be imported: SystemExit" in answer.stderr
    assert f'File "{plugin / "plugin/train.py"}", line 2' in answer.stderr


# --- an action that goes wrong


def test_an_action_that_raises_has_failed_with_its_own_traceback(synapse: Synapse, write_plugin: WritePlugin):
    source = action_source(
        "return step_one()",
        before="""
            def step_one():
                raise ValueError("the learning rate is negative")
        """,
    )
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 1, answer
    assert answer.stderr.count("Traceback") == 1
    assert "in execute" in answer.stderr
    assert "in step_one" in answer.stderr
    assert has_no_frame_of_ours(answer), answer
    assert "error: Action execution failed: ValueError: the learning rate is negative" in answer.stderr
    outcome = read_outcome(plugin)
    assert (outcome["state"], outcome["result"]) == ("FAILED", None)
    assert outcome["reason"] == "Action execution failed: ValueError: the learning rate is negative"


@pytest.mark.parametrize(
    ("call", "code"), [("sys.exit(7)", "7"), ("sys.exit(0)", "0"), ("sys.exit()", "None")]
)
def test_an_action_that_calls_sys_exit_has_failed_with_the_code_named(
    synapse: Synapse, write_plugin: WritePlugin, call: str, code: str
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": action_source(call)})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 1, answer
    assert f"the action called sys.exit({code})" in answer.stderr
    assert read_outcome(plugin)["state"] == "FAILED"


def test_ctrl_c_stops_an_action_at_once_and_the_record_says_so(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": WAIT})
    process = synapse.start("plugin", "run", "train", cwd=plugin)
    wait_for_output(process, "begun")

    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=30)

    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "Stopped in" in stderr
    outcome = read_outcome(plugin)
    assert (outcome["state"], outcome["cause"]) == ("STOPPED", "cancelled")
    assert synapse("run", "list", "--json", cwd=plugin).json()["runs"][0]["state"] == "STOPPED"


def test_ctrl_c_reaches_the_programs_that_an_action_started(synapse: Synapse, write_plugin: WritePlugin):
    source = action_source("""
        code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", code]).wait()
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    process = synapse.start("plugin", "run", "train", cwd=plugin)
    child = int(wait_for_output(process, "\n"))

    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)

    assert process.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_ctrl_c_while_the_plugin_is_imported_records_no_run(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(
        DEMO_CONFIG,
        {"plugin/train.py": "import time\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.2)\n"},
    )
    process = synapse.start("plugin", "run", "train", cwd=plugin)
    wait_for_output(process, "begun")

    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=30)

    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "Interrupted" in stderr
    assert synapse("run", "list", "--json", cwd=plugin).json()["runs"] == []


def test_a_result_that_can_not_be_written_is_told_with_the_path_to_the_value(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source("return {'history': [{'loss': 0.5}, {'loss': object()}]}")
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 1, answer
    assert "result.history[1].loss" in answer.stderr
    assert "can not be written as JSON" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert read_outcome(plugin)["state"] == "FAILED"


def test_an_error_of_the_sdk_inside_an_action_shows_the_author_s_line_and_none_of_ours(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source("return self.create_model('/nowhere/best.pt')")
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 1, answer
    frames = [line.strip() for line in answer.stderr.splitlines() if line.lstrip().startswith('File "')]
    assert [frame.partition(",")[0] for frame in frames] == [f'File "{plugin / "plugin/train.py"}"']
    assert any(
        "/nowhere/best.pt" in line for line in answer.stderr.splitlines() if line.startswith("error: ")
    )


def test_a_thread_that_outlives_its_action_does_not_hold_the_command(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\nreturn {'a': 1}"
    )
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", "--json", cwd=plugin)

    assert answer.returncode == 0, answer
    assert answer.json()["result"] == {"a": 1}
    assert "did not end within 10 s" in answer.stderr


def test_an_action_that_takes_the_streams_away_is_told_of_all_the_same(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source("import sys\nsys.stdout = sys.stderr = None\nreturn {'a': 1}")
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 0, answer
    assert "Succeeded" in answer.stderr


ODD_ENDINGS = {
    "an exception outside Exception": "raise GeneratorExit",
    "a group with an interruption in it": "raise BaseExceptionGroup('g', [ValueError(1), GeneratorExit()])",
    "an exception that can not be told": (
        "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd"
    ),
    "a result nested too deeply": "deep = {}\nfor _ in range(5000):\n    deep = {'d': deep}\nreturn deep",
    "a name that is not UTF-8": "open('no-such-\\udcff-file')",
    "a result that is not UTF-8": "return {'path': 'caf\\udce9.png'}",
    "a message that is not UTF-8": "self.ctx.log_message('caf\\udce9.png')\nraise ValueError(1)",
    "a result too large to write as text": "return {'a': 10 ** 5000}",
    "recursion without end": "return self.execute()",
}


@pytest.mark.parametrize(
    "body",
    [pytest.param(body, id=what) for what, body in ODD_ENDINGS.items()],
)
def test_whatever_ends_an_action_its_end_is_recorded_and_told(
    synapse: Synapse, write_plugin: WritePlugin, body: str
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": action_source(body)})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode in (0, 1), answer
    assert "synapse_sdk/cli" not in answer.stderr, answer
    assert "Exception in thread" not in answer.stderr, answer
    state = synapse("run", "list", "--json", cwd=plugin).json()["runs"][0]
    assert state["state"] == ("SUCCEEDED" if answer.returncode == 0 else "FAILED")
    assert "lost" not in (state["reason"] or "")


# --- two plugins that both say `plugin`

TWO_PLUGINS = """
import sys, threading
from pathlib import Path
from synapse_sdk.plugins.runner import run_plugin

def attempt(folder):
    try:
        return run_plugin(Path(folder), "who", sinks=[])
    except Exception as error:
        return f"{type(error).__name__}: {error}"

folders = sys.argv[2:]
if sys.argv[1] == "threads":
    answers = [None] * len(folders)
    def work(at):
        answers[at] = attempt(folders[at])
    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(folders))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
else:
    answers = [attempt(folder) for folder in folders]
for answer in answers:
    print(answer)
"""


@pytest.mark.parametrize("way", ["one after the other", "threads"])
@pytest.mark.parametrize("imports", ["at the top", "inside execute"])
def test_two_plugins_of_one_package_name_never_run_each_other_s_code(
    synapse: Synapse, write_plugin: WritePlugin, way: str, imports: str
):
    top = "from plugin.name import NAME\n" if imports == "at the top" else ""
    inner = "from plugin.name import NAME\n" if imports == "inside execute" else ""
    source = top + action_source(inner + "return NAME")
    folders = [
        write_plugin(
            config_of({"who": "plugin.train:Action"}, header=HEADER.replace("demo", name)),
            {"plugin/train.py": source, "plugin/name.py": f"NAME = {name!r}\n"},
            folder=name,
        )
        for name in ("first", "second", "first-again")
    ]
    argv = [sys.executable, "-P", "-c", TWO_PLUGINS, way, *map(str, [folders[0], folders[1], folders[0]])]

    answer = run_to_end(argv, cwd=synapse.cwd, env=synapse.env())

    assert answer.returncode == 0, answer
    names = ["first", "second", "first"]
    for said, name in zip(answer.stdout.splitlines(), names, strict=True):
        if said != name:
            assert said.startswith("ModuleNameTakenError: The module name 'plugin"), answer
            assert str(folders[0]) in said
            assert str(folders[1]) in said
    assert any(said == name for said, name in zip(answer.stdout.splitlines(), names, strict=True)), answer


def test_a_process_per_plugin_is_the_way_on_that_the_refusal_names(
    synapse: Synapse, write_plugin: WritePlugin
):
    for name in ("first", "second"):
        plugin = write_plugin(
            config_of({"who": "plugin.train:Action"}),
            {"plugin/train.py": action_source(f"return {name!r}")},
            folder=name,
        )

        assert synapse("plugin", "run", "who", "--path", plugin).stdout.strip() == name
